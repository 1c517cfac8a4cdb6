"""How much there was to do, minute by minute, for two days: a queue that grew is seen afterwards."""

from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, delete, func, select
from sqlmodel import Field, SQLModel, col

from trunkline.db.types import UtcDateTime
from trunkline.db.upserting import insert_into
from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, JobState
from trunkline.mail.models import Email, EmailStatus
from trunkline.operation import Context
from trunkline.plugin import ScheduledTask

KEPT = timedelta(days=2)
_EVERY = timedelta(minutes=1)
#: A worker that was away for longer does not say of one minute what ended in many.
_LONGEST = timedelta(minutes=10)
_FAILED = (JobState.FAILED, JobState.ROLLED_BACK, JobState.ROLLBACK_FAILED)


class LoadSample(SQLModel, table=True):
    """What waited as a minute began, and what ended since the minute that was noted before."""

    __tablename__ = "core_load"

    #: The beginning of the minute, which two workers note once.
    at: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    jobs_waiting: int
    jobs_running: int
    jobs_succeeded: int
    jobs_failed: int
    mails_waiting: int
    deliveries_waiting: int


def note(ctx: Context) -> None:
    """Note how it is in this minute, and forget what is older than two days."""
    now = ctx.now().replace(second=0, microsecond=0)
    before = ctx.session.scalar(select(func.max(col(LoadSample.at))))
    if before is not None and before >= now:
        return
    since = before if before is not None and now - before <= _LONGEST else now - _EVERY
    ended = (col(Job.finished_at) >= since, col(Job.finished_at) < now)
    counts = ctx.session.execute(
        select(
            _count(col(Job.state) == JobState.QUEUED, col(Job.run_at) <= ctx.now()).label("jobs_waiting"),
            _count(col(Job.state).in_((JobState.RUNNING, JobState.ROLLING_BACK))).label("jobs_running"),
            _count(*ended, col(Job.state) == JobState.SUCCEEDED).label("jobs_succeeded"),
            _count(*ended, col(Job.state).in_(_FAILED)).label("jobs_failed"),
            _count(col(Email.status) == EmailStatus.QUEUED).label("mails_waiting"),
            _count(col(EventDelivery.state) == DeliveryState.PENDING).label("deliveries_waiting"),
        )
    ).one()
    insert = insert_into(LoadSample.__table__, ctx.session.get_bind().dialect.name)  # type: ignore[attr-defined]  # SQLModel's types hide it
    ctx.session.execute(insert.values(at=now, **counts._mapping).on_conflict_do_nothing())
    ctx.session.execute(delete(LoadSample).where(col(LoadSample.at) < now - KEPT))


def _count(*conditions: object) -> ScalarSelect[int]:
    return select(func.count()).where(*conditions).scalar_subquery()  # type: ignore[arg-type]  # a comparison of a column is typed as bool


NOTING = ScheduledTask("note_load", note, _EVERY, _("Note how much work waits"))
