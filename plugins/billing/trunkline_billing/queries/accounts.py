"""Accounts, their balances and the books behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, case, func, literal, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.db.prepared import Found, Prepared, columns
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing.models.accounts import (
    BillingAccount,
    BillingCharge,
    BillingEntry,
    BillingPosting,
    BillingSubscription,
    Ledger,
)
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.periods import local_day
from trunkline_billing.schemas import AccountView, SubscriptionView
from trunkline_catalog import queries as catalog

_ACCOUNT = columns(BillingAccount)
_POSTING = columns(BillingPosting)
_INVOICE = columns(BillingInvoice)
_SUBSCRIPTION = columns(BillingSubscription)


def _owed(ledger: Ledger) -> ScalarSelect[Any]:
    """The sum of an account's postings in one book. All three columns, or SQLite reads the whole book instead of the index."""
    return (
        select(func.coalesce(func.sum(_POSTING.amount_micros), 0))
        .where(
            _POSTING.ledger == ledger,
            _POSTING.currency == _ACCOUNT.currency,
            _POSTING.account_id == _ACCOUNT.id,
        )
        .correlate(BillingAccount)
        .scalar_subquery()
    )


_OVERDUE = (
    select(func.coalesce(func.sum(_INVOICE.total_micros - _INVOICE.paid_micros), 0))
    .where(
        _INVOICE.account_id == _ACCOUNT.id,
        _INVOICE.state == InvoiceState.OPEN,
        _INVOICE.due_date < bindparam("today"),
    )
    .correlate(BillingAccount)
    .scalar_subquery()
)
_WITH_SUMS = select(
    _ACCOUNT.id,
    _ACCOUNT.number,
    _ACCOUNT.customer_id,
    _ACCOUNT.name,
    _ACCOUNT.kind,
    _ACCOUNT.state,
    _ACCOUNT.currency,
    _ACCOUNT.is_default,
    _owed(Ledger.RECEIVABLE).label("balance"),
    _owed(Ledger.UNBILLED).label("unbilled"),
    _OVERDUE.label("overdue"),
)
_OF_CUSTOMER = Prepared(
    _WITH_SUMS.where(_ACCOUNT.customer_id == bindparam("customer_id")).order_by(
        _ACCOUNT.is_default.desc(), _ACCOUNT.id
    ),
    BillingAccount,
)
_BY_NUMBER = Prepared(_WITH_SUMS.where(_ACCOUNT.number == bindparam("number")), BillingAccount)
_BY_KEY = Prepared(_WITH_SUMS.where(_ACCOUNT.id == bindparam("key")), BillingAccount)
_SUBSCRIPTIONS = Prepared(
    select(
        _SUBSCRIPTION.service_id,
        _SUBSCRIPTION.service_number,
        _SUBSCRIPTION.account_id,
        _SUBSCRIPTION.product_code,
        _SUBSCRIPTION.product_name,
        _SUBSCRIPTION.starts_at,
        _SUBSCRIPTION.ends_at,
        _SUBSCRIPTION.covered,
        _ACCOUNT.number.label("account_number"),
        _ACCOUNT.currency,
    )
    .join_from(_SUBSCRIPTION.id.table, _ACCOUNT.id.table, _ACCOUNT.id == _SUBSCRIPTION.account_id)
    .where(_SUBSCRIPTION.customer_id == bindparam("customer_id"))
    .order_by(_SUBSCRIPTION.id),
    BillingSubscription,
)


def balance(ctx: Context, account_id: int) -> Money:
    """What an account owes on invoices, from the postings alone; below zero it has credit."""
    return _book(ctx, account_id, Ledger.RECEIVABLE)


def unbilled(ctx: Context, account_id: int) -> Money:
    """What is charged and comes with the next invoice, tax aside."""
    return _book(ctx, account_id, Ledger.UNBILLED)


def _book(ctx: Context, account_id: int, ledger: Ledger) -> Money:
    account = ctx.load(BillingAccount, account_id)
    total = ctx.session.execute(
        select(func.coalesce(func.sum(col(BillingPosting.amount_micros)), 0)).where(
            col(BillingPosting.ledger) == ledger,
            col(BillingPosting.currency) == account.currency,
            col(BillingPosting.account_id) == account_id,
        )
    ).scalar_one()
    return Money(int(total), account.currency)


