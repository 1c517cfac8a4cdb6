"""The monthly charges that a run finds missing, for many accounts at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import col

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
from trunkline_billing.operations.ledger import NewEntry, post
from trunkline_billing.operations.segments import Segment, adjustment, changes_of, segments
from trunkline_billing.operations.starting import segment_key
from trunkline_billing.periods import Period, prorated
from trunkline_catalog import queries as catalog


@dataclass(frozen=True)
class _Due:
    """One monthly charge to be made."""

    key: str
    account_id: int
    customer_id: int
    currency: str
    service_id: int
    service_number: str
    product_name: str
    first_day: date
    last_day: date
    amount: int
    adjusted: dict[str, Any]


def charge_month(ctx: Context, account_ids: Sequence[int], period: Period, at: datetime) -> int:
    """Make the monthly charges of `period` that these accounts do not have yet; returns how many."""
    due = _due(ctx, account_ids, period)
    by_account: dict[int, list[_Due]] = {}
    for item in due:
        by_account.setdefault(item.account_id, []).append(item)
    entries, groups = [], list(by_account.values())
    for group in groups:
        total, first = sum(item.amount for item in group), group[0]
        # The first key makes the entry unique: should it exist, its charge would exist too.
        entries.append(
            NewEntry(
                f"monthly:{first.key}:{len(group)}:{at:%Y%m%dT%H%M%S%f}",
                first.account_id,
                first.customer_id,
                first.currency,
                ChargeKind.MONTHLY,
                f"{period} · {len(group)}",
                [(Ledger.UNBILLED, total), (Ledger.REVENUE_RECURRING, -total)],
            )
        )
    keys = post(ctx, entries, at)
    rows = [_row(item, entry_id, at) for group, entry_id in zip(groups, keys, strict=True) for item in group]
    if rows:
        ctx.session.execute(insert(BillingCharge), rows)
    return len(rows)


def _row(item: _Due, entry_id: int, at: datetime) -> dict[str, Any]:
    return {
        "unique_key": item.key,
        "account_id": item.account_id,
        "customer_id": item.customer_id,
        "entry_id": entry_id,
        "service_id": item.service_id,
        "service_number": item.service_number,
        "kind": ChargeKind.MONTHLY,
        "state": ChargeState.OPEN,
        "description": item.product_name,
        "contract_number": "",
        "adjusted": item.adjusted,
        "usage_type": "",
        "first_day": item.first_day,
        "last_day": item.last_day,
        "quantity": (item.last_day - item.first_day).days + 1,
        "count": 1,
        "amount_micros": item.amount,
        "currency": item.currency,
        "at": at,
    }


def _due(ctx: Context, account_ids: Sequence[int], period: Period) -> list[_Due]:
    zone = ctx.app.config.zone
    running = ctx.session.execute(
        select(
            col(BillingSubscription.service_id),
            col(BillingSubscription.service_number),
            col(BillingSubscription.product_code),
            col(BillingSubscription.product_name),
            col(BillingSubscription.account_id),
            col(BillingSubscription.customer_id),
            col(BillingSubscription.starts_at),
            col(BillingSubscription.ends_at),
            col(BillingAccount.currency),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingSubscription.account_id))
        .where(
            col(BillingSubscription.account_id).in_(account_ids),
            col(BillingSubscription.covered).is_(False),
            col(BillingSubscription.starts_at) < period.end(zone),
            (col(BillingSubscription.ends_at).is_(None))
            | (col(BillingSubscription.ends_at) >= period.start(zone)),
        )
        .order_by(col(BillingSubscription.account_id), col(BillingSubscription.service_id))
    ).all()
    charged = set(
        ctx.session.scalars(
            select(col(BillingCharge.service_id)).where(
                col(BillingCharge.account_id).in_(account_ids),
                col(BillingCharge.kind) == ChargeKind.MONTHLY,
                col(BillingCharge.state) != ChargeState.VOID,
                col(BillingCharge.first_day) >= period.first_day,
                col(BillingCharge.first_day) <= period.last_day,
            )
        )
    )
    prices: dict[tuple[str, date], int] = {}
    service_ids = [row.service_id for row in running]
    changes, own = changes_of(ctx, service_ids, period.first_day), catalog.own_prices(ctx, service_ids)
    found = []
    for row in running:
        if row.service_id in charged:
            continue
        for part in segments(row, changes.get(row.service_id, ()), period, zone, own.get(row.service_id, ())):
            amount = prorated(_price(ctx, prices, part, row.currency), part.days, period.days)
            if amount:
                found.append(
                    _Due(
                        segment_key(row.service_id, period, part),
                        row.account_id,
                        row.customer_id,
                        row.currency,
                        row.service_id,
                        row.service_number,
                        part.product_name,
                        part.first_day,
                        part.last_day,
                        amount,
                        adjustment(part.own, zone),
                    )
                )
    return found


def _price(ctx: Context, known: dict[Any, int], part: Segment, currency: str) -> int:
    """The monthly price of a service's days: its own, or its product's, read once per product and day."""
    if part.own is not None:
        return part.own.monthly_micros
    product_code = part.product_code
    key = (product_code, currency, part.at)
    if key not in known:
        price = catalog.price_at(ctx, product_code, part.at)
        if price.currency != currency:
            raise Refused(
                _(
                    "{product} is priced in {price}, an account that has it is kept in {currency}.",
                    product=product_code,
                    price=price.currency,
                    currency=currency,
                ),
                field="currency",
                remedy=_("Set its price in that currency."),
            )
        known[key] = price.monthly_micros
    return known[key]
