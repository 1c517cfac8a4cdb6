"""What the life of plugins contributes to the trunk: permissions, menu and pages."""

from trunkline.i18n import gettext as _
from trunkline.plugin import MenuItem, Permission
from trunkline.plugin_life.pages import pages
from trunkline.plugin_life.queries import broken

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
PAGES = (pages,)
