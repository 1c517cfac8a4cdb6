"""The start page of staff."""

from trunkline.home.pages import pages
from trunkline.i18n import gettext as _
from trunkline.plugin import MenuItem, Permission

STAFF_ROLES = (
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

PERMISSIONS = [Permission("core.home.view", _("Open the console"), STAFF_ROLES)]
MENU = [MenuItem(_("Home"), "/", "home", "core.home.view", order=0, key="h")]
PAGES = [pages]
