"""Tables of billing: accounts and ledger, tariffs, usage, invoices, payments."""

from trunkline.db.numbers import register
from trunkline.i18n import gettext as _
from trunkline_billing.models.accounts import (
    BillingAccount,
    BillingCharge,
    BillingChargingAccount,
    BillingEntry,
    BillingPosting,
    BillingProductChange,
    BillingSubscription,
)
from trunkline_billing.models.invoices import (
    BillingInvoice,
    BillingInvoiceDocument,
    BillingInvoiceLine,
    BillingInvoiceTax,
    BillingRun,
    BillingTaxRate,
    BillingTaxScheme,
)
from trunkline_billing.models.payments import BillingAllocation, BillingPayment, BillingRefund
from trunkline_billing.models.tariffs import BillingRate, BillingTariff
from trunkline_billing.models.usage import BillingAllowance, BillingUsage, BillingUsageBatch, BillingUsageKey

register("account", "A", label=_("Accounts"), by_reseller=True)
register("invoice", "F", 8, label=_("Invoices"), gapless=True, by_reseller=True)
register("payment", "R", label=_("Payments"))
register("refund", "D", label=_("Refunds"))

__all__ = [
    "BillingAccount",
    "BillingAllocation",
    "BillingAllowance",
    "BillingCharge",
    "BillingChargingAccount",
    "BillingEntry",
    "BillingInvoice",
    "BillingInvoiceDocument",
    "BillingInvoiceLine",
    "BillingInvoiceTax",
    "BillingPayment",
    "BillingPosting",
    "BillingProductChange",
    "BillingRate",
    "BillingRefund",
    "BillingRun",
    "BillingSubscription",
    "BillingTariff",
    "BillingTaxRate",
    "BillingTaxScheme",
    "BillingUsage",
    "BillingUsageBatch",
    "BillingUsageKey",
]
