"""What services use in a batch of records, and rating it: what is included first, the oldest use before the others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import col

from trunkline.operation import Context
from trunkline_billing.models.usage import BillingAllowance
from trunkline_billing.usage.bulk import START
from trunkline_billing.usage.checking import CheckedUse, Stretch
from trunkline_billing.usage.facts import ChargedService

#: Service, type and month.
Place = tuple[int, str, str]


@dataclass(slots=True, eq=False)
class Meter:
    """What one service uses of one type in one month in this batch, and what its allowance, if there is one, has left.

    Where `is_charged` is false it has what came in, which is kept only.
    """

    service: ChargedService
    kind: str
    period: str
    is_charged: bool
    #: From when on the service is the one above, which a change of its product makes another.
    since: float
    uses: list[CheckedUse] = field(default_factory=list)
    allowance_id: int = 0
    before: int = 0
    left: int = 0
    quantity: int = 0
    cost: int = 0

    @property
    def count(self) -> int:
        """How many uses it has measured."""
        return len(self.uses)

    @property
    def place(self) -> Place:
        return self.service.service_id, self.kind, self.period


def meters_of(ctx: Context, uses: Iterable[CheckedUse]) -> list[Meter]:
    """Meters with the uses that each will measure. Allowances are made when first needed."""
    meters: dict[tuple[Place, bool], Meter] = {}
    uses_of: dict[Stretch, list[CheckedUse]] = {}
    for use in uses:
        stretch = use[2]
        found = uses_of.get(stretch)
        if found is None:
            found = uses_of[stretch] = _meter(meters, stretch).uses
        found.append(use)
    _give_allowances(ctx, {meter.place: meter for meter in meters.values() if meter.is_charged})
    return list(meters.values())


def _meter(meters: dict[tuple[Place, bool], Meter], stretch: Stretch) -> Meter:
    """Where a stretch is measured: stretches of one service, type and month share a meter."""
    service = stretch.service
    place = (service.service_id, stretch.kind, stretch.period), stretch.is_charged
    meter = meters.get(place)
    if meter is None:
        meter = meters[place] = Meter(
            service, stretch.kind, stretch.period, stretch.is_charged, stretch.since
        )
    elif stretch.since > meter.since:
        meter.service, meter.since = service, stretch.since
    return meter


def rated(meters: Sequence[Meter], home: tuple[str, ...], to_id: int) -> list[tuple[Any, ...]]:
    """Rate what the meters of one service have; returns rows for `insert_usage` in the order of their table.

    `to_id` added to a use's position is its row's key; `home` are the prefixes that allowances cover.
    """
    rows: list[tuple[Any, ...]] = []
    for meter in meters:
        rows += _rated(meter, home, to_id)
    if len(meters) > 1:
        rows.sort(key=itemgetter(START))
    return rows


def _rated(meter: Meter, home: tuple[str, ...], to_id: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    add, left, cost_of_all, quantity_of_all = rows.append, meter.left, 0, 0
    # Calls and messages are included only to covered numbers.
    is_data = meter.kind == "data"
    meter.uses.sort()
    for _start, _key, stretch, other, origin, carrier, cell, quantity, start, price, position in meter.uses:
        included = 0
        if left > 0 and (is_data or other.lstrip("+").startswith(home)):
            included = quantity if quantity < left else left
            left -= included
        cost = price.cost(quantity - included)
        quantity_of_all += quantity
        cost_of_all += cost
        add(
            (
                *stretch.row, to_id + position, other, price.destination, origin, carrier, cell, start, quantity, included, cost,
            )
        )  # fmt: skip
    meter.left, meter.quantity, meter.cost = left, quantity_of_all, cost_of_all
    return rows


def _give_allowances(ctx: Context, meters: Mapping[Place, Meter]) -> None:
    """Tell meters what is left of their allowances, after those that are missing were made."""
    wanted = {
        place: meter.service for place, meter in meters.items() if meter.kind in meter.service.allowances
    }
    if wanted:
        for allowance_id, place, left in _allowances(ctx, wanted):
            meter = meters.get(place)
            if meter is not None:
                meter.allowance_id, meter.before, meter.left = allowance_id, left, left


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


def save_allowances(ctx: Context, meters: Iterable[Meter]) -> None:
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
