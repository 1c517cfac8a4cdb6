"""What imports declare to the trunk."""

from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.imports.events import EVENTS as EVENTS
from trunkline.imports.operations import CLEANING, READ_FILE
from trunkline.imports.pages import pages
from trunkline.imports.search import SEARCH_LOOKUPS as SEARCH_LOOKUPS
from trunkline.plugin import MenuItem, Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (
    Permission(
        "core.import.use", _("Import files"), ("supervisor", "accountant", "warehouse", "product_manager")
    ),
)
MENU = (MenuItem(_("Import"), "/imports", "upload", "core.import.use", "Administration", order=40),)
STEP_KINDS = (READ_FILE,)
SCHEDULED = (CLEANING,)
PAGES = (pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.imports.rest import rest

    return (rest,)
