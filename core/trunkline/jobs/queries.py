"""Reading jobs: the list, one job with its steps, its log."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, RowMapping, Select, bindparam, func, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.db.distinct import each_value
from trunkline.db.prepared import Found, Prepared
from trunkline.db.recent import Recent
from trunkline.jobs.models import NEEDS_DECISION, Job, JobEvent, JobState, JobStep, StepState
from trunkline.operation import Context

#: States in which a person has to decide.
NEEDS_PERSON = NEEDS_DECISION

_PROBLEMS = ("warn", "error")
#: So many of the latest jobs say which products are suggested.
_LATEST = 2000
#: How long a customer's page tells of an order that was undone.
_RECENT = timedelta(days=1)

_STEPS = select(func.count()).where(col(JobStep.job_id) == col(Job.id))
_LISTED: Select[*tuple[Any, ...]] = (
    select(
        col(Job.id).label("id"),
        col(Job.number).label("number"),
        col(Job.title).label("title"),
        col(Job.kind).label("kind"),
        col(Job.product).label("product"),
        col(Job.state).label("state"),
        col(Job.error).label("error"),
        col(Job.requested_by).label("requested_by"),
        col(Job.subject_kind).label("subject_kind"),
        col(Job.subject_id).label("subject_id"),
        col(Job.created_at).label("created_at"),
        col(Job.run_at).label("run_at"),
        col(Job.waits_for).label("waits_for"),
        col(Job.priority).label("priority"),
        col(Job.started_at).label("started_at"),
        col(Job.finished_at).label("finished_at"),
        _STEPS.scalar_subquery().label("steps"),
        _STEPS.where(col(JobStep.state) == StepState.DONE).scalar_subquery().label("steps_done"),
        col(Customer.number).label("customer"),
        col(Customer.name).label("customer_name"),
    )
    .select_from(Job)
    .outerjoin(Customer, col(Customer.id) == col(Job.customer_id))
)
_TROUBLES = Prepared(
    _LISTED.where(
        col(Job.customer_id) == bindparam("customer_id"),
        col(Job.state).in_(NEEDS_PERSON)
        | ((col(Job.state) == JobState.ROLLED_BACK) & (col(Job.finished_at) > bindparam("since"))),
    )
    .order_by(col(Job.id).desc())
    .limit(bindparam("limit", type_=Integer)),
    Job,
)
_NEEDING_PERSON = Prepared(select(func.count().label("n")).where(col(Job.state).in_(NEEDS_PERSON)), Job)
_KINDS = Prepared(each_value(col(Job.kind)))


def _latest(column: Any, key: Any) -> Recent:
    """The different values of a column in the latest rows that have one."""
    latest = select(column.label("value")).where(column != "").order_by(key.desc()).limit(_LATEST).subquery()
    return Recent(Prepared(select(latest.c.value).distinct().order_by(latest.c.value)))


_PRODUCTS = _latest(col(Job.product), col(Job.id))
_TARGETS = _latest(col(JobStep.target), col(JobStep.id))


def get(ctx: Context, number: str) -> Job:
    """The visible job with this number. Raises NotFound."""
    return ctx.load_by(Job, Job.number, number)


def customer_of(ctx: Context, job: Job) -> Customer | None:
    """The customer a job is for."""
    return ctx.session.get(Customer, job.customer_id) if job.customer_id is not None else None


def list_jobs(ctx: Context, *, contributed_by: str = "") -> Select[*tuple[Any, ...]]:
    """The columns that lists of jobs show; with `contributed_by` only jobs that have a step of this plugin."""
    statement = _LISTED.where(*ctx.visible_conditions(Job))
    if contributed_by:
        of_plugin = select(col(JobStep.job_id)).where(col(JobStep.contributed_by) == contributed_by)
        statement = statement.where(col(Job.id).in_(of_plugin))
    return statement


def kinds(ctx: Context) -> list[str]:
    """The kinds of jobs there are."""
    return sorted(row.value for row in _KINDS.rows(ctx))


def recent_products(ctx: Context) -> list[tuple[str, str]]:
    """Products of the latest jobs, as suggestions (value, label)."""
    return [(row.value, row.value) for row in _PRODUCTS.rows(ctx)]


def recent_targets(ctx: Context) -> list[tuple[str, str]]:
    """What the latest steps worked on, as suggestions (value, label)."""
    return [(row.value, row.value) for row in _TARGETS.rows(ctx)]


def steps_of(ctx: Context, job_id: int) -> Sequence[JobStep]:
    """A job's steps in order."""
    return ctx.session.scalars(
        select(JobStep).where(col(JobStep.job_id) == job_id).order_by(col(JobStep.seq))
    ).all()


def lines(
    ctx: Context,
    job_id: int,
    *,
    after: int = 0,
    limit: int = 1000,
    newest: bool = False,
    words: str = "",
    problems: bool = False,
) -> Sequence[RowMapping]:
    """Lines of a job's log after the one with the key `after`, oldest first; with `newest` the last `limit` of them.

    Only those that contain `words`, and only those that tell of `problems`, where asked.
    """
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(JobEvent.id).label("id"),
            col(JobEvent.at).label("at"),
            col(JobEvent.step_seq).label("step"),
            col(JobEvent.level).label("level"),
            col(JobEvent.text).label("text"),
        )
        .where(col(JobEvent.job_id) == job_id, col(JobEvent.id) > after)
        .order_by(col(JobEvent.id).desc() if newest else col(JobEvent.id))
        .limit(limit)
    )
    if words:
        statement = statement.where(col(JobEvent.text).icontains(words, autoescape=True))
    if problems:
        statement = statement.where(col(JobEvent.level).in_(_PROBLEMS))
    found = ctx.session.execute(statement).mappings().all()
    return list(reversed(found)) if newest else found


def traceback_of(ctx: Context, job_id: int) -> dict[int, str]:
    """Tracebacks that the log's lines carry, by the line's key."""
    statement = select(col(JobEvent.id), col(JobEvent.data)).where(col(JobEvent.job_id) == job_id)
    rows = ctx.session.execute(statement)
    return {key: data["traceback"] for key, data in rows if key is not None and data and "traceback" in data}


def problem_count(ctx: Context, job_id: int) -> int:
    """How many lines of the log tell of a problem."""
    statement = select(func.count()).where(col(JobEvent.job_id) == job_id, col(JobEvent.level).in_(_PROBLEMS))
    return ctx.session.scalar(statement) or 0


def needing_person(ctx: Context) -> int:
    """How many visible jobs wait for a person."""
    counted = _NEEDING_PERSON.first(ctx)
    return int(counted.n) if counted else 0


def waiting_for_people(ctx: Context, limit: int) -> Sequence[RowMapping]:
    """The oldest visible jobs that wait for a person, for the start page."""
    statement = list_jobs(ctx).where(col(Job.state).in_(NEEDS_PERSON)).order_by(col(Job.id)).limit(limit)
    return ctx.session.execute(statement).mappings().all()


def troubles_of(ctx: Context, customer_id: int, *, limit: int = 5) -> Sequence[Found]:
    """A customer's jobs that wait for a person or were undone within a day, newest first."""
    # By the minute, so that page after page asks the same.
    since = ctx.now().replace(second=0, microsecond=0) - _RECENT
    return _TROUBLES.rows(ctx, customer_id=customer_id, since=since, limit=limit)
