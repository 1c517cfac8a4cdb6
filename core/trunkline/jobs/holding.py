"""A worker's hold of a job: transactions that check the lease, with what the job's steps are and what its log is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from trunkline.jobs.journal import Journal
from trunkline.jobs.lease import guarded, require_held
from trunkline.jobs.models import Job, JobStep
from trunkline.operation import SYSTEM, Context

if TYPE_CHECKING:
    from trunkline.app import App

#: Noted in a session that has replaced steps of the job at work.
PLANNED_ANEW = "trunkline_planned_anew"
# Built once: building costs more than running.
_STEPS = select(JobStep).where(col(JobStep.job_id) == bindparam("job_id")).order_by(col(JobStep.seq))


class Hold:
    """One worker's hold of one job, under the epoch of its claim."""

    def __init__(self, app: "App", job_id: int, epoch: int) -> None:
        self.app, self.job_id, self.epoch = app, job_id, epoch
        self.journal = Journal(job_id, epoch)
        #: The unit of work that is under way, if any.
        self.open_context: Context | None = None
        #: What never changes of the job.
        self.number = ""
        self.customer_id: int | None = None
        #: The job as the last transaction left it.
        self._job: Job | None = None
        #: The session that the job's steps belong to, and the steps: nobody else changes them while the lease lasts.
        self._read: tuple[Session | None, list[JobStep]] = (None, [])

    def taken(self, ctx: Context) -> Job:
        """The job, locked, in the transaction that has claimed it. Raises LeaseLost."""
        job = guarded(ctx, self.job_id, self.epoch)
        self.number, self.customer_id = job.number, job.customer_id
        self._job = job
        return job

    @contextmanager
    def unit(self) -> Iterator[tuple[Context, Job]]:
        """A transaction in which the lease has been checked under the job's row lock."""
        try:
            with self._written() as ctx:
                job = self._job = guarded(ctx, self.job_id, self.epoch, self._job)
                # Before a step's own code, which may read them, too.
                self.steps(ctx)
                yield ctx, job
        except BaseException:
            # Rolled back: they have to be read again.
            self._job, self._read = None, (None, [])
            raise

    @contextmanager
    def held(self) -> Iterator[Context]:
        """The same for what changes neither the job nor its steps."""
        with self._written() as ctx:
            require_held(ctx, self.job_id, self.epoch)
            yield ctx

    @contextmanager
    def _written(self) -> Iterator[Context]:
        """A transaction that ends with the lines that were said before and in it."""
        waiting = self.journal.waiting
        try:
            with self.app.unit_of_work(SYSTEM) as ctx:
                self.open_context = ctx
                yield ctx
                self.journal.write(ctx)
        except BaseException:
            self.journal.waiting = waiting
            raise
        finally:
            self.open_context = None

    def steps(self, ctx: Context, *, backwards: bool = False) -> list[JobStep]:
        """The job's steps in order, as objects of this transaction."""
        session, steps = self._read
        if session is None:
            steps = list(ctx.session.scalars(_STEPS, {"job_id": self.job_id}))
        elif session is not ctx.session:
            # Those of the transaction before, which was committed.
            ctx.session.add_all(steps)
        self._read = ctx.session, steps
        return steps[:: -1 if backwards else 1]

    def read_anew(self, ctx: Context, job: Job) -> None:
        """Let the step that comes next in this transaction read every row anew, as it would in one of its own."""
        ctx.session.flush()
        ctx.session.expunge_all()
        ctx.session.add_all((job, *self._read[1]))

    def forget_replaced_steps(self, ctx: Context) -> None:
        """Read the steps anew where the step of this transaction has planned the job anew."""
        if ctx.session.info.pop(PLANNED_ANEW, False):
            self._read = None, []

    def step(self, ctx: Context, seq: int) -> JobStep:
        """One of them by its position."""
        [step] = [step for step in self.steps(ctx) if step.seq == seq]
        return step

    @property
    def known_steps(self) -> list[JobStep]:
        """The steps as the transaction before left them, to be read only."""
        return self._read[1]
