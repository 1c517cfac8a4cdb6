"""The loop that needs no wake-up: finds due and orphaned jobs, due deliveries, scheduled work and unindexed rows, each second."""

import logging
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Field, SQLModel, col, select

from trunkline.db.types import UtcDateTime
from trunkline.events.delivery import deliver_due
from trunkline.jobs import wake
from trunkline.jobs.models import IS_OPEN, Job
from trunkline.operation import SYSTEM, Context
from trunkline.plugin_life.withholding import kept_error
from trunkline.search.indexing import index_due
from trunkline.webhooks.sending import due_endpoints

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.plugin import ScheduledTask

log = logging.getLogger(__name__)
PERIOD_SECONDS = 1.0
_QUIET_AFTER_WAKING = timedelta(seconds=5)
#: How many jobs are woken at once; fewer while so many wake-ups wait that the workers do not lack any.
_WOKEN_AT_ONCE, _WOKEN_WHEN_BUSY, _BUSY_FROM = 100, 4, 20


class ScheduledRun(SQLModel, table=True):
    """When each scheduled task is next due; the conditional update gives it to one worker."""

    __tablename__ = "core_scheduled_run"

    name: str = Field(primary_key=True, max_length=120)
    next_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    error: str = ""


class Sweeper(threading.Thread):
    """One per worker process; several at once harm nothing."""

    def __init__(self, app: "App") -> None:
        super().__init__(daemon=True, name="sweeper")
        self.app = app
        self._stopping = threading.Event()
        self._woken: dict[int, datetime] = {}
        self._told: dict[int, datetime] = {}

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.wait(PERIOD_SECONDS):
            for work in (
                self.wake_jobs,
                self.deliver,
                self.wake_webhooks,
                self.index,
                self.run_scheduled,
            ):
                try:
                    work()
                except Exception:  # one failing task must not stop the others
                    log.exception("sweeper: %s failed", work.__name__)

    def wake_jobs(self) -> None:
        """Enqueue wake-ups for due jobs that nobody holds, not more often than every few seconds each."""
        now = self.app.clock()
        self._woken = {key: at for key, at in self._woken.items() if now - at < _QUIET_AFTER_WAKING}
        busy = self.app.waker.waiting() >= _BUSY_FROM
        due = due_jobs(self.app, _WOKEN_WHEN_BUSY if busy else _WOKEN_AT_ONCE)
        fresh = [key for key in due if key not in self._woken]
        if not fresh:
            return
        with self.app.unit_of_work(SYSTEM) as ctx:
            for key in fresh:
                self.app.waker.wake(ctx, "run_job", key)
                self._woken[key] = now

    def deliver(self) -> None:
        deliver_due(self.app)

    def wake_webhooks(self) -> None:
        """Enqueue wake-ups for endpoints that something can be sent to; sending itself would hold the loop up."""
        now = self.app.clock()
        self._told = {key: at for key, at in self._told.items() if now - at < _QUIET_AFTER_WAKING}
        fresh = [key for key in due_endpoints(self.app) if key not in self._told]
        if not fresh:
            return
        with self.app.unit_of_work(SYSTEM) as ctx:
            for key in fresh:
                wake.webhook_is_due(ctx, key)
                self._told[key] = now

    def index(self) -> None:
        index_due(self.app)

    def run_scheduled(self) -> None:
        run_scheduled(self.app)


def most_urgent(ctx: Context, job_id: int) -> int:
    """The key of the due job that goes before this one by its priority; this very one where none does."""
    asked = {"now": ctx.app.clock(), "most": 1, "than": job_id}
    key: int | None = ctx.session.execute(_MORE_URGENT, asked).scalar()
    return job_id if key is None else key


def first_due(ctx: Context) -> int | None:
    """The key of the most urgent job that is due and held by nobody, if there is one."""
    key: int | None = ctx.session.execute(_FIRST_DUE, {"now": ctx.app.clock(), "most": 1}).scalar()
    return key


def due_jobs(app: "App", limit: int) -> list[int]:
    """Keys of jobs that are due and held by nobody, the most urgent first."""
    with app.database.read() as session:
        return list(session.execute(_DUE, {"now": app.clock(), "most": limit}).scalars())


def _due_statement() -> Any:
    now = bindparam("now", type_=UtcDateTime())
    return (
        select(Job.id)
        .where(
            IS_OPEN,
            col(Job.run_at) <= now,
            or_(col(Job.lease_until).is_(None), col(Job.lease_until) < now),
        )
        .order_by(col(Job.priority), col(Job.run_at), col(Job.id))
        .limit(bindparam("most", type_=Integer()))
    )


# Built once: building costs more than running.
_DUE = _due_statement()
_THAN = aliased(Job)
# Not one that a transaction has locked: it cannot be claimed, however urgent it is.
_FIRST_DUE = _DUE.with_for_update(of=Job, skip_locked=True)
_MORE_URGENT = _FIRST_DUE.where(
    col(Job.priority)
    < select(col(_THAN.priority)).where(col(_THAN.id) == bindparam("than")).scalar_subquery()
)


def run_scheduled(app: "App") -> int:
    """Run the scheduled tasks that are due; returns how many ran."""
    # One look for all of them: it comes every second.
    with app.database.read() as session:
        rows = {row.name: row for row in session.scalars(select(ScheduledRun))}
    named = [(f"{plugin}.{task.name}", plugin, task) for plugin, task in app.scheduled_tasks]
    return sum(_run_if_due(app, rows.get(name), name, plugin, task) for name, plugin, task in named)


def _run_if_due(app: "App", row: ScheduledRun | None, name: str, plugin: str, task: "ScheduledTask") -> bool:
    now = app.clock()
    if row is not None and row.next_at > now:
        return False
    if not _take_turn(app, name, now, now + task.every):
        return False
    error = ""
    try:
        with app.unit_of_work(SYSTEM) as ctx:
            task.run(ctx)
    except Exception as failure:  # one failing task must not stop the others
        error = kept_error(f"{type(failure).__name__}: {failure}")
        app.hooks.failed(plugin, f"scheduled task {task.name}", failure)
    if error or (row is not None and row.error):
        with app.unit_of_work(SYSTEM) as ctx:
            ctx.session.execute(
                update(ScheduledRun).where(col(ScheduledRun.name) == name).values(error=error)
            )
    return True


def _take_turn(app: "App", name: str, now: datetime, then: datetime) -> bool:
    with app.unit_of_work(SYSTEM) as ctx:
        row = ctx.session.scalars(
            select(ScheduledRun).where(col(ScheduledRun.name) == name).with_for_update()
        ).one_or_none()
        if row is None:
            ctx.session.add(ScheduledRun(name=name, next_at=then))
            return True
        if row.next_at > now:
            return False
        row.next_at = then
        return True
