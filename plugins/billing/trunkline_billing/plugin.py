"""Billing: accounts and ledger, rating, charges, invoices and payments."""

from trunkline.i18n import gettext as _
from trunkline.plugin import Plugin
from trunkline_billing.events import EVENTS
from trunkline_billing.permissions import PERMISSIONS
from trunkline_billing.settings import BillingSettings

plugin = Plugin(
    name="billing",
    label=_("Billing"),
    requires=("catalog",),
    settings=BillingSettings,
    permissions=PERMISSIONS,
    events=EVENTS,
    models="trunkline_billing.models",
    summary=_("Accounts, rating, charges, invoices and payments."),
)
