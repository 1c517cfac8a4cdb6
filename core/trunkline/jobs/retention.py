"""Forgetting jobs that have been over for long, with their logs. What waits for a person is kept."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.operation import Context
from trunkline.plugin import ScheduledTask
from trunkline.settings.core import CoreSettings

_OVER = (JobState.SUCCEEDED, JobState.ROLLED_BACK, JobState.CANCELLED)
#: Jobs and log lines of one transaction; a writer of SQLite keeps all others waiting meanwhile.
JOBS_AT_ONCE, LINES_AT_ONCE = 500, 10_000


def sweep(ctx: Context) -> None:
    """Delete logs past their days, then whole jobs past theirs; so many at a time, the rest comes next time."""
    settings = ctx.settings(CoreSettings)
    if _forget_logs(ctx, _ended(ctx, settings.job_log_days, has_log=True)):
        # A job past its own days without a log, or both would be met at once where they are equal.
        _forget_jobs(ctx, _ended(ctx, max(settings.job_days, settings.job_log_days), has_log=False))


def _ended(ctx: Context, days: int, *, has_log: bool) -> Sequence[int]:
    """Keys of jobs that ended more than so many days ago, the oldest first."""
    statement = (
        select(col(Job.id))
        .where(
            col(Job.has_log) == has_log,
            col(Job.finished_at) < ctx.now() - timedelta(days=days),
            col(Job.state).in_(_OVER),
        )
        .order_by(col(Job.finished_at))
        .limit(JOBS_AT_ONCE)
    )
    return [key for key in ctx.session.scalars(statement) if key is not None]


def _forget_logs(ctx: Context, keys: Sequence[int]) -> bool:
    """Delete these jobs' lines; False when there are more than fit into one transaction."""
    if not keys:
        return True
    some = select(col(JobEvent.id)).where(col(JobEvent.job_id).in_(keys)).limit(LINES_AT_ONCE)
    result: CursorResult[Any] = ctx.session.execute(delete(JobEvent).where(col(JobEvent.id).in_(some)))  # type: ignore[assignment]  # a DELETE gives a cursor, typed as a result
    if result.rowcount >= LINES_AT_ONCE:
        return False
    ctx.session.execute(update(Job).where(col(Job.id).in_(keys)).values(has_log=False))
    return True


def _forget_jobs(ctx: Context, keys: Sequence[int]) -> None:
    if keys:
        ctx.session.execute(delete(JobStep).where(col(JobStep.job_id).in_(keys)))
        ctx.session.execute(delete(Job).where(col(Job.id).in_(keys)))


RETENTION = ScheduledTask("forget_jobs", sweep, timedelta(minutes=5), _("Forget old jobs"))
