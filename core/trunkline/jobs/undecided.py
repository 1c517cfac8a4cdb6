"""Steps that wait for somebody's decision: those that could not be undone, and those where a job holds."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, and_, func, or_, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.jobs.models import MAIL_KINDS, Job, JobState, JobStep, StepState
from trunkline.operation import Context

#: More than this are worked off from the list of jobs, many at a time.
MOST = 100
#: Messages that did not get out wait in lists of their own.
_OWN_QUEUES = (*MAIL_KINDS, "core.sms")

_ROLL_BACK = and_(col(Job.state) == JobState.ROLLBACK_FAILED, col(JobStep.state) == StepState.UNDO_FAILED)
_HELD = and_(col(Job.state) == JobState.FAILED, col(JobStep.state) == StepState.FAILED)


def undecided(ctx: Context) -> Sequence[RowMapping]:
    """The visible steps that wait for a decision, the oldest first; mails have a list of their own."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Job.number).label("number"),
            col(Job.title).label("title"),
            col(Job.state).label("state"),
            col(Job.finished_at).label("since"),
            col(JobStep.seq).label("seq"),
            col(JobStep.label).label("step"),
            col(JobStep.error).label("error"),
            col(Customer.number).label("customer"),
            col(Customer.name).label("customer_name"),
        )
        .select_from(Job)
        .join(JobStep, col(JobStep.job_id) == col(Job.id))
        .outerjoin(Customer, col(Customer.id) == col(Job.customer_id))
        .where(
            col(Job.state).in_((JobState.ROLLBACK_FAILED, JobState.FAILED)),
            or_(_ROLL_BACK, _HELD),
            col(Job.kind).not_in(_OWN_QUEUES),
            *ctx.visible_conditions(Job),
        )
        .order_by(col(Job.id), col(JobStep.seq))
        .limit(MOST)
    )
    return ctx.session.execute(statement).mappings().all()


def counted(ctx: Context, state: JobState) -> int:
    """How many visible jobs are in this state, mails left out."""
    statement = select(func.count()).where(
        col(Job.state) == state, col(Job.kind).not_in(_OWN_QUEUES), *ctx.visible_conditions(Job)
    )
    return ctx.session.scalar(statement) or 0