def owed_by(ctx: Context, customer_ids: Sequence[int]) -> list[Money]:
    """What these customers owe on invoices together, by currency."""
    rows = ctx.session.execute(
        select(col(BillingPosting.currency), func.sum(col(BillingPosting.amount_micros)))
        .join(BillingAccount, col(BillingAccount.id) == col(BillingPosting.account_id))
        .where(
            col(BillingPosting.ledger) == Ledger.RECEIVABLE,
            col(BillingAccount.customer_id).in_(customer_ids),
            *ctx.visible_conditions(BillingAccount),
        )
        .group_by(col(BillingPosting.currency))
        .order_by(col(BillingPosting.currency))
    )
    return [Money(int(total), currency) for currency, total in rows]


def accounts_of(ctx: Context, customer_id: int) -> list[AccountView]:
    """A customer's accounts with their balances, the default one first."""
    return ctx.once(
        ("billing.accounts_of", customer_id), lambda: _views(ctx, _OF_CUSTOMER, customer_id=customer_id)
    )


def account(ctx: Context, number: str) -> AccountView:
    """One account by its number. Raises NotFound."""
    return _one(_views(ctx, _BY_NUMBER, number=number), number)


def account_by_id(ctx: Context, account_id: int) -> AccountView:
    """One account by its key. Raises NotFound."""
    return _one(_views(ctx, _BY_KEY, key=account_id), account_id)


def _one(found: Sequence[AccountView], asked: object) -> AccountView:
    if not found:
        raise NotFound(_("There is no billing account {asked}.", asked=asked))
    return found[0]


def _views(ctx: Context, asked: Prepared, **values: object) -> list[AccountView]:
    today = local_day(ctx.now(), ctx.app.config.zone)
    return [
        AccountView(
            row.id,
            row.number,
            row.customer_id,
            row.name,
            row.kind,
            row.state,
            row.currency,
            row.is_default,
            Money(int(row.balance), row.currency),
            Money(int(row.unbilled), row.currency),
            Money(int(row.overdue), row.currency),
        )
        for row in asked.rows(ctx, today=today, **values)
    ]


def is_overdue(ctx: Context) -> ColumnElement[bool]:
    """The condition of an invoice that should have been paid before today."""
    today = local_day(ctx.now(), ctx.app.config.zone)
    return (col(BillingInvoice.state) == InvoiceState.OPEN) & (col(BillingInvoice.due_date) < today)


def account_select(ctx: Context) -> "Select[*tuple[Any, ...]]":
    """Core select of visible accounts with customer and balance, for lists."""
    return (
        select(
            col(BillingAccount.id).label("id"),
            col(BillingAccount.number).label("number"),
            col(BillingAccount.name).label("name"),
            col(BillingAccount.kind).label("kind"),
            col(BillingAccount.state).label("state"),
            col(BillingAccount.currency).label("currency"),
            col(Customer.number).label("customer_number"),
            col(Customer.name).label("customer_name"),
            _owed(Ledger.RECEIVABLE).label("balance"),
        )
        .join(Customer, col(Customer.id) == col(BillingAccount.customer_id))
        .where(*ctx.visible_conditions(BillingAccount))
    )


def charge_select(ctx: Context, customer_id: int | None = None) -> "Select[*tuple[Any, ...]]":
    """Core select of visible charges, for lists."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(BillingCharge.id).label("id"),
            col(BillingCharge.at).label("at"),
            col(BillingCharge.kind).label("kind"),
            col(BillingCharge.description).label("description"),
            col(BillingCharge.usage_type).label("usage_type"),
            col(BillingCharge.service_number).label("service_number"),
            col(BillingCharge.first_day).label("first_day"),
            col(BillingCharge.last_day).label("last_day"),
            col(BillingCharge.amount_micros).label("amount"),
            col(BillingCharge.currency).label("currency"),
            col(BillingCharge.state).label("state"),
            col(BillingAccount.number).label("account_number"),
            col(BillingInvoice.number).label("invoice_number"),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingCharge.account_id))
        .join(BillingInvoice, col(BillingInvoice.id) == col(BillingCharge.invoice_id), isouter=True)
        .where(*ctx.visible_conditions(BillingCharge))
    )
    return (
        statement if customer_id is None else statement.where(col(BillingCharge.customer_id) == customer_id)
    )


def subscriptions_of(ctx: Context, customer_id: int) -> list[SubscriptionView]:
    """How a customer's services are charged, with the monthly price of now."""

    def ask() -> list[SubscriptionView]:
        rows = _SUBSCRIPTIONS.rows(ctx, customer_id=customer_id)
        monthly = catalog.monthly_of(
            ctx,
            (Charged(row.service_id, row.product_code, row.covered) for row in rows),
            customer_id=customer_id,
        )
        return [_subscription(row, monthly, ctx.now()) for row in rows]

    return ctx.once(("billing.subscriptions_of", customer_id), ask)


