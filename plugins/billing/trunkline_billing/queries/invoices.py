"""Invoices, payments and runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, RowMapping, Select, bindparam, case, func, literal, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.db.prepared import Found, Prepared, columns
from trunkline.errors import NotFound
from trunkline.i18n import format_month
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount, BillingCharge, BillingSubscription, ChargeState
from trunkline_billing.models.invoices import (
    BillingInvoice,
    BillingInvoiceLine,
    BillingInvoiceTax,
    BillingRun,
    BillingTaxRate,
    BillingTaxScheme,
    InvoiceState,
)
from trunkline_billing.models.payments import BillingAllocation, BillingPayment
from trunkline_billing.periods import Period, local_day
from trunkline_billing.queries.accounts import is_overdue
from trunkline_billing.schemas import (
    InvoiceLineView,
    InvoiceView,
    PaymentView,
    RunPreview,
    TaxView,
)
from trunkline_billing.tax import NamedRate

_INVOICE = columns(BillingInvoice)
_ACCOUNT = columns(BillingAccount)
_COLUMNS = select(*_INVOICE, _ACCOUNT.number.label("account_number")).join_from(
    _INVOICE.id.table, _ACCOUNT.id.table, _ACCOUNT.id == _INVOICE.account_id
)
#: Whom an invoice names is much to read, and no list shows it, nor when its row was written.
_NOT_LISTED = ("customer", "operator", "created_at", "updated_at", "unique_key", "run_id")
_LISTED = _COLUMNS.with_only_columns(
    *(one for one in _COLUMNS.selected_columns if one.key not in _NOT_LISTED)
)
_BY_NUMBER = Prepared(_COLUMNS.where(_INVOICE.number == bindparam("number")), BillingInvoice)
#: More than a customer ever has; a limit is part of the statement.
_ALL = 2**31 - 1
#: Months: two years are what somebody looks for.
_RECENT = 24
_OF_CUSTOMER = Prepared(
    _LISTED.where(_INVOICE.customer_id == bindparam("customer_id"))
    .order_by(_INVOICE.id.desc())
    .limit(bindparam("limit", type_=Integer)),
    BillingInvoice,
)
_OPEN_OF_ACCOUNT = Prepared(
    _LISTED.where(
        _INVOICE.account_id == bindparam("account_id"), _INVOICE.state == InvoiceState.OPEN
    ).order_by(_INVOICE.due_date, _INVOICE.id),
    BillingInvoice,
)


def invoice_select(ctx: Context, customer_id: int | None = None) -> "Select[*tuple[Any, ...]]":
    """Core select of visible invoices with their status (open, overdue, paid, void), for lists."""
    statement = (
        select(
            col(BillingInvoice.id).label("id"),
            col(BillingInvoice.number).label("number"),
            col(BillingInvoice.period).label("period"),
            col(BillingInvoice.issued_on).label("issued_on"),
            col(BillingInvoice.due_date).label("due_date"),
            col(BillingInvoice.currency).label("currency"),
            col(BillingInvoice.total_micros).label("total"),
            (col(BillingInvoice.total_micros) - col(BillingInvoice.paid_micros)).label("due"),
            case((is_overdue(ctx), literal("overdue")), else_=col(BillingInvoice.state)).label("status"),
            col(BillingAccount.number).label("account_number"),
            col(Customer.number).label("customer_number"),
            col(Customer.name).label("customer_name"),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingInvoice.account_id))
        .join(Customer, col(Customer.id) == col(BillingInvoice.customer_id))
        .where(*ctx.visible_conditions(BillingInvoice))
    )
    return (
        statement if customer_id is None else statement.where(col(BillingInvoice.customer_id) == customer_id)
    )


def longest_overdue(ctx: Context, limit: int) -> "Sequence[RowMapping]":
    """The visible invoices that have been overdue longest, as rows of `invoice_select`."""
    statement = invoice_select(ctx).where(is_overdue(ctx)).order_by(col(BillingInvoice.due_date)).limit(limit)
    return ctx.session.execute(statement).mappings().all()


def invoices_of(ctx: Context, customer_id: int, limit: int | None = None) -> list[InvoiceView]:
    """A customer's invoices, newest first, without their lines and whom they name."""
    return _views(ctx, _OF_CUSTOMER.rows(ctx, customer_id=customer_id, limit=limit or _ALL))


def open_invoices_of(ctx: Context, account_id: int) -> list[InvoiceView]:
    """An account's invoices that still want money, the oldest due first, without their lines and whom they name."""
    return _views(ctx, _OPEN_OF_ACCOUNT.rows(ctx, account_id=account_id))


