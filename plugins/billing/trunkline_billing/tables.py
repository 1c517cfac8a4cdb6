"""Billing's lists, as data."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select
from sqlmodel import col

from trunkline.i18n import format_money, pgettext
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.stretches import one_of_many
from trunkline.web.table_search import begins_with
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table
from trunkline_billing.models.accounts import BillingAccount, BillingEntry
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.models.payments import BillingPayment, BillingRefund
from trunkline_billing.queries.accounts import is_overdue
from trunkline_billing.queries.invoices import recent_months
from trunkline_billing.queries.usage import usage_of_services
from trunkline_billing.words import (
    CHARGE_KINDS,
    ENTRY_KINDS,
    METHODS,
    PAYMENT_STATES,
    REFUND_METHODS,
    REFUND_STATES,
    USAGE_TYPES,
    charge_text,
    quantity_text,
)

_WHO = Column(
    "customer_name", _("Customer"), href="/customers/{customer_number}/billing", sub="customer_number"
)


def _of_account(key: Any) -> Callable[[str], ColumnElement[bool]]:
    """Rows whose account's number begins with what is typed."""

    def find(query: str) -> ColumnElement[bool]:
        accounts = select(col(BillingAccount.id)).where(begins_with(col(BillingAccount.number), query))
        found: ColumnElement[bool] = key.in_(accounts)
        return found

    return find


def invoice_table(ctx: Context, *, of_customer: bool = False) -> Table:
    """Invoices, newest first; those of one customer without the customer's name."""
    columns = [
        Column("number", _("Invoice"), Kind.MONO, sort=True, href="/billing/invoices/{number}"),
        _WHO,
        Column("period", _("Month"), Kind.MONTH, sort=True, priority=3),
        Column("issued_on", _("Issued"), Kind.DATE, sort=True, priority=3),
        Column("due_date", _("Due"), Kind.DATE, sort=True, priority=2),
        Column("status", _("Status"), Kind.STATUS, labels={"void": _("Void")}),
        Column("due", _("To pay"), Kind.MONEY, priority=2),
        Column("total", _("Total"), Kind.MONEY, sort=True),
    ]
    state = col(BillingInvoice.state)
    return Table(
        name="invoices",
        label=_("Invoices"),
        columns=[column for column in columns if not (of_customer and column is _WHO)],
        tabs=()
        if of_customer
        else (
            Tab("", _("All")),
            Tab("open", _("Open"), state == InvoiceState.OPEN, count=True),
            Tab("overdue", _("Overdue"), is_overdue(ctx), count=True, tone="bad"),
            Tab("paid", _("Paid"), state == InvoiceState.PAID),
            Tab("void", _("Void"), state == InvoiceState.VOID),
        ),
        filters=()
        if of_customer
        else (
            Filter("period", _("Month"), recent_months(ctx), "text"),
            Filter("issued_on", _("Issued"), kind="dates"),
            Filter("due_date", _("Due"), kind="dates"),
            Filter("total", _("Total"), kind="money"),
        ),
        starts=() if of_customer else ("number",),
        found=() if of_customer else (("customer", col(BillingInvoice.customer_id)),),
        finds=() if of_customer else (_of_account(col(BillingInvoice.account_id)),),
        search_label=_("Invoice, customer or account"),
        row_href="/billing/invoices/{number}",
        empty=Empty(
            _("No invoices yet"),
            _("They appear after the first billing run, or when one account is invoiced."),
            "file-invoice",
        ),
        limit=25 if of_customer else 50,
        export=not of_customer,
    )


def payment_table(*, of_customer: bool = False) -> Table:
    """Payments, newest first."""
    columns = [
        Column("number", _("Payment"), Kind.MONO, sort=True, href="/billing/payments/{number}"),
        _WHO,
        Column("received_at", _("Received"), Kind.DATETIME, sort=True),
        Column("method", _("Method"), labels=dict(METHODS), priority=2),
        Column("desk", _("Cash desk"), priority=3),
        Column("taken_by", _("Taken by"), priority=3),
        Column("state", _("State"), Kind.STATUS, labels=dict(PAYMENT_STATES)),
        Column("amount", _("Amount"), Kind.MONEY, sort=True),
    ]
    return Table(
        name="payments",
        label=_("Payments"),
        columns=[column for column in columns if not (of_customer and column is _WHO)],
        filters=()
        if of_customer
        else (
            Filter("method", _("Method"), METHODS),
            Filter("state", _("State"), PAYMENT_STATES),
            Filter("received_at", _("Received"), kind="dates"),
            Filter("amount", _("Amount"), kind="money"),
        ),
        starts=() if of_customer else ("number", "reference"),
        found=() if of_customer else (("customer", col(BillingPayment.customer_id)),),
        finds=() if of_customer else (_of_account(col(BillingPayment.account_id)),),
        search_label=_("Payment, reference, customer or account"),
        row_href="/billing/payments/{number}",
        empty=Empty(_("No payments yet"), _("Money taken at a cash desk appears here."), "cash"),
        limit=25 if of_customer else 50,
        export=not of_customer,
    )


