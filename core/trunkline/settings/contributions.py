"""What settings contribute to the trunk: permissions, menu, pages, a check of health and REST."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext
from trunkline.plugin import ConnectionCheck, MenuItem, Permission
from trunkline.settings import pages, pins, redis_check
from trunkline.settings.events import SettingsChanged
from trunkline.settings.search import SEARCH_LOOKUPS as SEARCH_LOOKUPS

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_ = gettext

PERMISSIONS = [
    Permission("core.settings.view", _("See settings"), ("supervisor", "auditor")),
    Permission("core.settings.edit", _("Change settings")),
]
EVENTS = [SettingsChanged]
MENU = [MenuItem(_("Settings"), "/settings", "settings", "core.settings.view", "Administration", 90)]
PAGES = [pages.pages]
HEALTH = [pins.health_checks]
CONNECTIONS = [ConnectionCheck("redis", _("Redis"), redis_check.check)]


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.settings.rest import settings

    return [settings]
