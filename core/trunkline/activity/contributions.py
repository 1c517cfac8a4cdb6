"""What the activity log contributes to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.activity import queries
from trunkline.activity.nightly import NIGHTLY, VERIFY, health_checks
from trunkline.activity.pages import pages
from trunkline.activity.sealing import SEALING
from trunkline.activity.tables import activity_table
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.plugin import MenuItem, Permission

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

PERMISSIONS = [
    Permission("core.activity.list", _("See the activity log"), ("supervisor", "auditor")),
    Permission("core.activity.export", _("Export the activity log"), ("auditor",)),
    Permission("core.activity.archive", _("Remove exported activity (from the command line only)")),
]
MENU = [MenuItem(_("Activity"), "/activity", "history", "core.activity.list", "Administration", 80)]
LISTS = (ListOf("activity", "/activity", "core.activity.list", activity_table, queries.entries),)
PAGES = [pages]
SCHEDULED = [SEALING, NIGHTLY]
STEP_KINDS = [VERIFY]
HEALTH = [health_checks]


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.activity.rest import rest

    return [rest]
