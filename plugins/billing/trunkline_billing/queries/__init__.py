"""What billing can be asked."""

from trunkline_billing.documents import invoice_pdf
from trunkline_billing.queries.accounts import (
    account,
    account_by_id,
    account_select,
    accounts_of,
    balance,
    charge_select,
    entry_select,
    subscriptions_of,
    trial_balance,
    unbilled,
)
from trunkline_billing.queries.invoices import (
    invoice,
    invoice_select,
    invoices_of,
    open_invoices_of,
    payment,
    payment_select,
    payments_of,
    preview,
    runs,
    tax_schemes,
)
from trunkline_billing.queries.tariffs import compiled, rate_select, tariff, tariff_names, tariffs
from trunkline_billing.queries.usage import allowances_of, allowances_of_many, usage_of, usage_select, used_in

__all__ = [
    "account",
    "account_by_id",
    "account_select",
    "accounts_of",
    "allowances_of",
    "allowances_of_many",
    "balance",
    "charge_select",
    "compiled",
    "entry_select",
    "invoice",
    "invoice_pdf",
    "invoice_select",
    "invoices_of",
    "open_invoices_of",
    "payment",
    "payment_select",
    "payments_of",
    "preview",
    "rate_select",
    "runs",
    "subscriptions_of",
    "tariff",
    "tariff_names",
    "tariffs",
    "tax_schemes",
    "trial_balance",
    "unbilled",
    "usage_of",
    "usage_select",
    "used_in",
]
