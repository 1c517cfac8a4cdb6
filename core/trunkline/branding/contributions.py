"""What brands declare to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.branding import queries
from trunkline.branding.events import EVENTS as EVENTS
from trunkline.branding.pages import pages
from trunkline.branding.search import BRAND
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.plugin import MenuItem, Permission
from trunkline.settings.entries import entry

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (
    Permission("core.brand.view", _("See brands"), ("supervisor", "product_manager", "auditor")),
    Permission("core.brand.edit", _("Make and change brands")),
)
SEARCH_KINDS = (BRAND,)
MENU = (MenuItem(_("Brands"), "/branding", "palette", "core.brand.view", "Administration", order=70),)
LISTS = (ListOf("brands", "/branding", "core.brand.view", queries.list_table, queries.list_brands),)
PAGES = (pages,)
SLOTS = (
    entry(
        _("Brands"),
        "/branding",
        _("Name, theme, colours, logos and sender, by host or reseller"),
        "core.brand.view",
        icon="palette",
        order=40,
    ),
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.branding.rest import brands

    return [brands]
