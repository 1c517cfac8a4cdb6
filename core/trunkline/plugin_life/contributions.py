"""What the life of plugins contributes to the trunk: permissions, menu and pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.plugin import Command, MenuItem, Permission
from trunkline.plugin_life.pages import pages
from trunkline.plugin_life.queries import broken

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (
    Permission(
        "core.plugin.view",
        _("See how the system and its plugins are"),
        ("supervisor", "duty_officer", "auditor"),
    ),
    Permission("core.plugin.configure", _("Retry event deliveries and purge plugins")),
)
MENU = (
    MenuItem(
        _("System"),
        "/system",
        "activity-heartbeat",
        "core.plugin.view",
        "Administration",
        order=95,
        badge=broken,
    ),
)
COMMANDS = (Command(_("Plugins"), "/system/plugins", "plug", "core.plugin.view", order=95),)
PAGES = (pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.plugin_life.rest import rest

    return [rest]
