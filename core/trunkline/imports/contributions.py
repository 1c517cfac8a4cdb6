"""What imports declare to the trunk."""

from trunkline.i18n import gettext as _
from trunkline.imports.operations import CLEANING, READ_FILE
from trunkline.imports.pages import pages
from trunkline.plugin import MenuItem, Permission

PERMISSIONS = (
    Permission(
        "core.import.use", _("Import files"), ("supervisor", "accountant", "warehouse", "product_manager")
    ),
)
MENU = (MenuItem(_("Import"), "/imports", "upload", "core.import.use", "Administration", order=40),)
STEP_KINDS = (READ_FILE,)
SCHEDULED = (CLEANING,)
PAGES = (pages,)
