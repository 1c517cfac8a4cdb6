"""The figures of the start page that core knows; each only for those who may see what it counts."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from trunkline.customers.models import Customer
from trunkline.jobs.models import Job, JobState
from trunkline.operation import Context


@dataclass(frozen=True)
class Overview:
    """None where the actor may not see it."""

    customers: int | None
    jobs_running: int | None
    jobs_failed: int | None


def overview(ctx: Context) -> Overview:
    """Customers by count, jobs under way, and jobs that need a person."""
    see_jobs = ctx.actor.may("core.job.list")
    running = (JobState.QUEUED, JobState.RUNNING, JobState.ROLLING_BACK)
    failed = (JobState.FAILED, JobState.ROLLBACK_FAILED)
    return Overview(
        customers=_customers(ctx) if ctx.actor.may("core.customer.list") else None,
        jobs_running=_jobs(ctx, running) if see_jobs else None,
        jobs_failed=_jobs(ctx, failed) if see_jobs else None,
    )


def _customers(ctx: Context) -> int:
    statement = select(func.count()).select_from(Customer).where(*ctx.visible_conditions(Customer))
    return ctx.session.scalar(statement) or 0


def _jobs(ctx: Context, states: tuple[JobState, ...]) -> int:
    statement = select(func.count()).where(col(Job.state).in_(states), *ctx.visible_conditions(Job))
    return ctx.session.scalar(statement) or 0