def refund_table(*, of_customer: bool = False) -> Table:
    """Refunds, newest first."""
    columns = [
        Column("number", _("Refund"), Kind.MONO, sort=True, href="/billing/refunds/{number}"),
        _WHO,
        Column("made_at", _("Given back"), Kind.DATETIME, sort=True, priority=2),
        Column(
            "payment_number", _("Payment"), Kind.MONO, href="/billing/payments/{payment_number}", priority=2
        ),
        Column("method", _("Method"), labels=dict(REFUND_METHODS), priority=3),
        Column("made_by", _("Refunded by"), priority=3),
        Column("state", _("State"), Kind.STATUS, labels=dict(REFUND_STATES)),
        Column("amount", _("Amount"), Kind.MONEY, sort=True),
    ]
    return Table(
        name="refunds",
        label=_("Refunds"),
        columns=[column for column in columns if not (of_customer and column is _WHO)],
        filters=()
        if of_customer
        else (
            Filter("state", _("State"), REFUND_STATES),
            Filter("method", _("Method"), REFUND_METHODS),
            Filter("made_at", _("Given back"), kind="dates"),
            Filter("amount", _("Amount"), kind="money"),
        ),
        starts=() if of_customer else ("number", "reference"),
        found=() if of_customer else (("customer", col(BillingRefund.customer_id)),),
        finds=() if of_customer else (_of_account(col(BillingRefund.account_id)),),
        search_label=_("Refund, reference, customer or account"),
        row_href="/billing/refunds/{number}",
        empty=Empty(
            _("No refunds yet"),
            _("A payment’s page has Refund, for money that pays no invoice."),
            "receipt-refund",
        ),
        limit=25 if of_customer else 50,
        export=not of_customer,
    )


ACCOUNTS = Table(
    name="accounts",
    label=_("Accounts"),
    columns=(
        Column("number", _("Account"), Kind.MONO, sort=True, href="/customers/{customer_number}/billing"),
        _WHO,
        Column("kind", _("Kind"), labels={"postpaid": _("Postpaid"), "prepaid": _("Prepaid")}, priority=2),
        Column("state", _("State"), Kind.STATUS, priority=3),
        Column("balance", _("Balance"), Kind.MONEY),
    ),
    filters=(Filter("kind", _("Kind"), (("postpaid", _("Postpaid")), ("prepaid", _("Prepaid")))),),
    starts=("number",),
    found=(("customer", col(BillingAccount.customer_id)),),
    search_label=_("Account or customer"),
    empty=Empty(_("No accounts yet"), _("Every customer gets one when registered."), "report-money"),
)

CHARGES = Table(
    name="charges",
    label=_("Charges"),
    columns=(
        Column(
            "description",
            _("Charge"),
            sub="service_number",
            value=lambda row: charge_text(row["kind"], row["usage_type"], row["description"]),
        ),
        Column("kind", _("Kind"), labels=dict(CHARGE_KINDS), priority=2),
        Column("first_day", pgettext("range", "From"), Kind.DATE, priority=3),
        Column("last_day", pgettext("range", "To"), Kind.DATE, priority=3),
        Column(
            "state",
            _("State"),
            Kind.STATUS,
            labels={"invoiced": _("Invoiced"), "void": _("Taken back"), "open": _("Not invoiced")},
            priority=2,
        ),
        Column("invoice_number", _("Invoice"), Kind.MONO, href=lambda row: _invoice_of(row), priority=2),
        Column("amount", _("Amount"), Kind.MONEY),
    ),
    filters=(Filter("kind", _("Kind"), CHARGE_KINDS),),
    empty=Empty(
        _("No charges yet"), _("They appear when a service starts and when usage comes in."), "receipt"
    ),
    limit=25,
)


