"""Provisioning day by day: how many jobs went well, and how long they took."""

from datetime import date, timedelta

from trunkline.charts import Chart, Kind, Point, Series, Unit, days
from trunkline.i18n import _, localize
from trunkline.jobs.performance import DAYS, Performance
from trunkline.operation import Context


def outcomes(ctx: Context, found: Performance) -> Chart:
    """Jobs that went well and that failed, by the day on which they ended."""
    points, known = _days(ctx, found), found.days
    figures = [known.get(date.fromisoformat(point.key)) for point in points]
    return Chart(
        Kind.BAR,
        "day",
        points,
        [
            Series("succeeded", _("Went well"), [one.succeeded if one else 0 for one in figures]),
            Series("failed", _("Failed"), [one.failed if one else 0 for one in figures], tone="bad"),
        ],
    )


def times(ctx: Context, found: Performance) -> Chart:
    """Seconds that jobs which went well took, by the day on which they ended."""
    points, known = _days(ctx, found), found.days
    figures = [known.get(date.fromisoformat(point.key)) for point in points]
    return Chart(
        Kind.LINE,
        "day",
        points,
        [
            Series("median_s", _("Median"), [one.median if one else None for one in figures]),
            Series("p95_s", _("95th percentile"), [one.p95 if one else None for one in figures], dashed=True),
        ],
        Unit.SECONDS,
    )


def _days(ctx: Context, found: Performance) -> list[Point]:
    """The days that were measured whole: where only the latest jobs were, the day of the oldest one is left out."""
    today = localize(ctx.now()).date()
    first = today - timedelta(days=DAYS - 1)
    if not found.complete and found.days:
        first = min(today, max(first, min(found.days) + timedelta(days=1)))
    return days(first, today)
