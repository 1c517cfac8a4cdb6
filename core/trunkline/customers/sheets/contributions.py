"""What data sheets contribute to the trunk."""

from trunkline.customers.sheets import pages
from trunkline.i18n import gettext as _
from trunkline.plugin import Permission, Sensitive

PERMISSIONS = (
    Permission(
        pages.VIEW,
        _("Print a customer's data sheet"),
        ("supervisor", "customer_care", "care_reader", "accountant", "dealer", "auditor"),
    ),
)
SENSITIVE = (Sensitive("core.customer_sheet", _("A customer's data sheet")),)
PAGES = (pages.pages,)