@dataclass(frozen=True, slots=True)
class Charged:
    """A service as it is charged, for its price."""

    id: int
    product_code: str
    covered: bool


def _subscription(row: Found, monthly: Mapping[int, Money], now: datetime) -> SubscriptionView:
    ended = row.ends_at is not None and row.ends_at <= now
    return SubscriptionView(
        row.service_id,
        row.service_number,
        row.account_id,
        row.account_number,
        row.product_code,
        row.product_name,
        row.starts_at,
        row.ends_at,
        None if ended else monthly.get(row.service_id, Money(0, row.currency)),
        row.covered,
    )


@dataclass(frozen=True)
class TrialLine:
    """One book in one currency: sums of debits and credits (both positive), and what is left."""

    ledger: str
    currency: str
    debit: Money
    credit: Money
    balance: Money


def trial_balance(ctx: Context) -> list[TrialLine]:
    """Every book; per currency the balances sum to zero."""
    amount = col(BillingPosting.amount_micros)
    debit = func.sum(case((col(amount) > 0, col(amount)), else_=literal(0)))
    credit = func.sum(case((col(amount) < 0, col(amount)), else_=literal(0)))
    rows = ctx.session.execute(
        select(
            col(BillingPosting.currency),
            col(BillingPosting.ledger),
            debit.label("debit"),
            credit.label("credit"),
        )
        .where(*ctx.visible_conditions(BillingEntry))
        .join(BillingEntry, col(BillingEntry.id) == col(BillingPosting.entry_id))
        .group_by(col(BillingPosting.currency), col(BillingPosting.ledger))
        .order_by(col(BillingPosting.currency), col(BillingPosting.ledger))
    )
    return [
        TrialLine(
            row.ledger,
            row.currency,
            Money(int(row.debit), row.currency),
            Money(-int(row.credit), row.currency),
            Money(int(row.debit) + int(row.credit), row.currency),
        )
        for row in rows
    ]


def entry_select(ctx: Context) -> "Select[*tuple[Any, ...]]":
    """Core select of visible entries with the sum of their debits, for lists."""
    amount = col(BillingPosting.amount_micros)
    moved = (
        select(func.coalesce(func.sum(case((col(amount) > 0, col(amount)), else_=literal(0))), 0))
        .where(
            col(BillingPosting.entry_id) == col(BillingEntry.id),
            col(BillingPosting.account_id) == col(BillingEntry.account_id),
        )
        .correlate(BillingEntry)
        .scalar_subquery()
    )
    return (
        select(
            col(BillingEntry.id).label("id"),
            col(BillingEntry.at).label("at"),
            col(BillingEntry.kind).label("kind"),
            col(BillingEntry.text).label("text"),
            col(BillingAccount.number).label("account_number"),
            col(BillingAccount.currency).label("currency"),
            moved.label("amount"),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingEntry.account_id))
        .where(*ctx.visible_conditions(BillingEntry))
    )


def find_accounts(ctx: Context, typed: str, limit: int = 8) -> list[tuple[str, str]]:
    """Open accounts whose number, customer number or customer name contains what was typed, as (number, description)."""
    word = typed.strip().lower()
    statement = (
        account_select(ctx)
        .where(col(BillingAccount.state) == "open")
        .order_by(col(Customer.name), col(BillingAccount.id))
        .limit(limit)
    )
    for part in word.split()[:4]:
        statement = statement.where(
            func.lower(col(Customer.name)).contains(part, autoescape=True)
            | func.lower(col(BillingAccount.number)).contains(part, autoescape=True)
            | func.lower(col(Customer.number)).contains(part, autoescape=True)
        )
    return [
        (row.number, f"{row.customer_name} · {row.customer_number}") for row in ctx.session.execute(statement)
    ]
