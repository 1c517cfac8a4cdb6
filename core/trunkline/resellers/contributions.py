"""What resellers declare to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.plugin import MenuItem, Permission
from trunkline.resellers import queries
from trunkline.resellers.events import EVENTS as EVENTS
from trunkline.resellers.pages import pages
from trunkline.resellers.row_actions import ROW_ACTIONS as ROW_ACTIONS
from trunkline.resellers.search import RESELLER
from trunkline.resellers.tables import RESELLERS

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_LEADS = ("supervisor",)
PERMISSIONS = (
    Permission("core.reseller.list", _("List resellers"), (*_LEADS, "auditor")),
    Permission("core.reseller.view", _("See a reseller, its customers and people"), (*_LEADS, "auditor")),
    Permission("core.reseller.create", _("Add resellers"), _LEADS),
    Permission("core.reseller.edit", _("Change resellers"), _LEADS),
    Permission("core.reseller.archive", _("Archive resellers and bring them back"), _LEADS),
    Permission("core.reseller.assign", _("Give customers to a reseller, or take them back"), _LEADS),
)
SEARCH_KINDS = (RESELLER,)
LISTS = (
    ListOf("resellers", "/resellers", "core.reseller.list", lambda ctx: RESELLERS, queries.list_resellers),
)
MENU = (
    MenuItem(
        _("Resellers"), "/resellers", "building-store", "core.reseller.list", "Administration", order=65
    ),
)
PAGES = (pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.resellers.rest import resellers

    return [resellers]
