"""What emergency access contributes to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.access.break_glass import pages, queries
from trunkline.access.break_glass.tables import BREAK_GLASS
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.plugin import MenuItem, Permission, Slot

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (
    Permission(
        "core.break_glass.list", _("See who took every permission in an emergency"), ("supervisor", "auditor")
    ),
    Permission("core.break_glass.use", _("Take every permission in an emergency"), ("duty_officer",)),
    Permission("core.break_glass.disable", _("End somebody's emergency access"), ("supervisor",)),
)
MENU = (
    MenuItem(
        _("Emergency access"), "/break-glass", "urgent", "core.break_glass.list", "Administration", order=75
    ),
)
LISTS = (
    ListOf(
        "break_glass", "/break-glass", "core.break_glass.list", lambda ctx: BREAK_GLASS, queries.list_accesses
    ),
)
PAGES = (pages.pages,)
SLOTS = (
    Slot("page.banner", "break_glass", pages.banner, "core.break_glass.use", _("Emergency access"), order=1),
    Slot(
        "home.queues",
        "break_glass",
        pages.taken_lately,
        "core.break_glass.list",
        _("Emergency access"),
        order=11,
    ),
    Slot("profile.sections", "break_glass", pages.account_entry, "core.break_glass.use", order=900),
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.access.break_glass.rest import rest

    return [rest]
