"""Storing checked uses: each key once, rated rows and what they cost together, in a few bulk statements per batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import col

from trunkline.db.numbers import Counter
from trunkline.db.room import roomy
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingCharge, ChargeKind, ChargeState, Ledger
from trunkline_billing.models.usage import BillingUsageBatch
from trunkline_billing.operations.accounts import lock_accounts
from trunkline_billing.operations.ledger import NewEntry, post
from trunkline_billing.periods import Period
from trunkline_billing.usage.bulk import insert_keys, insert_usage, kept_ids
from trunkline_billing.usage.checking import CheckedUse
from trunkline_billing.usage.facts import ChargedService, Facts
from trunkline_billing.usage.metering import Meter, meters_of, rated, save_allowances

#: Kilobytes of SQLite's cache for a batch.
_ROOM = 64_000
#: Rated rows that go to the database together; as many as stay in the processor's cache.
_ROWS_TOGETHER = 5_000
USAGE_LABELS = {"voice": "Calls", "sms": "Messages", "data": "Data", "event": "Events"}


@dataclass(frozen=True)
class Stored:
    """How many uses are new, and how many were taken before."""

    created: int
    unchanged: int


def store(ctx: Context, facts: Facts, source: str, name: str, uses: Sequence[CheckedUse]) -> Stored:
    """Rate and store uses that one checker passed in a row; those whose (source, key) was taken change nothing."""
    if not uses:
        return Stored(0, 0)
    lock_accounts(ctx, {stretch.service.account_id for stretch in {use[2] for use in uses}})
    first_id = _take_ids(ctx, len(uses))
    keys = [use[1] for use in uses]
    # What is added to a use's position makes the key of its row.
    to_id, fresh = first_id - uses[0][-1], uses
    with roomy(ctx.session, _ROOM):
        if insert_keys(ctx.session, source, keys, first_id) < len(keys):
            kept = kept_ids(ctx.session, source, keys, first_id)
            fresh = [use for use in uses if to_id + use[-1] in kept]
        if fresh:
            _rate_and_store(ctx, facts.home, source, name, fresh, to_id)
    return Stored(len(fresh), len(uses) - len(fresh))


def _take_ids(ctx: Context, count: int) -> int:
    """The first of `count` keys of usage rows, under the counter's row lock."""
    counter = ctx.session.scalars(
        select(Counter).where(col(Counter.kind) == "billing_usage").with_for_update()
    ).one_or_none()
    if counter is None:
        counter = Counter(kind="billing_usage", last=0)
        ctx.session.add(counter)
    first: int = counter.last + 1
    counter.last += count
    ctx.session.flush()
    return first


def _rate_and_store(
    ctx: Context, home: tuple[str, ...], source: str, name: str, uses: Sequence[CheckedUse], to_id: int
) -> None:
    batch = BillingUsageBatch(source=source, name=name[:200], rows=len(uses), at=ctx.now())
    ctx.session.add(batch)
    ctx.session.flush()
    batch_id = batch.id or 0
    meters, rows = meters_of(ctx, uses), list[tuple[Any, ...]]()
    for of_service in _by_service(meters):
        rows += rated(of_service, home, to_id)
        if len(rows) >= _ROWS_TOGETHER:
            insert_usage(ctx.session, batch_id, rows)
            rows.clear()
    insert_usage(ctx.session, batch_id, rows)
    charged = [meter for meter in meters if meter.is_charged]
    save_allowances(ctx, charged)
    _charge(ctx, batch_id, f"{source} · {name}", charged)


def _by_service(meters: Iterable[Meter]) -> Iterable[Sequence[Meter]]:
    """The meters of each service, in the order of the table of rated uses."""
    found: dict[tuple[int, int], list[Meter]] = {}
    for meter in meters:
        found.setdefault((meter.service.account_id, meter.service.service_id), []).append(meter)
    return [found[place] for place in sorted(found)]


def _charge(ctx: Context, batch_id: int, label: str, meters: Sequence[Meter]) -> None:
    """One entry per account and one charge per service, type and month, however many uses there were."""
    by_account: dict[int, int] = {}
    anyone: dict[int, ChargedService] = {}
    for meter in meters:
        account_id = meter.service.account_id
        by_account[account_id] = by_account.get(account_id, 0) + meter.cost
        anyone[account_id] = meter.service
    now = ctx.now()
    entries = [
        NewEntry(
            f"usage:{batch_id}:{account_id}",
            account_id,
            anyone[account_id].customer_id,
            anyone[account_id].currency,
            ChargeKind.USAGE,
            label,
            [(Ledger.UNBILLED, cost), (Ledger.REVENUE_USAGE, -cost)],
        )
        for account_id, cost in sorted(by_account.items())
    ]
    entry_of = dict(zip(sorted(by_account), post(ctx, entries, now), strict=True))
    rows = [_charge_row(batch_id, meter, entry_of, now) for meter in meters]
    if rows:
        ctx.session.execute(insert(BillingCharge), rows)


def _charge_row(batch_id: int, meter: Meter, entry_of: Mapping[int, int], now: datetime) -> dict[str, Any]:
    service, kind, month = meter.service, meter.kind, Period.parse(meter.period)
    return {
        "unique_key": f"usage:{batch_id}:{service.service_id}:{kind}:{month}",
        "account_id": service.account_id,
        "customer_id": service.customer_id,
        "entry_id": entry_of[service.account_id],
        "service_id": service.service_id,
        "service_number": service.service_number,
        "kind": ChargeKind.USAGE,
        "state": ChargeState.OPEN,
        "description": USAGE_LABELS[kind],
        "contract_number": "",
        "adjusted": {},
        "usage_type": kind,
        "first_day": month.first_day,
        "last_day": month.last_day,
        "quantity": meter.quantity,
        "count": meter.count,
        "amount_micros": meter.cost,
        "currency": service.currency,
        "at": now,
    }