def _invoice_of(row: RowMapping) -> str | None:
    return f"/billing/invoices/{row['invoice_number']}" if row["invoice_number"] else None


def usage_table(services: list[tuple[str, str]]) -> Table:
    """Rated uses, newest first; `services` are (key, name) of those to filter by."""
    return Table(
        name="usage",
        label=_("Usage"),
        columns=(
            Column("start", _("When"), Kind.DATETIME, sort=True),
            Column("type", _("Type"), labels=dict(USAGE_TYPES)),
            Column("direction", _("Direction"), labels={"out": _("Out"), "in": _("In")}, priority=3),
            Column("identifier", _("Identifier"), Kind.PHONE, priority=3),
            Column("other", _("To or from"), Kind.PHONE, priority=2),
            Column("destination", _("Destination"), priority=2),
            Column(
                "quantity",
                _("Quantity"),
                align="end",
                value=lambda row: quantity_text(row["type"], row["quantity"]),
            ),
            Column(
                "included",
                _("Included"),
                align="end",
                priority=2,
                value=lambda row: quantity_text(row["type"], row["included"]) if row["included"] else None,
            ),
            Column("cost", _("Cost"), Kind.MONEY),
        ),
        filters=(
            Filter("type", _("Type"), USAGE_TYPES),
            *(
                (one_of_many("service_id", _("Service"), services, usage_of_services),)
                if len(services) > 1
                else ()
            ),
            Filter("start", _("Day"), kind="dates"),
        ),
        sort="-start",
        empty=Empty(_("No usage yet"), _("It appears when a usage file is imported."), "chart-bar"),
    )


def rate_table(currency: str) -> Table:
    """Rates of one tariff by prefix."""
    return Table(
        name="rates",
        label=_("Rates"),
        columns=(
            Column("prefix", _("Prefix"), Kind.MONO, sort=True, value=lambda row: row["prefix"] or "*"),
            Column("destination", _("Destination")),
            Column("type", _("Type"), labels=dict(USAGE_TYPES), priority=2),
            Column("rate", _("Rate"), align="end", value=lambda row: rate_text(row, currency)),
            Column(
                "connect",
                _("Connect fee"),
                align="end",
                priority=2,
                value=lambda row: connect_text(row, currency),
            ),
            Column("increment", _("Step"), Kind.NUMBER, priority=2),
            Column("interval_start", _("From quantity"), Kind.NUMBER, priority=3),
            Column("effective_from", _("Since"), Kind.DATE, priority=3),
        ),
        filters=(Filter("type", _("Type"), USAGE_TYPES),),
        search=("prefix", "destination"),
        search_label=_("Prefix or destination"),
        sort="prefix",
        empty=Empty(_("No rates"), _("Import a file with prefixes and prices."), "table"),
    )


def nanos_text(nanos: int, currency: str) -> str:
    """An amount of nano-units with every digit that counts."""
    if nanos % 1000:
        return f"{nanos / 1_000_000_000:.9f} {currency}"
    return format_money(nanos // 1000, currency, exact=True)


def rate_text(row: RowMapping, currency: str) -> str:
    """The price and what it is for, such as R$ 0,12 / 60 s."""
    unit = row["rate_unit"]
    kind = row["type"]
    per = quantity_text("data", unit) if kind == "data" else f"{unit} s" if kind == "voice" else str(unit)
    amount = nanos_text(row["rate_nanos"], currency)
    return amount if per == "1" else f"{amount} / {per}".replace(" ", "\u00a0")


def connect_text(row: RowMapping, currency: str) -> str | None:
    """The connect fee, None when there is none."""
    return nanos_text(row["connect_fee_nanos"], currency) if row["connect_fee_nanos"] else None


ENTRIES = Table(
    name="entries",
    label=_("Entries"),
    columns=(
        Column("at", _("When"), Kind.DATETIME),
        Column("account_number", _("Account"), Kind.MONO),
        Column("kind", _("Kind"), labels=ENTRY_KINDS),
        Column("text", _("Text"), priority=2),
        Column("amount", _("Amount"), Kind.MONEY),
    ),
    finds=(_of_account(col(BillingEntry.account_id)),),
    search_label=_("Account"),
    empty=Empty(_("Nothing posted yet"), _("Every charge, invoice and payment writes an entry."), "notebook"),
)
