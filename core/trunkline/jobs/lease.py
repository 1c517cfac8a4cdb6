"""Holding a job: the claim that raises its epoch, the heartbeat that renews the lease, and the guard on every write."""

import logging
import os
import socket
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, bindparam, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from trunkline.db.types import UtcDateTime
from trunkline.jobs.models import OPEN, Job
from trunkline.jobs.steps import LeaseLost
from trunkline.operation import SYSTEM, Context

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
#: How often a heartbeat looks whether somebody cancelled.
_LOOK_SECONDS = 0.5
#: How long a silent worker keeps a job. A death is noticed after at most this plus the sweeper's second.
LEASE = timedelta(seconds=float(os.environ.get("TRUNKLINE_LEASE_SECONDS", "15")))
#: After so much of it without a renewal a worker holds itself for cut off, before anybody else may take the job up.
_GIVES_UP = 0.8


def _unless_locked() -> Any:
    """The key `key`, if nobody has the job's row locked: whoever waited for a long transaction would be missed elsewhere."""
    same = aliased(Job)
    found = select(same.id).where(col(same.id) == bindparam("key"))
    # SQLite has no locks on rows, and leaves this out.
    return found.with_for_update(skip_locked=True).scalar_subquery()


def _claim_statement() -> Any:
    now = bindparam("now", type_=UtcDateTime())
    return (
        update(Job)
        .where(
            col(Job.id) == _unless_locked(),
            col(Job.state).in_(OPEN),
            col(Job.run_at) <= now,
            or_(col(Job.lease_until).is_(None), col(Job.lease_until) < now),
        )
        .values(
            epoch=Job.epoch + 1,
            owner=bindparam("holder"),
            lease_until=bindparam("until", type_=UtcDateTime()),
        )
        .returning(col(Job.epoch))
        # Who claims a job reads its row anew, under its lock.
        .execution_options(synchronize_session=False)
    )


def _renewal_statement() -> Any:
    return (
        update(Job)
        .where(col(Job.id) == _unless_locked(), col(Job.epoch) == bindparam("ours"))
        .values(lease_until=bindparam("until", type_=UtcDateTime()))
        .execution_options(synchronize_session=False)
    )


# Built once: building costs more than running.
_CLAIM = _claim_statement()
_RENEW = _renewal_statement()
_GUARDED = (
    select(Job)
    .where(col(Job.id) == bindparam("key"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_HELD = (
    select(col(Job.epoch), col(Job.number), col(Job.version))
    .where(col(Job.id) == bindparam("key"))
    .with_for_update()
)
_LOOK = select(col(Job.epoch), col(Job.cancel_requested)).where(col(Job.id) == bindparam("key"))


def worker_name() -> str:
    """Host, process and thread, for the job's `owner`."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


def claim(ctx: Context, job_id: int) -> int | None:
    """Take the job if it is due and nobody holds it; returns the new epoch, which every later write checks."""
    now = ctx.app.clock()
    asked = {"key": job_id, "now": now, "holder": worker_name(), "until": now + LEASE}
    epoch: int | None = ctx.session.execute(_CLAIM, asked).scalar_one_or_none()
    return epoch


def guarded(ctx: Context, job_id: int, epoch: int, known: Job | None = None) -> Job:
    """The job's row, locked. Raises LeaseLost when another worker has claimed it since.

    `known` is the row as this worker's transaction before left it; it is read whole only where somebody has changed it since.
    """
    if known is not None and require_held(ctx, job_id, epoch) == known.version:
        ctx.session.add(known)
        return known
    job: Job = ctx.session.scalars(_GUARDED, {"key": job_id}).one()
    if job.epoch != epoch:
        raise LeaseLost(job.number)
    return job


def require_held(ctx: Context, job_id: int, epoch: int) -> int:
    """Lock the job's row without reading it whole; returns its version. Raises LeaseLost when another worker has claimed it."""
    held = ctx.session.execute(_HELD, {"key": job_id}).one()
    if held.epoch != epoch:
        raise LeaseLost(held.number)
    version: int = held.version
    return version


class Heartbeat:
    """Renews the lease from a thread of its own while the job runs, and notices cancellation.

    A worker that cannot reach the database, however its network is cut, holds the lease for lost by its own clock: a hanging
    connection does not have to answer for that.
    """

    def __init__(self, app: "App", job_id: int, epoch: int) -> None:
        self._app, self._job_id, self._epoch = app, job_id, epoch
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"heartbeat-{job_id}")
        self._renewed_at = time.monotonic()
        self._taken = False
        self.cancelled = False

    @property
    def lost(self) -> bool:
        """Whether another worker has the job, or may have it soon.

        Who was told so once has stopped in the middle of a step. So it stays, even when the database answers again in time, and
        nothing is renewed any more: a step that was broken off has not failed, and is taken up by its policy.
        """
        if time.monotonic() - self._renewed_at > LEASE.total_seconds() * _GIVES_UP:
            self._taken = True
        return self._taken

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        # A hanging connection must not keep the worker: the thread ends with its statement.
        self._thread.join(LEASE.total_seconds())

    def _beat(self) -> None:
        every = LEASE.total_seconds() / 4
        while not self._stopped.wait(min(every, _LOOK_SECONDS)):
            try:
                self._look()
                if not self._taken and time.monotonic() - self._renewed_at >= every:
                    self._renew()
            except Exception:  # the database may be away for a while; `lost` tells when it was too long
                log.warning("heartbeat of job %s failed", self._job_id, exc_info=True)

    def _look(self) -> None:
        with self._app.database.read() as session:
            row = session.execute(_LOOK, {"key": self._job_id}).one()
            self.cancelled = bool(row.cancel_requested)
            self._taken = self._taken or row.epoch != self._epoch

    def _renew(self) -> None:
        now = time.monotonic()
        with self._app.unit_of_work(SYSTEM) as ctx:
            asked = {"key": self._job_id, "ours": self._epoch, "until": self._app.clock() + LEASE}
            result: CursorResult[Any] = ctx.session.execute(_RENEW, asked)  # type: ignore[assignment]  # an UPDATE gives a cursor, typed as a result
        # None is changed while a step's own transaction has the row: nobody else can claim it then.
        if result.rowcount:
            self._renewed_at = now
