"""What the search declares to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.plugin import Command, Permission
from trunkline.search import store
from trunkline.search.pages import pages

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_EVERYBODY = (
    "supervisor",
    "customer_care",
    "care_reader",
    "cashier",
    "accountant",
    "provisioning_engineer",
    "field_technician",
    "product_manager",
    "warehouse",
    "dealer",
    "pbx_administrator",
    "duty_officer",
    "auditor",
)

PERMISSIONS = (Permission("core.search.use", _("Search"), _EVERYBODY),)

COMMANDS = (
    Command(_("Import a file"), "/imports", "upload", "core.import.use", words=_("upload CSV"), order=80),
)
HEALTH = store.HEALTH
PAGES = (pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.search.rest import rest

    return [rest]
