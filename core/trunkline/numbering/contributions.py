"""What numbering declares to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.numbering.events import EVENTS as EVENTS
from trunkline.numbering.pages import pages
from trunkline.plugin import Command, Permission
from trunkline.settings.entries import entry

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (Permission("core.numbering.edit", _("Change what numbers look like")),)
PAGES = (pages,)
COMMANDS = (
    Command(
        _("Numbering"),
        "/settings/numbering",
        "tags",
        "core.settings.view",
        words=_("prefix, format and next number of invoices, orders, customers"),
    ),
)
SLOTS = (
    entry(
        _("Numbering"),
        "/settings/numbering",
        _("What numbers of customers, orders, invoices and the like look like"),
        "core.settings.view",
        icon="tags",
        order=10,
    ),
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.numbering.rest import rest

    return [rest]
