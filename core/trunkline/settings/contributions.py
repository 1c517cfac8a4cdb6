"""What settings contribute to the trunk: permissions, menu, pages and REST."""

from trunkline.i18n import gettext
from trunkline.plugin import MenuItem, Permission
from trunkline.settings import pages, rest

_ = gettext

PERMISSIONS = [
    Permission("core.settings.view", _("See settings"), ("supervisor", "auditor")),
    Permission("core.settings.edit", _("Change settings")),
]
MENU = [MenuItem(_("Settings"), "/settings", "settings", "core.settings.view", "Administration", 90)]
PAGES = [pages.pages]
REST = [rest.settings]