def invoice(ctx: Context, number: str) -> InvoiceView:
    """One invoice with its lines and taxes. Raises NotFound."""
    row = _BY_NUMBER.first(ctx, number=number)
    if row is None:
        raise NotFound(_("There is no billing invoice {number}.", number=number))
    lines = ctx.session.scalars(
        select(BillingInvoiceLine)
        .where(col(BillingInvoiceLine.invoice_id) == row.id)
        .order_by(col(BillingInvoiceLine.seq))
    )
    taxes = ctx.session.scalars(
        select(BillingInvoiceTax)
        .where(col(BillingInvoiceTax.invoice_id) == row.id)
        .order_by(col(BillingInvoiceTax.name))
    )
    return _views(
        ctx, [row], [_line(line, row.currency) for line in lines], [_tax(tax, row.currency) for tax in taxes]
    )[0]


def _line(row: BillingInvoiceLine, currency: str) -> InvoiceLineView:
    return InvoiceLineView(
        row.seq,
        row.kind,
        row.usage_type,
        row.service_number,
        row.description,
        row.first_day,
        row.last_day,
        row.quantity,
        row.count,
        Money(row.net_micros, currency),
        Money(row.tax_micros, currency),
        row.contract_number,
        row.adjusted,
    )


def _tax(row: BillingInvoiceTax, currency: str) -> TaxView:
    return TaxView(
        row.name, row.rate_millionths, Money(row.base_micros, currency), Money(row.tax_micros, currency)
    )


def _views(
    ctx: Context,
    rows: Sequence[Found],
    lines: Sequence[InvoiceLineView] = (),
    taxes: Sequence[TaxView] = (),
) -> list[InvoiceView]:
    today = local_day(ctx.now(), ctx.app.config.zone)
    return [
        InvoiceView(
            row.id,
            row.number,
            row.account_id,
            row.account_number,
            row.customer_id,
            row.period,
            row.issued_on,
            row.due_date,
            "overdue" if row.state == InvoiceState.OPEN and row.due_date < today else row.state,
            Money(row.net_micros, row.currency),
            Money(row.tax_micros, row.currency),
            Money(row.total_micros, row.currency),
            Money(row.paid_micros, row.currency),
            getattr(row, "customer", {}),
            getattr(row, "operator", {}),
            lines,
            taxes,
            row.void_reason,
            row.version,
        )
        for row in rows
    ]


def payment_select(ctx: Context, customer_id: int | None = None) -> "Select[*tuple[Any, ...]]":
    """Core select of visible payments, for lists."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(BillingPayment.id).label("id"),
            col(BillingPayment.number).label("number"),
            col(BillingPayment.received_at).label("received_at"),
            col(BillingPayment.amount_micros).label("amount"),
            col(BillingPayment.currency).label("currency"),
            col(BillingPayment.method).label("method"),
            col(BillingPayment.desk).label("desk"),
            col(BillingPayment.reference).label("reference"),
            col(BillingPayment.state).label("state"),
            col(BillingPayment.taken_by).label("taken_by"),
            col(BillingAccount.number).label("account_number"),
            col(Customer.number).label("customer_number"),
            col(Customer.name).label("customer_name"),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingPayment.account_id))
        .join(Customer, col(Customer.id) == col(BillingPayment.customer_id))
        .where(*ctx.visible_conditions(BillingPayment))
    )
    return (
        statement if customer_id is None else statement.where(col(BillingPayment.customer_id) == customer_id)
    )


def payments_of(ctx: Context, customer_id: int, limit: int = 50) -> list[PaymentView]:
    """A customer's payments, newest first."""
    rows = ctx.session.scalars(
        ctx.visible(BillingPayment)
        .where(col(BillingPayment.customer_id) == customer_id)
        .order_by(col(BillingPayment.id).desc())
        .limit(limit)
    ).all()
    return [_payment(ctx, row) for row in rows]


def payment(ctx: Context, number: str) -> PaymentView:
    """One payment with what it paid. Raises NotFound."""
    return _payment(ctx, ctx.load_by(BillingPayment, col(BillingPayment.number), number))


def _payment(ctx: Context, row: BillingPayment) -> PaymentView:
    paid = ctx.session.execute(
        select(col(BillingInvoice.number), col(BillingAllocation.amount_micros))
        .join(BillingInvoice, col(BillingInvoice.id) == col(BillingAllocation.invoice_id))
        .where(col(BillingAllocation.payment_id) == row.key)
        .order_by(col(BillingInvoice.id))
    ).all()
    return PaymentView(
        row.key,
        row.number,
        ctx.session.get_one(BillingAccount, row.account_id).number,
        row.customer_id,
        Money(row.amount_micros, row.currency),
        row.method,
        row.desk,
        row.reference,
        row.note,
        row.state,
        row.received_at,
        row.taken_by,
        row.reversed_at,
        row.reverse_reason,
        Money(row.refunded_micros, row.currency),
        row.provider,
        [(number, Money(amount, row.currency)) for number, amount in paid],
    )


