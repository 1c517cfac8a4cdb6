"""How long provisioning takes and how often it goes well: per product and what is done with it, and per step."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlmodel import col

from trunkline.i18n import localize
from trunkline.jobs.expecting import median, percentile, seconds_between
from trunkline.jobs.models import Job, JobState, JobStep
from trunkline.operation import Context

DAYS = 30
#: So many of the latest jobs are measured at most, however many there were in those days.
MOST = 5_000
#: Cancelled jobs are left out: that somebody changed their mind says nothing of the network.
_FAILED = (JobState.FAILED, JobState.ROLLED_BACK, JobState.ROLLBACK_FAILED)
_ENDED = (JobState.SUCCEEDED, *_FAILED)


@dataclass(frozen=True)
class Figures:
    """Runs of one kind of work, of the whole job or of one `step` of it.

    Times are seconds, of the runs that went well; None without any.
    """

    kind: str
    product: str
    action: str
    step: str
    runs: int
    succeeded: int
    median: float | None
    p95: float | None

    @property
    def rate(self) -> float:
        """The share that went well, of one."""
        return self.succeeded / self.runs


@dataclass(frozen=True)
class Performance:
    """All figures, jobs and steps apart, the most frequent first. `complete` is False when only the latest jobs were measured."""

    jobs: list[Figures]
    steps: list[Figures]
    measured: int
    complete: bool
    #: Whole jobs by the day on which they ended in the reader's zone, days without any left out.
    days: dict[date, "Day"] = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """The jobs that ended on one day; times are seconds of those that went well, None without any."""

    succeeded: int
    failed: int
    median: float | None
    p95: float | None


@dataclass
class _Tally:
    runs: int = 0
    taken: list[float] = field(default_factory=list)
    succeeded: int = 0

    def add(self, went_well: bool, seconds: float | None) -> None:
        self.runs += 1
        self.succeeded += went_well
        if went_well and seconds is not None:
            self.taken.append(seconds)


def performance(ctx: Context, *, product: str = "") -> Performance:
    """Figures of the visible jobs for products that ended within `DAYS`, of one `product` or of all."""
    jobs = _jobs(ctx, product, ctx.now() - timedelta(days=DAYS))
    whole: dict[tuple[str, str, str, str], _Tally] = {}
    by_step: dict[tuple[str, str, str, str], _Tally] = {}
    by_day: dict[date, _Tally] = {}
    by_key = {row["id"]: row for row in jobs}
    for row in jobs:
        tally = whole.setdefault((row["kind"], row["product"], row["action"], ""), _Tally())
        of_day = by_day.setdefault(localize(row["finished_at"]).date(), _Tally())
        seconds = seconds_between(row["started_at"], row["finished_at"])
        for one in (tally, of_day):
            one.add(row["state"] == JobState.SUCCEEDED, seconds)
    for of_job, step, went_well in _steps(ctx, by_key):
        tally = by_step.setdefault(
            (of_job["kind"], of_job["product"], of_job["action"], step["label"]), _Tally()
        )
        # What was undone ended when it was undone, so only jobs that went well tell times.
        timed = of_job["state"] == JobState.SUCCEEDED
        tally.add(went_well, seconds_between(step["started_at"], step["finished_at"]) if timed else None)
    days = {day: _day(tally) for day, tally in by_day.items()}
    return Performance(_figures(whole), _figures(by_step), len(jobs), len(jobs) < MOST, days)


def products(ctx: Context) -> list[str]:
    """Codes of the products that the jobs of these days were for."""
    latest = _recent(ctx, ctx.now() - timedelta(days=DAYS)).with_only_columns(col(Job.product)).subquery()
    return sorted(ctx.session.scalars(select(latest.c.product).distinct()))


def product_names(ctx: Context, codes: Iterable[str]) -> dict[str, str]:
    """What the plugins call these products; a code that nobody names stands for itself."""
    wanted = sorted({code for code in codes if code})
    named: dict[str, str] = dict(
        one for _plugin, one in ctx.app.hooks.gather("job_products", tuple, ctx=ctx, codes=wanted)
    )
    return {code: str(named.get(code) or code) for code in wanted}


def _recent(ctx: Context, since: datetime) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Job.id).label("id"),
            col(Job.kind).label("kind"),
            col(Job.product).label("product"),
            col(Job.action).label("action"),
            col(Job.state).label("state"),
            col(Job.started_at).label("started_at"),
            col(Job.finished_at).label("finished_at"),
        )
        .where(
            col(Job.finished_at) >= since,
            col(Job.state).in_(_ENDED),
            col(Job.product) != "",
            *ctx.visible_conditions(Job),
        )
        .order_by(col(Job.finished_at).desc(), col(Job.id).desc())
        .limit(MOST)
    )
    return statement


def _jobs(ctx: Context, product: str, since: datetime) -> list[RowMapping]:
    statement = _recent(ctx, since)
    if product:
        statement = statement.where(col(Job.product) == product)
    return list(ctx.session.execute(statement).mappings())


def _steps(ctx: Context, jobs: dict[int, RowMapping]) -> Iterator[tuple[RowMapping, RowMapping, bool]]:
    """Every step that was begun: of which job, and whether it went well. A failed job failed at the last step that it began."""
    begun: dict[int, list[RowMapping]] = {}
    keys = list(jobs)
    for at in range(0, len(keys), 500):
        rows = ctx.session.execute(
            select(
                col(JobStep.job_id).label("job_id"),
                col(JobStep.seq).label("seq"),
                col(JobStep.label).label("label"),
                col(JobStep.started_at).label("started_at"),
                col(JobStep.finished_at).label("finished_at"),
            )
            .where(col(JobStep.job_id).in_(keys[at : at + 500]), col(JobStep.tries) > 0)
            .order_by(col(JobStep.job_id), col(JobStep.seq))
        ).mappings()
        for row in rows:
            begun.setdefault(row["job_id"], []).append(row)
    for key, steps in begun.items():
        failed = jobs[key]["state"] != JobState.SUCCEEDED
        for step in steps:
            yield jobs[key], step, not (failed and step is steps[-1])


def _day(tally: _Tally) -> Day:
    return Day(tally.succeeded, tally.runs - tally.succeeded, *_times(tally))


def _times(tally: _Tally) -> tuple[float | None, float | None]:
    return (median(tally.taken), percentile(tally.taken, 95)) if tally.taken else (None, None)


def _figures(tallies: dict[tuple[str, str, str, str], _Tally]) -> list[Figures]:
    found = [
        Figures(
            *key,
            runs=tally.runs,
            succeeded=tally.succeeded,
            median=_times(tally)[0],
            p95=_times(tally)[1],
        )
        for key, tally in tallies.items()
    ]
    return sorted(found, key=lambda one: (-one.runs, one.product, one.action))
