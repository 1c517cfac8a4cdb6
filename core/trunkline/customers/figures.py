"""Figures of customers over time, as charts: how many came and left, what share of them left, and where they stand now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, case, func, or_, select
from sqlmodel import col

from trunkline.charts import Chart, Kind, Point, Series, Unit, months
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.i18n import _, localize
from trunkline.operation import Context
from trunkline.web.tones import lazy_state_label

_MONTHS = 12
_created, _closed, _merged_into = (
    col(Customer.created_at),
    col(Customer.closed_at),
    col(Customer.merged_into_id),
)
_SHOWN = (
    CustomerStatus.ACTIVE,
    CustomerStatus.PENDING,
    CustomerStatus.SUSPENDED,
    CustomerStatus.CLOSED,
)


@dataclass(frozen=True)
class Movements:
    """Who came and left in each month, the running one last; `there` is how many there were as each month began."""

    points: Sequence[Point]
    came: Sequence[int]
    left: Sequence[int]
    there: Sequence[int]


def movements(ctx: Context) -> Movements:
    """The last twelve months of the customers that are visible.

    Somebody comes when they are registered and leaves when they are closed, or archived without having been active; who is
    opened again has not left. Doubles that were merged count nowhere.
    """
    points = months(localize(ctx.now()).date(), _MONTHS)
    edges = [
        datetime.combine(date.fromisoformat(f"{point.key}-01"), time(), ctx.app.config.zone)
        for point in points
    ]
    # A count of each month of its own walks its part of one index, and reads no rows.
    everybody, gone, *by_month = ctx.session.execute(
        select(
            _count(ctx),
            _count(ctx, _closed.is_not(None)),
            *(_count(ctx, *span) for span in _spans(_created, edges)),
            *(_count(ctx, *span) for span in _spans(_closed, edges)),
        )
    ).one()
    came, left = by_month[:_MONTHS], by_month[_MONTHS:]
    now = everybody - gone
    for double in _doubles(ctx, edges):
        now -= 0 if double.closed else double.count
        for counts, at in ((came, double.came), (left, double.left)):
            if at >= 0:
                counts[at] -= double.count
    there = [now - sum(came[at:]) + sum(left[at:]) for at in range(_MONTHS)]
    return Movements(points, came, left, there)


def by_month(found: Movements) -> Chart:
    """How many customers came and left in each month."""
    series = [Series("new", _("New"), found.came), Series("left", _("Left"), found.left, tone="bad")]
    return Chart(Kind.BESIDE, "month", found.points, series)


def churn(found: Movements) -> Chart:
    """Which share of those who were customers as a month began left in it."""
    rates = [left / there if there > 0 else None for left, there in zip(found.left, found.there, strict=True)]
    return Chart(Kind.LINE, "month", found.points, [Series("churn", _("Churn rate"), rates)], Unit.SHARE)


def by_status(ctx: Context) -> Chart:
    """How many customers stand where; archived ones are left out."""
    statement = (
        select(col(Customer.status), func.count().label("customers"))
        .where(col(Customer.status).in_(_SHOWN), *ctx.visible_conditions(Customer))
        .group_by(col(Customer.status))
    )
    found = {row.status: row.customers for row in ctx.session.execute(statement)}
    shown = [status for status in _SHOWN if found.get(status)]
    points = [Point(one.value, str(lazy_state_label(one)), str(lazy_state_label(one))) for one in shown]
    return Chart(
        Kind.PIE, "status", points, [Series("customers", _("Customers"), [found[one] for one in shown])]
    )


def _count(ctx: Context, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    statement = select(func.count()).select_from(Customer)
    return statement.where(*conditions, *ctx.visible_conditions(Customer)).scalar_subquery()


def _spans(column: Any, edges: Sequence[datetime]) -> list[list[ColumnElement[bool]]]:
    """The conditions of each month; the last one has no end."""
    spans = [[column >= begin, column < end] for begin, end in pairwise(edges)]
    return [*spans, [column >= edges[-1]]]


@dataclass(frozen=True)
class _Doubles:
    """Merged customers who came and left in the same months, as places; -1 for before them, and where nobody left."""

    came: int
    left: int
    closed: bool
    count: int


def _doubles(ctx: Context, edges: Sequence[datetime]) -> list[_Doubles]:
    """Those that were merged are few enough to be read row by row."""
    closed = _closed.is_not(None).label("closed")
    came, left = _place(_created, edges).label("came"), _place(_closed, edges).label("left")
    statement = select(came, left, closed, func.count().label("doubles")).where(
        _merged_into > 0, *ctx.visible_conditions(Customer)
    )
    return [
        _Doubles(row.came, row.left, bool(row.closed), row.doubles)
        for row in ctx.session.execute(statement.group_by("came", "left", "closed"))
    ]


def _place(column: Any, edges: Sequence[datetime]) -> ColumnElement[int]:
    return case(
        (or_(column.is_(None), column < edges[0]), -1),
        *((column < end, at) for at, end in enumerate(edges[1:])),
        else_=len(edges) - 1,
    )
