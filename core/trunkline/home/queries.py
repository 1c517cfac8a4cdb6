"""The figures of the start page that core knows, and what waits for the people who run the console."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from trunkline.customers.models import Customer, CustomerStatus
from trunkline.jobs.models import Job, JobState
from trunkline.mail.models import Email, EmailStatus
from trunkline.operation import Context
from trunkline.sms.models import Sms, SmsStatus
from trunkline.web.table_params import COUNT_LIMIT


@dataclass(frozen=True)
class Overview:
    """None where the actor may not see it."""

    customers: int | None
    jobs_running: int | None


def overview(ctx: Context) -> Overview:
    """Customers by count (counting stops where lists stop), and jobs under way."""
    running = (JobState.QUEUED, JobState.RUNNING, JobState.ROLLING_BACK)
    return Overview(
        customers=_customers(ctx) if ctx.actor.may("core.customer.list") else None,
        jobs_running=_jobs(ctx, running) if ctx.actor.may("core.job.list") else None,
    )


def mails_that_failed(ctx: Context) -> int:
    """Messages that did not get out and wait for a person."""
    statement = select(func.count()).where(
        col(Email.status).in_((EmailStatus.FAILED, EmailStatus.PARKED)), *ctx.visible_conditions(Email)
    )
    return ctx.session.scalar(statement) or 0


def texts_that_failed(ctx: Context) -> int:
    """Text messages that did not get out, those left out whose time is over."""
    statement = select(func.count()).where(
        col(Sms.status) == SmsStatus.FAILED,
        col(Sms.useless_at).is_(None) | (col(Sms.useless_at) > ctx.now()),
        *ctx.visible_conditions(Sms),
    )
    return ctx.session.scalar(statement) or 0


def _customers(ctx: Context) -> int:
    # As many as the list opens with, which leaves out who was archived, merged or erased.
    current = col(Customer.status) != CustomerStatus.ARCHIVED
    some = select(col(Customer.id)).where(current, *ctx.visible_conditions(Customer)).limit(COUNT_LIMIT + 1)
    return ctx.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _jobs(ctx: Context, states: tuple[JobState, ...]) -> int:
    statement = select(func.count()).where(col(Job.state).in_(states), *ctx.visible_conditions(Job))
    return ctx.session.scalar(statement) or 0
