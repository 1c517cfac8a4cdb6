"""Beginning to charge services, one or a thousand: the same rules, in a few statements each."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import col

from trunkline.db.parts import parts
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.models.accounts import (
    BillingAccount,
    BillingCharge,
    BillingSubscription,
    ChargeKind,
    ChargeState,
    Ledger,
)
from trunkline_billing.operations.accounts import default_account, lock_accounts
from trunkline_billing.operations.ledger import NewEntry, post
from trunkline_billing.operations.segments import Segment
from trunkline_billing.periods import Period, charged_days, local_day, prorated
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import Price

_INSERT_SUBSCRIPTIONS = insert(BillingSubscription.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it
_INSERT_CHARGES = insert(BillingCharge.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it


@dataclass(frozen=True)
class Start:
    """That a service is charged from `at` on; with its set-up price where `setup` says so."""

    service_id: int
    service_number: str
    customer_id: int
    product_code: str
    product_name: str
    at: datetime
    setup: bool
    #: Its bundle pays for it.
    covered: bool = False


@dataclass(frozen=True)
class NewCharge:
    """Something to be charged once, by its key."""

    service_id: int
    service_number: str
    description: str
    account: BillingAccount
    kind: ChargeKind
    key: str
    amount: int
    first_day: date
    last_day: date
    #: Days that it is for, where those are not all from the first to the last.
    days: int | None = None
    #: By what its price came about; see `BillingCharge.adjusted`.
    adjusted: Mapping[str, Any] = field(default_factory=dict)


def monthly_key(service_id: int, period: Period) -> str:
    """What makes the monthly charge of a service unique."""
    return f"service:{service_id}:monthly:{period}"


def segment_key(service_id: int, period: Period, part: Segment) -> str:
    """The same for a part of the month, where the service changed its product in it."""
    key = monthly_key(service_id, period)
    return key if part.leads else f"{key}:{part.first_day}"


def monthly_charge(
    service: Start | BillingSubscription,
    account: BillingAccount,
    period: Period,
    days: tuple[date, date] | None,
    monthly_micros: int,
) -> NewCharge | None:
    """The share of a month's price for these days, if there is anything to charge."""
    if days is None or not monthly_micros:
        return None
    return NewCharge(
        service.service_id,
        service.service_number,
        service.product_name,
        account,
        ChargeKind.MONTHLY,
        monthly_key(service.service_id, period),
        prorated(monthly_micros, (days[1] - days[0]).days + 1, period.days),
        *days,
    )


def start_charging(ctx: Context, starts: Sequence[Start]) -> None:
    """Charge each its set-up price and the rest of this month; the run charges the months that follow.

    Those that are charged already must be left out. Raises Refused when product and account differ in currency.
    """
    accounts = _accounts(ctx, {start.customer_id for start in starts})
    lock_accounts(ctx, {account.key for account in accounts.values()})
    prices = _Prices(ctx)
    charges = [
        charge
        for start in starts
        if not start.covered
        for charge in _charges(
            ctx, start, accounts[start.customer_id], prices.of(start, accounts[start.customer_id])
        )
    ]
    ctx.session.flush()
    ctx.session.connection().execute(
        _INSERT_SUBSCRIPTIONS, [_subscription(ctx, start, accounts[start.customer_id]) for start in starts]
    )
    store_charges(ctx, charges)


def _subscription(ctx: Context, start: Start, account: BillingAccount) -> dict[str, Any]:
    return {
        "service_id": start.service_id,
        "service_number": start.service_number,
        "account_id": account.key,
        "customer_id": start.customer_id,
        "product_code": start.product_code,
        "product_name": start.product_name,
        "covered": start.covered,
        "starts_at": start.at,
        "ends_at": None,
        "created_at": ctx.now(),
        "updated_at": ctx.now(),
        "version": 1,
    }


def _accounts(ctx: Context, customer_ids: set[int]) -> dict[int, BillingAccount]:
    """The default account of each customer, opened now where there is none yet."""
    found: dict[int, BillingAccount] = {}
    for part in parts(sorted(customer_ids)):
        rows = ctx.session.scalars(
            select(BillingAccount).where(
                col(BillingAccount.customer_id).in_(part), col(BillingAccount.is_default)
            )
        )
        found.update((row.customer_id, row) for row in rows)
    for customer_id in sorted(customer_ids - found.keys()):
        found[customer_id] = default_account(ctx, customer_id)
    return found


