"""A month of a service that changed its product or its own price: which days are charged as what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from trunkline.db.parts import parts
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingProductChange
from trunkline_billing.periods import Period, charged_days, local_day, prorated
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import OwnPrice


class Subscribed(Protocol):
    """What is read of a subscription."""

    service_id: int
    product_code: str
    product_name: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class Segment:
    """Days of one month, both included, on which a service is charged as one product, at its price of the moment `at`.

    With a price of its `own` it is charged that instead.
    """

    product_code: str
    product_name: str
    first_day: date
    last_day: date
    at: datetime
    #: Whether it is the first of its month.
    leads: bool
    own: OwnPrice | None = None

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_day - self.first_day).days + 1


def changes_of(
    ctx: Context, service_ids: Sequence[int], since: date
) -> Mapping[int, Sequence[BillingProductChange]]:
    """The changes of product after the day `since` that tell what these services were on it and later, in order, by service."""
    found: dict[int, list[BillingProductChange]] = {}
    for some in parts(service_ids):
        for row in ctx.session.scalars(
            select(BillingProductChange)
            .where(
                col(BillingProductChange.service_id).in_(some),
                col(BillingProductChange.day) > since,
            )
            .order_by(col(BillingProductChange.at), col(BillingProductChange.id))
        ):
            found.setdefault(row.service_id, []).append(row)
    return found


def segments(
    subscription: Subscribed,
    changes: Sequence[BillingProductChange],
    period: Period,
    zone: ZoneInfo,
    own: Sequence[OwnPrice] = (),
) -> list[Segment]:
    """The charged days of a month by product and price, in order; the day of a change counts as what it became.

    `changes` are those after the month's first day, as `changes_of` gives them; `own` are the service's own prices, the earliest
    first.
    """
    ends_on = local_day(subscription.ends_at, zone) if subscription.ends_at else None
    days = charged_days(period, local_day(subscription.starts_at, zone), ends_on)
    if days is None:
        return []
    found: list[Segment] = []
    begins, began = days[0], max(subscription.starts_at, period.start(zone))
    for change in changes:
        last = min(change.day - timedelta(days=1), days[1])
        if begins <= last:
            found.append(
                Segment(change.product_code, change.product_name, begins, last, began, begins == days[0])
            )
            begins = last + timedelta(days=1)
        began = max(began, change.at)
    if begins <= days[1]:
        code, name = subscription.product_code, subscription.product_name
        found.append(Segment(code, name, begins, days[1], began, begins == days[0]))
    return _joined([part for one in found for part in by_price(one, own, zone)])


def by_price(segment: Segment, own: Sequence[OwnPrice], zone: ZoneInfo) -> list[Segment]:
    """The days of a segment by the service's own prices as that product, without those that a change of plan ended before."""
    found = [segment]
    for price in own:
        begins = local_day(price.effective_from, zone)
        last = found[-1]
        if price.product_code != segment.product_code or begins > segment.last_day:
            continue
        if price.effective_until and local_day(price.effective_until, zone) <= segment.first_day:
            continue
        if begins <= last.first_day:
            found[-1] = replace(last, own=price)
        else:
            found[-1] = replace(last, last_day=begins - timedelta(days=1))
            found.append(replace(last, first_day=begins, leads=False, own=price))
    return found


def _joined(found: Sequence[Segment]) -> list[Segment]:
    """Neighbours of one product and price as one: it was changed back on the day it was changed."""
    joined: list[Segment] = []
    for segment in found:
        if joined and (joined[-1].product_code, joined[-1].own) == (segment.product_code, segment.own):
            joined[-1] = replace(joined[-1], last_day=segment.last_day)
        else:
            joined.append(segment)
    return joined


def adjustment(price: OwnPrice | None, zone: ZoneInfo) -> dict[str, Any]:
    """How a charge keeps by what its price came about: `BillingCharge.adjusted`."""
    if price is None:
        return {}
    since = local_day(price.effective_from, zone).isoformat()
    return {"index": price.index_name, "basis_points": price.basis_points, "since": since}


def charged(ctx: Context, part: Segment, days_in_month: int) -> int:
    """What the days of a segment are charged, in micro-units."""
    price = part.own or catalog.price_at(ctx, part.product_code, part.at)
    return prorated(price.monthly_micros, part.days, days_in_month)


def product_on(current: str, changes: Sequence[BillingProductChange], day: date) -> str:
    """The product as which a service was charged on a day, from the changes after some earlier day and what it is now."""
    return next((change.product_code for change in changes if change.day > day), current)
