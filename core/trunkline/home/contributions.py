"""The start page of staff."""

from trunkline.home import pages
from trunkline.i18n import gettext as _
from trunkline.i18n import pgettext
from trunkline.plugin import MenuItem, Permission, Slot

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
MENU = [MenuItem(pgettext("page", "Home"), "/", "home", "core.home.view", order=0, key="h")]
PAGES = [pages.pages]
SLOTS = [
    Slot("home.queues", "approvals", pages.approvals_waiting, "core.approval.list", _("Approvals"), 10),
    Slot("home.queues", "emails", pages.mails_waiting, "core.email.list", _("E-mails"), 70),
    Slot("home.queues", "texts", pages.texts_waiting, "core.sms.list", _("Text messages"), 71),
]
