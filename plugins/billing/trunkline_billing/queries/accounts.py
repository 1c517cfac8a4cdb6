"""Accounts, their balances and the books behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlmodel import col

from trunkline.customers.models import Customer
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


def accounts_of(ctx: Context, customer_id: int) -> list[AccountView]:
    """A customer's accounts with their balances, the default one first."""
    statement = (
        ctx.visible(BillingAccount)
        .where(col(BillingAccount.customer_id) == customer_id)
        .order_by(col(BillingAccount.is_default).desc(), col(BillingAccount.id))
    )
    return ctx.once(
        ("billing.accounts_of", customer_id), lambda: _views(ctx, ctx.session.scalars(statement).all())
    )


def account(ctx: Context, number: str) -> AccountView:
    """One account by its number. Raises NotFound."""
    return _views(ctx, [ctx.load_by(BillingAccount, col(BillingAccount.number), number)])[0]


def account_by_id(ctx: Context, account_id: int) -> AccountView:
    """One account by its key. Raises NotFound."""
    return _views(ctx, [ctx.load(BillingAccount, account_id)])[0]


def _views(ctx: Context, rows: Sequence[BillingAccount]) -> list[AccountView]:
    ids = [row.key for row in rows]
    books: dict[tuple[int, str], int] = {
        (found.account_id, found.ledger): int(found.total)
        for found in ctx.session.execute(
            select(
                col(BillingPosting.account_id),
                col(BillingPosting.ledger),
                func.sum(col(BillingPosting.amount_micros)).label("total"),
            )
            .where(
                col(BillingPosting.account_id).in_(ids),
                col(BillingPosting.ledger).in_((Ledger.RECEIVABLE, Ledger.UNBILLED)),
            )
            .group_by(col(BillingPosting.account_id), col(BillingPosting.ledger))
        )
    }
    overdue = dict(
        ctx.session.execute(
            select(
                col(BillingInvoice.account_id),
                func.sum(col(BillingInvoice.total_micros) - col(BillingInvoice.paid_micros)),
            )
            .where(col(BillingInvoice.account_id).in_(ids), is_overdue(ctx))
            .group_by(col(BillingInvoice.account_id))
        ).all()
    )
    return [
        AccountView(
            row.key,
            row.number,
            row.customer_id,
            row.name,
            row.kind,
            row.state,
            row.currency,
            row.is_default,
            Money(books.get((row.key, Ledger.RECEIVABLE), 0), row.currency),
            Money(books.get((row.key, Ledger.UNBILLED), 0), row.currency),
            Money(int(overdue.get(row.key, 0)), row.currency),
        )
        for row in rows
    ]


def is_overdue(ctx: Context) -> ColumnElement[bool]:
    """The condition of an invoice that should have been paid before today."""
    today = local_day(ctx.now(), ctx.app.config.zone)
    return (col(BillingInvoice.state) == InvoiceState.OPEN) & (col(BillingInvoice.due_date) < today)


def account_select(ctx: Context) -> "Select[*tuple[Any, ...]]":
    """Core select of visible accounts with customer and balance, for lists."""
    owed = (
        select(func.coalesce(func.sum(col(BillingPosting.amount_micros)), 0))
        .where(
            col(BillingPosting.account_id) == col(BillingAccount.id),
            col(BillingPosting.ledger) == Ledger.RECEIVABLE,
        )
        .correlate(BillingAccount)
        .scalar_subquery()
    )
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
            owed.label("balance"),
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
    rows = ctx.session.execute(
        select(BillingSubscription, col(BillingAccount.number), col(BillingAccount.currency))
        .join(BillingAccount, col(BillingAccount.id) == col(BillingSubscription.account_id))
        .where(
            col(BillingSubscription.customer_id) == customer_id, *ctx.visible_conditions(BillingSubscription)
        )
        .order_by(col(BillingSubscription.id))
    ).all()
    monthly: dict[str, Money] = {}
    found = []
    for row, account_number, _currency in rows:
        if row.product_code not in monthly:
            product = catalog.product(ctx, row.product_code)
            monthly[row.product_code] = Money(product.monthly_price_micros, product.currency)
        ended = row.ends_at is not None and row.ends_at <= ctx.now()
        found.append(
            SubscriptionView(
                row.service_id,
                row.service_number,
                row.account_id,
                account_number,
                row.product_code,
                row.product_name,
                row.starts_at,
                row.ends_at,
                None if ended else monthly[row.product_code],
            )
        )
    return found


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
