"""Storing checked uses: what is included first, the rest charged, in a few bulk statements per batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import col

from trunkline.db.numbers import Counter
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingCharge, ChargeKind, ChargeState, Ledger
from trunkline_billing.models.usage import BillingAllowance, BillingUsageBatch
from trunkline_billing.operations.accounts import lock_accounts
from trunkline_billing.operations.ledger import NewEntry, post
from trunkline_billing.periods import Period
from trunkline_billing.usage.bulk import insert_keys, insert_usage, keys_taken, roomy
from trunkline_billing.usage.checking import CheckedUse
from trunkline_billing.usage.facts import ChargedService, Facts

USAGE_LABELS = {"voice": "Calls", "sms": "Messages", "data": "Data", "event": "Events"}


@dataclass(frozen=True)
class Stored:
    """How many uses are new, and how many were taken before."""

    created: int
    unchanged: int


@dataclass
class _Sum:
    """What one service used of one type in one month, in this batch."""

    service: ChargedService
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
    with roomy(ctx.session):
        return _insert(ctx, facts, source, name, keyed, fresh, len(uses))


def _insert(
    ctx: Context,
    facts: Facts,
    source: str,
    name: str,
    keyed: Sequence[tuple[str, str, int]],
    fresh: Sequence[CheckedUse],
    count: int,
) -> Stored:
    first_id = min(number for _source, _key, number in keyed)
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
    meters = _Meters(ctx, facts, [use for _number, use in pairs])
    sums: dict[tuple[int, str, str], _Sum] = {}
    rows: list[tuple[Any, ...]] = []
    consume, add = meters.consume, rows.append
    for number, use in pairs:
        (
            _start,
            _key,
            service,
            kind,
            direction,
            identifier,
            other,
            origin,
            carrier,
            cell,
            quantity,
            start,
            price,
            period,
        ) = use
        included, cost, destination = 0, 0, ""
        if price is not None:
            place = (service.service_id, kind, period)
            included = consume(place, other, quantity)
            cost = price.cost(quantity - included)
            destination = price.destination
            total = sums.get(place)
            if total is None:
                total = sums[place] = _Sum(service)
            total.quantity += quantity
            total.count += 1
            total.cost += cost
        add(
            (
                service.account_id, number, batch_id, service.customer_id, service.service_id, kind, direction, identifier,
                other, destination, origin, carrier, cell, start, quantity, included, cost,
            )
        )  # fmt: skip
    rows.sort(key=itemgetter(0))
    insert_usage(ctx.session, rows)
    meters.save(ctx)
    _charge(ctx, batch_id, label, sums)


def _charge(ctx: Context, batch_id: int, label: str, sums: Mapping[tuple[int, str, str], _Sum]) -> None:
    """One entry per account and one charge per service, type and month, however many uses there were."""
    by_account: dict[int, int] = {}
    anyone: dict[int, ChargedService] = {}
    for total in sums.values():
        account_id = total.service.account_id
        by_account[account_id] = by_account.get(account_id, 0) + total.cost
        anyone[account_id] = total.service
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
        _charge_row(batch_id, kind, period, total, entry_of, now)
        for (_s, kind, period), total in sums.items()
    ]
    if rows:
        ctx.session.execute(insert(BillingCharge), rows)


def _charge_row(
    batch_id: int, kind: str, period: str, total: _Sum, entry_of: Mapping[int, int], now: datetime
) -> dict[str, Any]:
    service, month = total.service, Period.parse(period)
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
        "quantity": total.quantity,
        "count": total.count,
        "amount_micros": total.cost,
        "currency": service.currency,
        "at": now,
    }


class _Meters:
    """What is left of the allowances of every service and month in a batch; made when first needed, never below zero."""

    def __init__(self, ctx: Context, facts: Facts, uses: Iterable[CheckedUse]) -> None:
        self.home = facts.home
        wanted = {
            (use[2].service_id, use[13], use[3]): use[2]
            for use in uses
            if use[12] is not None and use[3] in use[2].allowances
        }
        self.left: dict[tuple[int, str, str], int] = {}
        self.before: dict[tuple[int, str, str], int] = {}
        self.ids: dict[tuple[int, str, str], int] = {}
        if wanted:
            _make_missing(ctx, wanted)
            self._load(ctx, wanted)

    def _load(self, ctx: Context, wanted: Mapping[tuple[int, str, str], ChargedService]) -> None:
        services = {service_id for service_id, _period, _type in wanted}
        periods = {period for _service, period, _type in wanted}
        for row in ctx.session.execute(
            select(
                col(BillingAllowance.id),
                col(BillingAllowance.service_id),
                col(BillingAllowance.period),
                col(BillingAllowance.type),
                col(BillingAllowance.quantity),
                col(BillingAllowance.used),
            ).where(col(BillingAllowance.period).in_(periods))
        ):
            if row.service_id in services:
                place = (row.service_id, row.type, row.period)
                self.left[place] = self.before[place] = row.quantity - row.used
                self.ids[place] = row.id

    def consume(self, place: tuple[int, str, str], other: str, quantity: int) -> int:
        """How much of `quantity` is included for (service, type, month); calls and messages only to covered numbers."""
        left = self.left.get(place)
        if not left or (place[1] != "data" and not other.lstrip("+").startswith(self.home)):
            return 0
        taken = quantity if quantity < left else left
        self.left[place] = left - taken
        return taken

    def save(self, ctx: Context) -> None:
        """Write back what was used of each."""
        changed = [
            {"of_id": self.ids[place], "by": self.before[place] - left}
            for place, left in self.left.items()
            if left != self.before[place]
        ]
        if changed:
            table = BillingAllowance.__table__  # type: ignore[attr-defined]
            ctx.session.connection().execute(
                update(table)
                .where(table.c.id == bindparam("of_id"))
                .values(used=table.c.used + bindparam("by")),
                changed,
            )


def _make_missing(ctx: Context, wanted: Mapping[tuple[int, str, str], ChargedService]) -> None:
    known = set(
        ctx.session.execute(
            select(
                col(BillingAllowance.service_id), col(BillingAllowance.period), col(BillingAllowance.type)
            ).where(col(BillingAllowance.period).in_({period for _service, period, _type in wanted}))
        )
    )
    rows = [
        {
            "account_id": service.account_id,
            "customer_id": service.customer_id,
            "service_id": place[0],
            "period": place[1],
            "type": place[2],
            "quantity": service.allowances[place[2]],
            "used": 0,
        }
        for place, service in wanted.items()
        if place not in known
    ]
    if rows:
        ctx.session.execute(insert(BillingAllowance), rows)
