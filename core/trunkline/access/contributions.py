"""What roles contribute to the trunk: permissions, menu, pages and REST."""

from trunkline.access import pages, rest
from trunkline.i18n import gettext
from trunkline.plugin import MenuItem, Permission

_ = gettext

PERMISSIONS = [
    Permission("core.role.list", _("List roles"), ("supervisor", "auditor")),
    Permission("core.role.view", _("See what a role grants"), ("supervisor", "auditor")),
    Permission("core.role.create", _("Make roles")),
    Permission("core.role.edit", _("Change what roles grant")),
    Permission("core.role.delete", _("Remove roles")),
]
MENU = [MenuItem(_("Roles"), "/roles", "shield", "core.role.list", "Administration", 20)]
PAGES = [pages.pages]
REST = [rest.roles]
