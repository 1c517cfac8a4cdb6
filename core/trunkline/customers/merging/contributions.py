"""What merging customers contributes to the trunk."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.customers.merging import nightly, pages, queries
from trunkline.customers.merging.events import CustomerDuplicateDismissed, CustomerMerged, CustomerMergeUndone
from trunkline.customers.merging.tables import DUPLICATES
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.plugin import Command, Permission, ScheduledTask, Slot

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_MERGE = "core.customer.merge"

PERMISSIONS = (Permission(_MERGE, _("Merge customers who are one, and undo it"), ("supervisor",)),)
EVENTS = (CustomerMerged, CustomerMergeUndone, CustomerDuplicateDismissed)
COMMANDS = (
    Command(
        _("Duplicate customers"), "/customers/duplicates", "users", _MERGE, words=_("merge double"), order=40
    ),
)
LISTS = (
    ListOf(
        "customer_duplicates",
        "/customers/duplicates",
        _MERGE,
        lambda ctx: DUPLICATES,
        queries.list_duplicates,
    ),
)
SLOTS = (Slot("customer.alerts", "duplicates", pages.alert, _MERGE, _("Duplicates"), order=10),)
SCHEDULED = (
    ScheduledTask(
        "core.customer_duplicates", nightly.start, timedelta(days=1), _("Look for duplicate customers")
    ),
)
STEP_KINDS = (nightly.COMPARE,)
PAGES = (pages.pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.customers.merging.rest import pairs, rest

    return [rest, pairs]
