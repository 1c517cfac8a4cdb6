"""How many steps work on one thing at once: a network element that answers two sessions gets two.

A job that finds no place waits for the target by name, and whoever leaves it calls the most urgent one that waits: ten thousand
jobs for one element are looked at once each, not again and again.
"""

from datetime import timedelta

from sqlalchemy import func, select, text
from sqlmodel import col

from trunkline.jobs import wake
from trunkline.jobs.models import IS_OPEN, Job, JobState, JobStep, StepState
from trunkline.operation import Context

#: A job that nobody called looks again by itself; only a call that was lost makes it wait so long.
_LOOKS_AGAIN = timedelta(seconds=20)
_BUSY = (StepState.RUNNING, StepState.UNDOING)
_AT_WORK = (JobState.RUNNING, JobState.ROLLING_BACK)


def take_turn(ctx: Context, name: str) -> None:
    """Let nobody else who takes a turn at `name` decide until this transaction is over. SQLite has one writer anyhow."""
    if not ctx.app.database.is_sqlite:
        ctx.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


def is_free(ctx: Context, step: JobStep) -> bool:
    """Whether the step may begin. What others have begun counts on all hosts; a dead worker's step, until it is taken up."""
    if not step.target or step.at_once < 1:
        return True
    take_turn(ctx, step.target)
    busy = (
        select(func.count())
        .select_from(JobStep)
        .join(Job, col(Job.id) == col(JobStep.job_id))
        .where(
            col(JobStep.target) == step.target,
            col(JobStep.state).in_(_BUSY),
            col(JobStep.id) != step.id,
            col(Job.state).in_(_AT_WORK),
        )
    )
    return (ctx.session.scalar(busy) or 0) < step.at_once


def wait(ctx: Context, job: Job, step: JobStep) -> None:
    """Hand the job back until a place at the step's target is called out."""
    job.waits_for, job.lease_until = step.target, None
    job.run_at = ctx.app.clock() + _LOOKS_AGAIN


def leave(ctx: Context, step: JobStep) -> None:
    """Call the most urgent job that waits for the target at which a step has ended."""
    if not step.target or step.at_once < 1:
        return
    take_turn(ctx, step.target)
    statement = (
        select(Job)
        .where(IS_OPEN, col(Job.waits_for) == step.target)
        .order_by(col(Job.priority), col(Job.id))
        .limit(1)
        # One that is locked is looking for itself at this moment, and will find the place.
        .with_for_update(skip_locked=True)
    )
    waiting = ctx.session.scalars(statement).first()
    if waiting is not None:
        waiting.waits_for, waiting.run_at = "", ctx.app.clock()
        wake.job_is_due(ctx, waiting.key, waiting.run_at)
