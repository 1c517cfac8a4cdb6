"""How long a job and each of its steps should take, told by earlier runs of the same work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from trunkline.jobs.models import Job, JobState, JobStep, StepState
from trunkline.operation import Context

#: So many of the latest runs that went well are looked at; of fewer than `_FEWEST` nothing is concluded.
_RUNS = 30
_FEWEST = 3


@dataclass(frozen=True)
class Expected:
    """Medians in seconds; steps by name. None and no steps while too few runs are known."""

    seconds: float | None = None
    steps: Mapping[str, float] = field(default_factory=dict)
    runs: int = 0


def expected(ctx: Context, job: Job) -> Expected:
    """What to expect of this job: medians of the latest runs of its kind, product and action that went well before it."""
    runs = ctx.session.execute(
        select(col(Job.id), col(Job.started_at), col(Job.finished_at))
        .where(
            col(Job.kind) == job.kind,
            col(Job.product) == job.product,
            col(Job.action) == job.action,
            col(Job.state) == JobState.SUCCEEDED,
            col(Job.id) < job.key,
        )
        .order_by(col(Job.id).desc())
        .limit(_RUNS)
    ).all()
    whole = [seconds for _key, began, ended in runs if (seconds := seconds_between(began, ended)) is not None]
    if len(whole) < _FEWEST:
        return Expected(runs=len(whole))
    steps: dict[str, list[float]] = {}
    rows = ctx.session.execute(
        select(col(JobStep.name), col(JobStep.started_at), col(JobStep.finished_at)).where(
            col(JobStep.job_id).in_([key for key, _began, _ended in runs]),
            col(JobStep.state) == StepState.DONE,
        )
    )
    for name, began, ended in rows:
        if (seconds := seconds_between(began, ended)) is not None:
            steps.setdefault(name, []).append(seconds)
    return Expected(median(whole), {name: median(taken) for name, taken in steps.items()}, len(whole))


def seconds_between(began: datetime | None, ended: datetime | None) -> float | None:
    """Seconds from one moment to the other; None while one of them is unknown."""
    return (ended - began).total_seconds() if began is not None and ended is not None else None


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle. Raises IndexError for none."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def percentile(values: Sequence[float], part: int) -> float:
    """The value that `part` per cent of them do not exceed (nearest rank). Raises IndexError for none."""
    ordered = sorted(values)
    return ordered[max(0, -(-part * len(ordered) // 100) - 1)]