class _Prices:
    """Prices, read once per product and moment."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.known: dict[str, list[tuple[datetime, datetime | None, Price]]] = {}

    def of(self, start: Start, account: BillingAccount) -> Price:
        price = self._at(start.product_code, start.at)
        if price.currency != account.currency:
            raise Refused(
                _(
                    "{product} is priced in {price}, account {account} is kept in {currency}.",
                    product=start.product_name,
                    price=price.currency,
                    account=account.number,
                    currency=account.currency,
                ),
                field="account",
                remedy=_("Open an account in that currency and make it the default."),
            )
        return price

    def _at(self, product_code: str, at: datetime) -> Price:
        if product_code not in self.known:
            product_id = catalog.product(self.ctx, product_code).id
            self.known[product_code] = [
                (
                    row.effective_from,
                    row.effective_to,
                    Price(row.setup_micros, row.monthly_micros, row.currency),
                )
                for row in catalog.prices(self.ctx, product_id)
            ]
        for since, until, price in self.known[product_code]:
            if since <= at and (until is None or at < until):
                return price
        # Refuses, saying what lacks a price when.
        return catalog.price_at(self.ctx, product_code, at)


def _charges(ctx: Context, start: Start, account: BillingAccount, price: Price) -> Iterator[NewCharge]:
    zone = ctx.app.config.zone
    day = local_day(start.at, zone)
    if start.setup and price.setup_micros:
        yield NewCharge(
            start.service_id,
            start.service_number,
            start.product_name,
            account,
            ChargeKind.SETUP,
            f"service:{start.service_id}:setup",
            price.setup_micros,
            day,
            day,
        )
    period = Period.of(day)
    if period == Period.at(ctx.now(), zone):
        days = charged_days(period, day, None)
        charge = monthly_charge(start, account, period, days, price.monthly_micros)
        if charge is not None:
            yield charge


def store_charges(ctx: Context, charges: Sequence[NewCharge]) -> None:
    """Post charges and keep them until they are invoiced. The database refuses a key that is charged already."""
    if not charges:
        return
    attempts = _attempts(ctx, charges)
    now = ctx.now()
    entries = [
        NewEntry(
            f"charge:{charge.key}:{attempts[charge.key] + 1}",
            charge.account.key,
            charge.account.customer_id,
            charge.account.currency,
            charge.kind,
            f"{charge.description} · {charge.service_number}",
            [(Ledger.UNBILLED, charge.amount), (charge.kind.ledger, -charge.amount)],
        )
        for charge in charges
    ]
    rows = [
        {
            "unique_key": charge.key,
            "account_id": charge.account.key,
            "customer_id": charge.account.customer_id,
            "entry_id": entry_id,
            "service_id": charge.service_id,
            "service_number": charge.service_number,
            "kind": charge.kind,
            "state": ChargeState.OPEN,
            "description": charge.description,
            "contract_number": "",
            "adjusted": dict(charge.adjusted),
            "usage_type": "",
            "first_day": charge.first_day,
            "last_day": charge.last_day,
            "quantity": _quantity(charge),
            "count": 1,
            "amount_micros": charge.amount,
            "currency": charge.account.currency,
            "at": now,
        }
        for charge, entry_id in zip(charges, post(ctx, entries, now), strict=True)
    ]
    ctx.session.connection().execute(_INSERT_CHARGES, rows)


def _quantity(charge: NewCharge) -> int:
    if charge.days is not None:
        return charge.days
    return (charge.last_day - charge.first_day).days + 1 if charge.kind is ChargeKind.MONTHLY else 1


def _attempts(ctx: Context, charges: Sequence[NewCharge]) -> Counter[str]:
    """How often each was charged before and taken back: each time has an entry of its own."""
    counts: Counter[str] = Counter()
    for part in parts(sorted({charge.service_id for charge in charges})):
        voided = select(col(BillingCharge.unique_key)).where(
            col(BillingCharge.service_id).in_(part), col(BillingCharge.state) == ChargeState.VOID
        )
        counts.update(key.partition(":void:")[0] for key in ctx.session.scalars(voided))
    return counts
