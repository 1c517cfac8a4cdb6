"""The load of the last day as charts: what waited, and what was done."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from trunkline import i18n
from trunkline.charts import Chart, Kind, Point, Series
from trunkline.i18n import _
from trunkline.jobs.load import LoadSample
from trunkline.operation import Context

_POINTS = 96
_SPAN = timedelta(minutes=15)
Samples = Sequence[Sequence[LoadSample]]


def samples(ctx: Context) -> tuple[list[Point], Samples]:
    """The quarters of an hour of the last day, the running one last, and what was noted in each."""
    now = ctx.now()
    last = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    begins = [last - _SPAN * (_POINTS - 1 - at) for at in range(_POINTS)]
    found: list[list[LoadSample]] = [[] for _begin in begins]
    statement = select(LoadSample).where(col(LoadSample.at) >= begins[0]).order_by(col(LoadSample.at))
    for sample in ctx.session.scalars(statement):
        found[min(_POINTS - 1, (sample.at - begins[0]) // _SPAN)].append(sample)
    points = [
        Point(f"{begin:%Y-%m-%dT%H:%MZ}", i18n.format_time(begin), i18n.format_datetime(begin))
        for begin in begins
    ]
    return points, found


def waiting(points: Sequence[Point], found: Samples) -> Chart:
    """The most that waited in each quarter of an hour; nothing where nobody noted it, as while no worker ran."""

    def most(what: Callable[[LoadSample], int]) -> list[int | None]:
        return [max(map(what, group), default=None) for group in found]

    return Chart(
        Kind.LINE,
        "quarter",
        points,
        [
            Series("jobs", _("Jobs"), most(lambda one: one.jobs_waiting)),
            Series("mails", _("E-mails"), most(lambda one: one.mails_waiting), dashed=True),
            Series("deliveries", _("Event deliveries"), most(lambda one: one.deliveries_waiting)),
        ],
    )


def done(points: Sequence[Point], found: Samples) -> Chart:
    """Jobs that ended in each quarter of an hour."""
    return Chart(
        Kind.BAR,
        "quarter",
        points,
        [
            Series(
                "succeeded", _("Went well"), [sum(one.jobs_succeeded for one in group) for group in found]
            ),
            Series(
                "failed", _("Failed"), [sum(one.jobs_failed for one in group) for group in found], tone="bad"
            ),
        ],
    )
