"""What the life of plugins contributes to the trunk: permissions, menu and pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.plugin import Command, MenuItem, Permission, Slot
from trunkline.plugin_life.events import EVENTS as EVENTS
from trunkline.plugin_life.faults import failing
from trunkline.plugin_life.pages import pages
from trunkline.plugin_life.queries import broken, parked_deliveries
from trunkline.web.pages import Page

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes


def _failed(page: Page, subject: object) -> str | None:
    label = _("Plugins and scripts that failed")
    return waiting(page, label, len(failing(page.ctx)), "/system/plugins", "plug", bad=True)


def _parked(page: Page, subject: object) -> str | None:
    label = _("Events that a plugin did not take")
    return waiting(page, label, parked_deliveries(page.ctx), "/system", "activity-heartbeat", bad=True)


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
SLOTS = (
    Slot("home.queues", "faults", _failed, "core.plugin.view", _("Plugins that failed"), order=80),
    Slot("home.queues", "deliveries", _parked, "core.plugin.view", _("Event deliveries"), order=81),
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.plugin_life.rest import rest

    return [rest]
