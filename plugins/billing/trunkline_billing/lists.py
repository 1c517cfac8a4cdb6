"""Billing's lists that have a page of their own."""

from trunkline.lists import ListOf
from trunkline_billing import queries
from trunkline_billing.run_list import RUNS
from trunkline_billing.tables import ACCOUNTS, ENTRIES, invoice_table, payment_table, refund_table
from trunkline_billing.tariff_list import TARIFFS

LISTS = (
    ListOf("invoices", "/billing/invoices", "billing.invoice.list", invoice_table, queries.invoice_select),
    ListOf(
        "payments",
        "/billing/payments",
        "billing.payment.list",
        lambda ctx: payment_table(),
        queries.payment_select,
    ),
    ListOf(
        "refunds",
        "/billing/refunds",
        "billing.refund.list",
        lambda ctx: refund_table(),
        queries.refund_select,
    ),
    ListOf(
        "accounts", "/billing/accounts", "billing.account.list", lambda ctx: ACCOUNTS, queries.account_select
    ),
    ListOf("entries", "/billing/ledger", "billing.ledger.view", lambda ctx: ENTRIES, queries.entry_select),
    ListOf("billing-runs", "/billing/runs", "billing.run.list", lambda ctx: RUNS, queries.run_select),
    ListOf("tariffs", "/billing/tariffs", "billing.tariff.list", lambda ctx: TARIFFS, queries.tariff_select),
)
