"""Storing checked uses: what is included first, the rest charged, in a few bulk statements per batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import col

from trunkline.db.numbers import Counter
from trunkline.db.room import roomy
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingCharge, ChargeKind, ChargeState, Ledger
from trunkline_billing.models.usage import BillingAllowance, BillingUsageBatch
from trunkline_billing.operations.accounts import lock_accounts
from trunkline_billing.operations.ledger import NewEntry, post
from trunkline_billing.periods import Period
from trunkline_billing.usage.bulk import insert_keys, insert_usage, keys_taken
from trunkline_billing.usage.checking import CheckedUse
from trunkline_billing.usage.facts import ChargedService, Facts

#: Kilobytes of SQLite's cache for a batch.
_ROOM = 64_000
USAGE_LABELS = {"voice": "Calls", "sms": "Messages", "data": "Data", "event": "Events"}


@dataclass(frozen=True)
class Stored:
    """How many uses are new, and how many were taken before."""

    created: int
    unchanged: int


#: Service, type and month.
Place = tuple[int, str, str]


@dataclass(slots=True)
class _Meter:
    """What one service uses of one type in one month in this batch, and what its allowance, if there is one, has left."""

    service: ChargedService
    allowance_id: int = 0
    before: int = 0
    left: int = 0
    quantity: int = 0
    count: int = 0
    cost: int = 0


def store(ctx: Context, facts: Facts, source: str, name: str, uses: list[CheckedUse]) -> Stored:
    """Rate and store uses that passed the check, oldest first; those whose (source, key) was taken change nothing."""
    fresh = list({use[1]: use for use in reversed(uses)}.values())
    fresh.sort()
    if not fresh:
        return Stored(0, 0)
    lock_accounts(ctx, {use[2].account_id for use in fresh})
    first_id = _take_ids(ctx, len(fresh))
    keyed = [(source, use[1], number) for number, use in enumerate(fresh, start=first_id)]
    # In the order of the index, neighbours meet on one page.
    keyed.sort(key=itemgetter(1))
    with roomy(ctx.session, _ROOM):
        return _insert(ctx, facts, source, name, keyed, first_id, fresh, len(uses))


def _insert(
    ctx: Context,
    facts: Facts,
    source: str,
    name: str,
    keyed: Sequence[tuple[str, str, int]],
    first_id: int,
    fresh: Sequence[CheckedUse],
    count: int,
) -> Stored:
    if insert_keys(ctx.session, keyed) < len(keyed):
        taken = keys_taken(ctx.session, source, keyed)
        pairs = [(number, use) for number, use in enumerate(fresh, start=first_id) if use[1] not in taken]
    else:
        pairs = list(enumerate(fresh, start=first_id))
    if pairs:
        batch = BillingUsageBatch(source=source, name=name[:200], rows=len(pairs), at=ctx.now())
        ctx.session.add(batch)
        ctx.session.flush()
        _rate_and_store(ctx, facts, batch.id or 0, f"{source} · {name}", pairs)
    return Stored(len(pairs), count - len(pairs))


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
    ctx: Context, facts: Facts, batch_id: int, label: str, pairs: Sequence[tuple[int, CheckedUse]]
) -> None:
    meters = _meters(ctx, [use for _number, use in pairs])
    home, rows = facts.home, list[tuple[Any, ...]]()
    add = rows.append
    for number, use in pairs:
        (
            _start, _key, service, kind, direction, identifier, other, origin, carrier, cell, quantity, start, price, period,
        ) = use  # fmt: skip
        included, cost, destination = 0, 0, ""
        if price is not None:
            meter = meters[service.service_id, kind, period]
            left = meter.left
            # Calls and messages are included only to covered numbers.
            if left > 0 and (kind == "data" or other.lstrip("+").startswith(home)):
                included = quantity if quantity < left else left
                meter.left = left - included
            cost = price.cost(quantity - included)
            destination = price.destination
            meter.quantity += quantity
            meter.count += 1
            meter.cost += cost
        add(
            (
                service.account_id, number, service.customer_id, service.service_id, kind, direction, identifier,
                other, destination, origin, carrier, cell, start, quantity, included, cost,
            )
        )  # fmt: skip
    rows.sort(key=itemgetter(0))
    insert_usage(ctx.session, batch_id, rows)
    _save_allowances(ctx, meters.values())
    _charge(ctx, batch_id, label, meters)


def _charge(ctx: Context, batch_id: int, label: str, meters: Mapping[Place, _Meter]) -> None:
    """One entry per account and one charge per service, type and month, however many uses there were."""
    by_account: dict[int, int] = {}
    anyone: dict[int, ChargedService] = {}
    for meter in meters.values():
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
    rows = [
        _charge_row(batch_id, kind, period, meter, entry_of, now)
        for (_s, kind, period), meter in meters.items()
    ]
    if rows:
        ctx.session.execute(insert(BillingCharge), rows)


def _charge_row(
    batch_id: int, kind: str, period: str, meter: _Meter, entry_of: Mapping[int, int], now: datetime
) -> dict[str, Any]:
    service, month = meter.service, Period.parse(period)
    return {
        "unique_key": f"usage:{batch_id}:{service.service_id}:{kind}:{period}",
        "account_id": service.account_id,
        "customer_id": service.customer_id,
        "entry_id": entry_of[service.account_id],
        "service_id": service.service_id,
        "service_number": service.service_number,
        "kind": ChargeKind.USAGE,
        "state": ChargeState.OPEN,
        "description": USAGE_LABELS[kind],
        "usage_type": kind,
        "first_day": month.first_day,
        "last_day": month.last_day,
        "quantity": meter.quantity,
        "count": meter.count,
        "amount_micros": meter.cost,
        "currency": service.currency,
        "at": now,
    }


def _meters(ctx: Context, uses: Iterable[CheckedUse]) -> dict[Place, _Meter]:
    """A meter for each place that is charged in a batch; allowances are made when first needed."""
    places = {(use[2].service_id, use[3], use[13]): use[2] for use in uses if use[12] is not None}
    meters = {place: _Meter(service) for place, service in places.items()}
    including = {place: service for place, service in places.items() if place[1] in service.allowances}
    if including:
        for allowance_id, place, left in _allowances(ctx, including):
            meter = meters.get(place)
            if meter is not None:
                meter.allowance_id, meter.before, meter.left = allowance_id, left, left
    return meters


def _allowances(ctx: Context, wanted: Mapping[Place, ChargedService]) -> Iterator[tuple[int, Place, int]]:
    """Key, place and rest of the allowances of the wanted places' months, after those that are missing were made."""
    _make_missing(ctx, wanted)
    for row in ctx.session.execute(
        select(
            col(BillingAllowance.id),
            col(BillingAllowance.service_id),
            col(BillingAllowance.period),
            col(BillingAllowance.type),
            col(BillingAllowance.quantity),
            col(BillingAllowance.used),
        ).where(col(BillingAllowance.period).in_({period for _service, _type, period in wanted}))
    ):
        yield row.id, (row.service_id, row.type, row.period), row.quantity - row.used


def _save_allowances(ctx: Context, meters: Iterable[_Meter]) -> None:
    """Write back what was used of each."""
    changed = [
        {"of_id": meter.allowance_id, "by": meter.before - meter.left}
        for meter in meters
        if meter.left != meter.before
    ]
    if changed:
        table = BillingAllowance.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
        ctx.session.connection().execute(
            update(table).where(table.c.id == bindparam("of_id")).values(used=table.c.used + bindparam("by")),
            changed,
        )


def _make_missing(ctx: Context, wanted: Mapping[Place, ChargedService]) -> None:
    known = set(
        ctx.session.execute(
            select(
                col(BillingAllowance.service_id), col(BillingAllowance.type), col(BillingAllowance.period)
            ).where(col(BillingAllowance.period).in_({period for _service, _type, period in wanted}))
        )
    )
    rows = [
        {
            "account_id": service.account_id,
            "customer_id": service.customer_id,
            "service_id": place[0],
            "period": place[2],
            "type": place[1],
            "quantity": service.allowances[place[1]],
            "used": 0,
        }
        for place, service in wanted.items()
        if place not in known
    ]
    if rows:
        ctx.session.execute(insert(BillingAllowance), rows)
