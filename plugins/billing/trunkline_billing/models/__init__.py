"""Tables of billing: accounts and ledger, tariffs, usage, invoices, payments."""

from trunkline.db.numbers import register
from trunkline_billing.models.accounts import Account, Charge, ChargingAccount, Entry, Posting, Subscription
from trunkline_billing.models.invoices import (
    BillingRun,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    InvoiceTax,
    TaxRate,
    TaxScheme,
)
from trunkline_billing.models.payments import Allocation, Payment
from trunkline_billing.models.tariffs import Rate, Tariff
from trunkline_billing.models.usage import Allowance, Usage, UsageBatch, UsageKey

register("account", "A")
register("invoice", "F", 8)
register("payment", "R")

__all__ = [
    "Account",
    "Allocation",
    "Allowance",
    "BillingRun",
    "Charge",
    "ChargingAccount",
    "Entry",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "InvoiceTax",
    "Payment",
    "Posting",
    "Rate",
    "Subscription",
    "Tariff",
    "TaxRate",
    "TaxScheme",
    "Usage",
    "UsageBatch",
    "UsageKey",
]