def run_select(ctx: Context) -> "Select[*tuple[Any, ...]]":
    """Core select of billing runs, for lists."""
    statement: Select[*tuple[Any, ...]] = select(
        col(BillingRun.id).label("id"),
        col(BillingRun.period).label("period"),
        col(BillingRun.state).label("state"),
        col(BillingRun.invoices).label("invoices"),
        col(BillingRun.started_at).label("started_at"),
        col(BillingRun.finished_at).label("finished_at"),
    )
    return statement


def recent_months(ctx: Context) -> list[tuple[str, str]]:
    """The months that were run last, as suggestions (value, label), newest first."""
    latest = select(col(BillingRun.period)).order_by(col(BillingRun.period).desc()).limit(_RECENT)
    return [(period, format_month(period)) for period in ctx.session.scalars(latest)]


def preview(ctx: Context, period: str) -> RunPreview:
    """What a run of this month would find."""
    month, zone = Period.parse(period), ctx.app.config.zone
    subscribed = select(col(BillingSubscription.account_id)).where(
        col(BillingSubscription.starts_at) < month.end(zone),
        col(BillingSubscription.ends_at).is_(None) | (col(BillingSubscription.ends_at) >= month.start(zone)),
    )
    charged = select(col(BillingCharge.account_id)).where(
        col(BillingCharge.state) == ChargeState.OPEN, col(BillingCharge.first_day) <= month.last_day
    )
    invoiced = select(col(BillingInvoice.account_id)).where(
        col(BillingInvoice.period) == str(month), col(BillingInvoice.run_id).is_not(None),
        col(BillingInvoice.state) != InvoiceState.VOID,
    )  # fmt: skip
    wanted = subscribed.union(charged).subquery()
    accounts = select(func.count()).select_from(wanted).where(wanted.c.account_id.not_in(invoiced))
    return RunPreview(
        str(month),
        ctx.session.execute(accounts).scalar_one(),
        ctx.session.execute(select(func.count()).select_from(invoiced.subquery())).scalar_one(),
        ctx.session.execute(select(func.count()).select_from(subscribed.subquery())).scalar_one(),
    )


def tax_schemes(ctx: Context) -> list[tuple[BillingTaxScheme, list[NamedRate]]]:
    """Every scheme with its rates."""
    rates: dict[int, list[NamedRate]] = {}
    for rate in ctx.session.scalars(select(BillingTaxRate).order_by(col(BillingTaxRate.id))):
        rates.setdefault(rate.scheme_id, []).append(NamedRate(rate.name, rate.rate_millionths))
    schemes = ctx.session.scalars(select(BillingTaxScheme).order_by(col(BillingTaxScheme.name)))
    return [(scheme, rates.get(scheme.key, [])) for scheme in schemes]


def payments_for(ctx: Context, invoice_id: int) -> list[tuple[str, datetime, Money]]:
    """What paid an invoice: payment number, when, how much."""
    rows = ctx.session.execute(
        select(
            col(BillingPayment.number),
            col(BillingPayment.received_at),
            col(BillingAllocation.amount_micros),
            col(BillingPayment.currency),
        )
        .join(BillingPayment, col(BillingPayment.id) == col(BillingAllocation.payment_id))
        .where(col(BillingAllocation.invoice_id) == invoice_id, *ctx.visible_conditions(BillingPayment))
        .order_by(col(BillingPayment.id))
    )
    return [(number, at, Money(amount, currency)) for number, at, amount, currency in rows]


@dataclass(frozen=True)
class Outstanding:
    """Open and overdue money of one currency over all visible customers."""

    open: Money
    overdue: Money
    overdue_invoices: int


def outstanding(ctx: Context) -> list[Outstanding]:
    """What customers owe, by currency."""
    due = col(BillingInvoice.total_micros) - col(BillingInvoice.paid_micros)
    late = is_overdue(ctx)
    rows = ctx.session.execute(
        select(
            col(BillingInvoice.currency),
            func.sum(due).label("open"),
            func.coalesce(func.sum(case((late, due), else_=literal(0))), 0).label("overdue"),
            func.coalesce(func.sum(case((late, literal(1)), else_=literal(0))), 0).label("invoices"),
        )
        .where(col(BillingInvoice.state) == InvoiceState.OPEN, *ctx.visible_conditions(BillingInvoice))
        .group_by(col(BillingInvoice.currency))
        .order_by(col(BillingInvoice.currency))
    )
    return [
        Outstanding(
            Money(int(row.open), row.currency), Money(int(row.overdue), row.currency), int(row.invoices)
        )
        for row in rows
    ]
