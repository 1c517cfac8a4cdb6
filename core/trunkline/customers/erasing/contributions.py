"""What erasing customers contributes to the trunk."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.customers.erasing import pages
from trunkline.customers.erasing.events import CustomerErased
from trunkline.customers.erasing.operations import look_again
from trunkline.customers.erasing.own_rows import ERASE
from trunkline.i18n import gettext as _
from trunkline.plugin import Permission, ScheduledTask, Slot

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (Permission(ERASE, _("Erase a customer’s personal data for ever"), ("supervisor",)),)
EVENTS = (CustomerErased,)
SLOTS = (Slot("customer.alerts", "erased", pages.alert, "core.customer.view", _("Erased"), order=1),)
SCHEDULED = (
    ScheduledTask(
        "core.customer_erasures", look_again, timedelta(days=1), _("Look again at erased customers")
    ),
)
PAGES = (pages.pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.customers.erasing.rest import rest

    return [rest]
