"""Running one job: forwards step by step, or backwards, until it is over. Any death in between is taken up by the next claim."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from trunkline.db.rings import again
from trunkline.jobs import journal, targets
from trunkline.jobs.at_work import AtWork
from trunkline.jobs.ending import and_not_undone, announce
from trunkline.jobs.lease import claim
from trunkline.jobs.models import NEEDS_DECISION, Job, JobState, JobStep, OnFailure, StepState
from trunkline.jobs.redaction import redacted
from trunkline.jobs.steps import (
    LeaseLost,
    StepContext,
    StepFailed,
    TryAgain,
    beyond_return,
    checked_outputs,
)
from trunkline.jobs.sweeper import first_due, most_urgent
from trunkline.jobs.turns import Together, Turn
from trunkline.operation import SYSTEM, Context
from trunkline.plugin import Policy, StepKind

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
_PASSED = (StepState.DONE, StepState.SKIPPED)


def run(app: "App", job_id: int, *, or_more_urgent: bool = False) -> bool:
    """Claim the job and work on it until it is over, handed back or lost; False for one that was not to be had.

    With `or_more_urgent` that is the due job that goes before it, if there is one, and whichever is due where it is not itself.
    """
    with app.unit_of_work(SYSTEM) as ctx:
        if or_more_urgent:
            job_id = most_urgent(ctx, job_id)
        epoch = claim(ctx, job_id)
        if epoch is None and or_more_urgent and (another := first_due(ctx)) is not None:
            # In the same transaction: while many wait, most are begun before their own wake-up is taken.
            job_id, epoch = another, claim(ctx, another)
        if epoch is None:
            return False
        hold = _Run(app, job_id, epoch)
        # Claimed and begun in one transaction: each costs a wait for the disk.
        turn = hold.begin(ctx)
        hold.journal.write(ctx)
    if turn is not None:
        with hold.heartbeat:
            try:
                hold.to_the_end(turn)
            except LeaseLost:
                log.warning("job %s is for another worker: its lease was lost", job_id)
    return True


class _Run(AtWork):
    """One worker's work on one job. Each transaction ends a step and begins the next one."""

    def __init__(self, app: "App", job_id: int, epoch: int) -> None:
        super().__init__(app, job_id, epoch)
        #: Positions of steps that a worker which died may have done: they are looked at before they are done again.
        self.unknown: set[int] = set()
        #: Each transactional step in a transaction of its own, since several together came to grief.
        self._one_by_one = False

    def to_the_end(self, turn: Turn | None) -> None:
        while turn is not None:
            turn = self._do(turn) if turn.direction == "do" else self._undo(turn)

    def begin(self, ctx: Context) -> Turn | None:
        """Take up where the job stands. A step that was running when its worker died is unknown; its policy decides."""
        job = self.taken(ctx)
        # Read before the job is changed, which would be written for it.
        steps = self.steps(ctx)
        job.waits_for = ""
        if job.state == JobState.QUEUED:
            job.state = JobState.RUNNING
        for step in steps if job.state == JobState.RUNNING else ():
            if step.state == StepState.RUNNING and step.policy == Policy.UNDO:
                self.journal.say(ctx.now(), step.seq, "The worker died during this step.", "warn")
                step.state, step.error = StepState.FAILED, "The worker died during this step."
                targets.leave(ctx, step)
                self._stop(ctx, job, step.error)
            elif step.state == StepState.RUNNING:
                looks = step.policy == Policy.VERIFY
                then = "looking whether it is done" if looks else "doing it again"
                self.journal.say(ctx.now(), step.seq, f"The worker died during this step; {then}.", "warn")
                self.unknown |= {step.seq} if looks else set()
                step.state = StepState.PENDING
        return self._next(ctx, job)

    def _next(self, ctx: Context, job: Job) -> Turn | None:
        """Begin the next step; None when the job is over or handed back."""
        turn = self._forwards(ctx, job) if job.state == JobState.RUNNING else None
        return self._backwards(ctx, job) if job.state == JobState.ROLLING_BACK else turn

    # Forwards

    def _forwards(self, ctx: Context, job: Job) -> Turn | None:
        steps = self.steps(ctx)
        step = next((s for s in steps if s.state not in _PASSED), None)
        if step is None:
            self._finish(ctx, job, JobState.SUCCEEDED, "All steps are done.", "ok")
            return None
        if job.cancel_requested:
            if beyond_return(self.app, steps) is None:
                self._turn_back(job, "Cancelled.")
                return None
            job.cancel_requested = False
            self.journal.say(ctx.now(), None, "Too late to cancel: what is done cannot be undone.", "warn")
        if not targets.is_free(ctx, step):
            # Queued again, so that it can still be cancelled without waiting.
            job.state = JobState.QUEUED
            targets.wait(ctx, job, step)
            return None
        job.started_at = job.started_at or ctx.now()
        step.state, step.started_at, step.tries = StepState.RUNNING, ctx.now(), step.tries + 1
        self.journal.say(ctx.now(), step.seq, f"{step.label}: started.", "step")
        return Turn(step.seq, "do")

    def _do(self, turn: Turn) -> Turn | None:
        try:
            return self._perform(turn)
        except LeaseLost:
            raise
        except TryAgain as error:
            return self._hand_back(turn.seq, error)
        except Exception as error:  # a step may raise anything; the job keeps it
            self._require_ours(error)
            return self._step_failed(turn.seq, error)

    def _hand_back(self, seq: int, error: TryAgain) -> Turn | None:
        """Queue the job for later, keeping what is done."""
        with self.unit() as (ctx, job):
            step = self.step(ctx, seq)
            if step.tries < error.limit:
                step.state, step.error = StepState.PENDING, redacted(error.message, self.secrets)
                job.state, job.run_at, job.lease_until = JobState.QUEUED, self.app.clock() + error.after, None
                targets.leave(ctx, step)
                self.journal.say(ctx.now(), seq, f"{step.error} Next try in {error.after}.", "warn")
                return None
        return self._step_failed(seq, error)

    def _step_failed(self, seq: int, error: Exception) -> Turn | None:
        log.info("job %s step %s failed: %s", self.job_id, seq, self._masked(error))
        with self.unit() as (ctx, job):
            step = self.step(ctx, seq)
            message = self._note_failure(ctx, step, StepState.FAILED, error, "")
            self._stop(ctx, job, message)
            return self._next(ctx, job)

    def _masked(self, error: Exception) -> str:
        """An error for the process's own log: its words and, of a defect, where it came from, without secrets."""
        said = redacted(journal.words(error), self.secrets)
        return "\n".join([said, *journal.details(error, self.secrets).values()])

    def _note_failure(
        self, ctx: Context, step: JobStep, state: StepState, error: Exception, what: str
    ) -> str:
        """Keep why a step failed, on itself and in the log; returns it with the step's label."""
        step.error = redacted(journal.words(error), self.secrets)
        step.state, step.finished_at = state, ctx.now()
        message = f"{step.label}{what}: {step.error}"
        details = journal.details(error, self.secrets)
        self.journal.say(ctx.now(), step.seq, message, "error", details)
        targets.leave(ctx, step)
        return message

    def _stop(self, ctx: Context, job: Job, why: str) -> None:
        """A step failed: undo, or hold where that was asked for or where something cannot be undone.

        Whoever cancelled was told that all is undone, so then nothing holds.
        """
        final = beyond_return(self.app, self.steps(ctx))
        if final is None and (job.cancel_requested or job.on_failure != OnFailure.HOLD):
            self._turn_back(job, why)
            return
        job.error = why
        reason = f"{final.label} cannot be undone. " if final is not None else ""
        self._finish(ctx, job, JobState.FAILED, f"{reason}Held for a person; nothing was undone.", "error")

    def _turn_back(self, job: Job, why: str) -> None:
        job.state, job.error = JobState.ROLLING_BACK, why

    def _require_ours(self, error: Exception) -> None:
        """Raise LeaseLost for a job that is not ours any more, and the error itself where the database went away.

        Neither says anything about the step: whoever takes the job up next decides by its policy.
        """
        if self.heartbeat.lost:
            raise LeaseLost(str(self.job_id)) from error
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise error

    # Backwards

    def _backwards(self, ctx: Context, job: Job) -> Turn | None:
        """Begin to undo the latest step that needs it; None when the job is over or handed back."""
        for step in self.steps(ctx, backwards=True):
            if not self._needs_undo(step):
                continue
            kind = self.app.step_kinds.get(step.kind)
            if (
                kind is not None
                and kind.transactional
                and step.state not in (StepState.DONE, StepState.UNDOING)
            ):
                # Its transaction never committed, so there is nothing to undo.
                step.state = StepState.UNDONE
                continue
            if not targets.is_free(ctx, step):
                targets.wait(ctx, job, step)
                return None
            step.state = StepState.UNDOING
            self.journal.say(ctx.now(), step.seq, f"{step.label}: undoing.", "step")
            return Turn(step.seq, "undo")
        state = JobState.CANCELLED if job.cancel_requested else JobState.ROLLED_BACK
        self._finish(ctx, job, state, self._all_undone(ctx), "warn")
        return None

    def _all_undone(self, ctx: Context) -> str:
        begun = [step for step in self.steps(ctx) if step.tries]
        if begun and all(self._cannot_be_undone(step) for step in begun):
            return "Nothing was undone: what it does has no undo."
        return "Everything that was done has been undone."

    def _cannot_be_undone(self, step: JobStep) -> bool:
        kind = self.app.step_kinds.get(step.kind)
        return kind is not None and kind.undo is None

    def _needs_undo(self, step: JobStep) -> bool:
        if self._cannot_be_undone(step):
            return False
        if step.state == StepState.PENDING:
            # What a try before left behind is unknown, and undoing accepts that nothing was done.
            return step.tries > 0
        return step.state in (StepState.DONE, StepState.FAILED, StepState.RUNNING, StepState.UNDOING)

    def _undo(self, turn: Turn) -> Turn | None:
        try:
            return self._perform(turn)
        except LeaseLost:
            raise
        except Exception as error:  # a step may raise anything; the job keeps it
            self._require_ours(error)
            log.warning("job %s step %s cannot be undone: %s", self.job_id, turn.seq, self._masked(error))
            with self.unit() as (ctx, job):
                step = self.step(ctx, turn.seq)
                message = self._note_failure(ctx, step, StepState.UNDO_FAILED, error, " cannot be undone")
                job.error = and_not_undone(job.error, message)
                self._finish(ctx, job, JobState.ROLLBACK_FAILED, "A person has to put this right.", "error")
            return None

    # Both ways

    def _perform(self, turn: Turn) -> Turn | None:
        """Run the step's function, record its end and begin the next one; a transactional step does all in one transaction."""
        kind, step_context = self._begun(turn)
        # What must not be repeated by itself fails instead.
        repeatable = kind.transactional or turn.direction == "undo" or step_context.policy == Policy.RESUME
        return again(lambda: self._try(turn, kind, replace(step_context, endings=[])), safe=repeatable)

    def _try(self, turn: Turn, kind: StepKind, step_context: StepContext) -> Turn | None:
        if not kind.transactional:
            outputs = self._call(kind, step_context)
            return again(lambda: self._end(turn, step_context, outputs))
        together = Together()
        try:
            with self.unit() as (ctx, job):
                then = self._perform_within(ctx, job, turn, kind, step_context)
                while then is not None and self._goes_along(then, together):
                    together.steps += 1
                    self.read_anew(ctx, job)
                    then = self._perform_within(ctx, job, then, *self._begun(then))
                return then
        except LeaseLost:
            raise
        except Exception as error:
            self._require_ours(error)
            if together.steps == 1:
                raise
        # Nothing of it was kept. Alone, each ends for itself, and the one that fails leaves those before it done.
        self._one_by_one = True
        with self.unit() as (ctx, job):
            return self._perform_within(ctx, job, turn, kind, step_context)

    def _end(self, turn: Turn, step_context: StepContext, outputs: Mapping[str, Any]) -> Turn | None:
        """Record the end of a step that is not transactional, and begin the next one."""
        with self.unit() as (ctx, job):
            for write in step_context.endings:
                write(ctx)
            self._record_end(ctx, turn, outputs)
            return self._next(ctx, job)

    def _perform_within(
        self, ctx: Context, job: Job, turn: Turn, kind: StepKind, step_context: StepContext
    ) -> Turn | None:
        """Run a transactional step in a transaction that is under way."""
        step_context.transaction = ctx
        outputs = self._call(kind, step_context)
        self.forget_replaced_steps(ctx)
        self._record_end(ctx, turn, outputs)
        return self._next(ctx, job)

    def _goes_along(self, turn: Turn, together: Together) -> bool:
        """Whether the step that comes next may share the transaction of the one before: each costs a wait for the disk."""
        if self._one_by_one or turn.direction == "undo" or not together.has_time:
            return False
        [step] = [step for step in self.known_steps if step.seq == turn.seq]
        kind = self.app.step_kinds.get(step.kind)
        return kind is not None and kind.transactional

    def _begun(self, turn: Turn) -> tuple[StepKind, StepContext]:
        """What the transaction that began the step knows of it."""
        steps = self.known_steps
        [step] = [step for step in steps if step.seq == turn.seq]
        kind = self._kind(step)
        before = {one.name: one.outputs for one in steps if one.seq < turn.seq}
        return kind, self.step_context(step, kind, turn.direction, before)

    def _call(self, kind: StepKind, step: StepContext) -> Mapping[str, Any]:
        if step.direction == "do":
            found = self._found_done(kind, step)
            if found is not None:
                return found
            outputs = checked_outputs(kind.outputs, kind.do(step) or {})
            if kind.verify is not None:
                kind.verify(replace(step, outputs=outputs))
            return outputs
        if kind.undo is not None:
            kind.undo(step)
        return {}

    def _found_done(self, kind: StepKind, step: StepContext) -> Mapping[str, Any] | None:
        """What a step hands over that a worker had done before it died; None for one that is to be done."""
        look = kind.found or kind.verify
        if step.seq not in self.unknown or look is None:
            return None
        self.unknown.discard(step.seq)
        try:
            outputs = checked_outputs(kind.outputs, look(step) or {})
        except StepFailed as error:
            if step.cancelled():
                raise
            step.log(f"Not found done: {error} Doing it again.", "warn")
            return None
        step.log("Found done, so it is not done again.", "ok")
        return outputs

    def _record_end(self, ctx: Context, turn: Turn, outputs: Mapping[str, Any]) -> None:
        row = self.step(ctx, turn.seq)
        row.finished_at, row.error = ctx.now(), ""
        if turn.direction == "do":
            row.state = StepState.DONE
            row.outputs = redacted(outputs, self.secrets) if self.secrets else dict(outputs)
            self.journal.say(ctx.now(), row.seq, f"{row.label}: done.", "ok")
        else:
            row.state = StepState.UNDONE
            self.journal.say(ctx.now(), row.seq, f"{row.label}: undone.", "ok")
        targets.leave(ctx, row)

    def _kind(self, step: JobStep) -> StepKind:
        kind = self.app.step_kinds.get(step.kind)
        if kind is None:
            raise StepFailed(
                f"No enabled plugin offers the step kind “{step.kind}” any more.",
                remedy="Enable its plugin and retry.",
            )
        return kind

    def _finish(self, ctx: Context, job: Job, state: JobState, text: str, level: str) -> None:
        job.state, job.finished_at, job.lease_until = state, ctx.now(), None
        if state not in NEEDS_DECISION:
            job.holds = None
        self.journal.say(ctx.now(), None, text, level)
        announce(ctx, job)
