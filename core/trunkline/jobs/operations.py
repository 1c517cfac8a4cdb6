"""What people and plugins do with jobs: enqueue, cancel, retry, settle by hand."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select

from trunkline.db.numbers import next_number
from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.jobs import targets, wake
from trunkline.jobs.decisions import BECOMES, SAID, Settlement
from trunkline.jobs.ending import announce, announce_decision, cause, facts_of
from trunkline.jobs.events import JobPriorityChanged, JobRescheduled
from trunkline.jobs.holding import PLANNED_ANEW
from trunkline.jobs.models import USUAL_PRIORITY, Job, JobEvent, JobState, JobStep, OnFailure, StepState
from trunkline.jobs.planning import PlannedStep as PlannedStep  # what plugins plan with
from trunkline.jobs.planning import checked_plan
from trunkline.jobs.renewing import RetryWith, renew
from trunkline.jobs.steps import StepFailed, beyond_return, checked_outputs
from trunkline.operation import Context, operation

# Built once: building costs more than running.
_BY_KEY = select(Job).where(col(Job.unique_key) == bindparam("key"))


def enqueue(
    ctx: Context,
    *,
    kind: str,
    title: str,
    steps: Sequence[PlannedStep],
    key: str,
    customer_id: int | None = None,
    subject: tuple[str, int] | None = None,
    on_failure: OnFailure = OnFailure.UNDO,
    priority: int = USUAL_PRIORITY,
    run_at: datetime | None = None,
    holds: str | None = None,
    product: str = "",
    action: str = "",
) -> Job:
    """Freeze a plan and queue it in this transaction; the same `key` gives the job that exists already.

    `priority` 1 goes first and 9 last, nothing before `run_at`. What the job `holds`, as in `service:12`, no other open job can
    hold: Conflict names the one that does. Times and success are told by `product` and `action`, both codes. Raises Refused for a
    plan that is empty, goes in a circle, has an unknown step kind, inputs that its schema rejects, or a step that could be
    neither undone nor is declared irreversible and placed last.
    """
    existing: Job | None = ctx.session.scalars(_BY_KEY, {"key": key}).one_or_none()
    if existing is not None:
        return existing
    if holds is not None:
        _require_free(ctx, holds)
    plan = checked_plan(ctx, steps)
    job = Job(
        number=next_number(ctx.session, "job"),
        kind=kind,
        title=title[:200],
        unique_key=key,
        priority=priority,
        run_at=run_at or ctx.now(),
        on_failure=on_failure,
        customer_id=customer_id,
        subject_kind=subject[0] if subject else "",
        subject_id=subject[1] if subject else None,
        requested_by=ctx.actor.name,
        product=product,
        action=action,
        holds=holds,
    )
    ctx.session.add(job)
    ctx.session.flush()
    ctx.session.add_all(plan.rows(job))
    ctx.session.add(JobEvent(job_id=job.key, text=f"Queued by {ctx.actor.name}.", level="info"))
    wake.job_is_due(ctx, job.key, job.run_at)
    return job


def hold(ctx: Context, number: str, what: str) -> None:
    """Let a job hold something from now on, in the transaction of one of its own steps. Raises Conflict naming who holds it."""
    _require_free(ctx, what)
    ctx.load_by(Job, Job.number, number, lock=True).holds = what
    ctx.session.flush()


def plan_anew(ctx: Context, number: str, steps: Sequence[PlannedStep]) -> None:
    """Replace what a job has not begun by a new plan, in the transaction of one of its own steps.

    Steps of the new plan that the job has begun stay as they are. Raises Refused as `enqueue` does.
    """
    job = ctx.load_by(Job, Job.number, number, lock=True)
    plan = checked_plan(ctx, steps)
    begun = [step for step in _steps(ctx, job) if step.state != StepState.PENDING]
    names, after = {step.name for step in begun}, max((step.seq for step in begun), default=0)
    for step in _steps(ctx, job):
        if step not in begun:
            ctx.session.delete(step)
    ctx.session.flush()
    rows = [row for row in plan.rows(job) if row.name not in names]
    for seq, row in enumerate(rows, start=after + 1):
        row.seq = seq
    ctx.session.add_all(rows)
    ctx.session.info[PLANNED_ANEW] = True
    _write(ctx, job, "Planned anew: what it works on has changed since it was planned.")


def _require_free(ctx: Context, holds: str) -> None:
    targets.take_turn(ctx, holds)
    other = ctx.session.scalars(select(Job).where(col(Job.holds) == holds)).one_or_none()
    if other is not None:
        raise Conflict(
            _("{job} is not over yet: {title}.", job=other.number, title=other.title),
            remedy=_("Wait for its end, or cancel or settle it."),
        )


def _write(ctx: Context, job: Job, text: str, level: str = "info", seq: int | None = None) -> None:
    ctx.session.add(JobEvent(job_id=job.key, epoch=job.epoch, step_seq=seq, text=text, level=level))


def _said(words: str, ctx: Context, reason: str) -> str:
    """`Retried by Ana: the port was down.`"""
    return f"{words} by {ctx.actor.name}: {reason}" if reason else f"{words} by {ctx.actor.name}."


def _steps(ctx: Context, job: Job) -> Sequence[JobStep]:
    return ctx.session.scalars(
        select(JobStep).where(JobStep.job_id == job.key).order_by(col(JobStep.seq))
    ).all()


def _go_on(ctx: Context, job: Job, state: JobState) -> None:
    """Give the job back to the workers, now."""
    job.state, job.finished_at, job.lease_until, job.run_at = state, None, None, ctx.now()
    job.waits_for = ""
    wake.job_is_due(ctx, job.key, job.run_at)


def words_of(job: Job) -> str:
    """The job's state in the middle of a sentence: “rolled back”."""
    return job.state.replace("_", " ")


@operation("core.job.cancel")
def cancel(ctx: Context, number: str) -> Job:
    """Ask that a job stop: a queued one ends now, a running one stops soon and is rolled back. Raises Refused when it is over."""
    job = ctx.load_by(Job, Job.number, number, lock=True)
    steps = _steps(ctx, job)
    if (final := beyond_return(ctx.app, steps)) is not None and job.state in (
        JobState.QUEUED,
        JobState.RUNNING,
    ):
        raise Refused(
            _("“{step}” of {job} is done and cannot be undone.", step=translate(final.label), job=number),
            remedy=_("Let the job come to its end."),
        )
    if job.state == JobState.QUEUED:
        _cancel_queued(ctx, job, steps)
    elif job.state == JobState.RUNNING:
        job.cancel_requested = True
    else:
        raise Refused(
            _("Job {number} is {state}; it cannot be cancelled any more.", number=number, state=words_of(job))
        )
    _write(ctx, job, f"Cancelled by {ctx.actor.name}.", "warn")
    ctx.note(job, label=job.number)
    return job


def _cancel_queued(ctx: Context, job: Job, steps: Sequence[JobStep]) -> None:
    """End a job that has done nothing; one that was handed back half done is rolled back first."""
    job.cancel_requested = True
    if not any(step.tries for step in steps):
        job.state, job.finished_at, job.holds, job.waits_for = JobState.CANCELLED, ctx.now(), None, ""
        announce(ctx, job)
        return
    job.error = "Cancelled."
    _go_on(ctx, job, JobState.ROLLING_BACK)


@operation("core.job.retry")
def retry(ctx: Context, number: str, reason: str = "", use: RetryWith = RetryWith.PLANNED) -> Job:
    """Go on from the failed step (state failed) or try the failed roll-back again (rollback_failed).

    With `use` NEWEST what is not done is done with the newest version of what it runs. Raises Refused (field `use`) where that
    cannot be run with what the job holds, and in any other state: a rolled back job is ordered anew.
    """
    job = ctx.load_by(Job, Job.number, number, lock=True)
    versions: dict[str, str] = {}
    if job.state == JobState.FAILED:
        steps = _steps(ctx, job)
        if use is RetryWith.NEWEST:
            versions = _renewed(ctx, job, steps)
        _reset(steps, StepState.FAILED, StepState.PENDING)
        state = JobState.QUEUED
    elif job.state == JobState.ROLLBACK_FAILED:
        _refuse_newest(use)
        _reset(_steps(ctx, job), StepState.UNDO_FAILED, StepState.DONE)
        state = JobState.ROLLING_BACK
    else:
        raise Refused(
            _("Job {number} is {state}; there is nothing to retry.", number=number, state=words_of(job))
        )
    _forget_error(job)
    _write(ctx, job, _said("Retried", ctx, reason.strip()))
    ctx.note(job, label=job.number, reason=reason.strip(), **versions)
    announce_decision(ctx, job, "retry")
    _go_on(ctx, job, state)
    return job


def _renewed(ctx: Context, job: Job, steps: Sequence[JobStep]) -> dict[str, str]:
    """Plan what is not done with the newest version, and say so in the log; returns what the activity entry says of it."""
    found = renew(ctx, steps)
    for step, versions in found:
        words = f"{step.label}: with version {versions.newest}, in place of {versions.planned} as planned."
        _write(ctx, job, words, seq=step.seq)
    return {"versions": "; ".join(f"{step.name} {versions}" for step, versions in found)} if found else {}


def _refuse_newest(use: RetryWith) -> None:
    if use is RetryWith.NEWEST:
        raise Refused(
            _("What was done is undone with the version that did it."),
            field="use",
            remedy=_("Retry as planned."),
        )


def _forget_error(job: Job) -> None:
    """What stopped the job is dealt with. Of one that is undone it stays in sight why it failed."""
    job.error = cause(job.error) if job.state == JobState.ROLLBACK_FAILED else ""


def _reset(steps: Sequence[JobStep], was: StepState, becomes: StepState) -> None:
    for step in steps:
        if step.state == was:
            # Tries are counted anew: a person has looked at it meanwhile.
            step.state, step.error, step.tries = becomes, "", min(step.tries, 1)


@operation("core.job.retry")
def roll_back(ctx: Context, number: str, reason: str = "") -> Job:
    """Undo a held job (state failed). Raises Refused in any other state, or once a step is done that nothing undoes."""
    job = ctx.load_by(Job, Job.number, number, lock=True)
    if job.state != JobState.FAILED:
        raise Refused(
            _(
                "Job {number} is {state}; only a held job can be rolled back.",
                number=number,
                state=words_of(job),
            )
        )
    if (final := beyond_return(ctx.app, _steps(ctx, job))) is not None:
        raise Refused(
            _("“{step}” of {job} is done and cannot be undone.", step=translate(final.label), job=number),
            remedy=_("Retry the step that failed, mark it done or skip it."),
        )
    _write(ctx, job, _said("Roll-back asked for", ctx, reason.strip()))
    ctx.note(job, label=job.number, reason=reason.strip())
    announce_decision(ctx, job, "roll_back")
    _go_on(ctx, job, JobState.ROLLING_BACK)
    return job


@operation("core.job.retry")
def settle(ctx: Context, number: str, reason: str) -> Job:
    """Close a failed roll-back that a person has put right. Raises Refused without a reason or in another state."""
    if not reason.strip():
        raise Refused(_("Say what was done by hand."), field="reason")
    job = ctx.load_by(Job, Job.number, number, lock=True)
    if job.state != JobState.ROLLBACK_FAILED:
        raise Refused(
            _(
                "Job {number} is {state}; only a failed roll-back is settled by hand.",
                number=number,
                state=words_of(job),
            )
        )
    _forget_error(job)
    job.state, job.finished_at, job.holds = JobState.ROLLED_BACK, ctx.now(), None
    _write(ctx, job, f"Settled by hand by {ctx.actor.name}: {reason}", "warn")
    ctx.note(job, label=job.number, reason=reason)
    announce(ctx, job)
    return job


@operation("core.job.retry")
def settle_step(
    ctx: Context,
    number: str,
    seq: int,
    how: Settlement,
    reason: str,
    use: RetryWith = RetryWith.PLANNED,
) -> Job:
    """Decide about the step that a job stopped at; then the job goes on, in the direction in which it went.

    Raises Refused (field `reason`) without a reason, (field `seq`) for a step or a job that waits for nobody, (field `how`) for a
    step marked done that had to hand something over to later ones, (field `use`) where a step cannot be done again so (`retry`).
    """
    if len(reason.strip()) < 3:
        raise Refused(_("Say why, or what was done by hand."), field="reason")
    job = ctx.load_by(Job, Job.number, number, lock=True)
    state = JobState(job.state)
    stopped = {JobState.ROLLBACK_FAILED: StepState.UNDO_FAILED, JobState.FAILED: StepState.FAILED}.get(state)
    step = next((s for s in _steps(ctx, job) if s.seq == seq and s.state == stopped), None)
    if step is None:
        raise Refused(
            _("Step {step} of {job} waits for nobody’s decision.", step=seq, job=number), field="seq"
        )
    if state is JobState.FAILED and how is Settlement.DONE:
        _require_no_outputs(ctx, step)
    versions: dict[str, str] = {}
    if how is not Settlement.RETRY or state is JobState.ROLLBACK_FAILED:
        _refuse_newest(use)
    elif use is RetryWith.NEWEST:
        versions = _renewed(ctx, job, [step])
    step.state, step.error, step.tries = BECOMES[state][how], "", min(step.tries, 1)
    _forget_error(job)
    _write(
        ctx,
        job,
        f"{step.label} {SAID[state][how]}, decided by {ctx.actor.name}: {reason.strip()}",
        "warn",
        seq,
    )
    ctx.note(job, label=job.number, step=step.name, decision=how.value, reason=reason.strip(), **versions)
    announce_decision(ctx, job, how.value, step.name)
    _go_on(ctx, job, JobState.ROLLING_BACK if state is JobState.ROLLBACK_FAILED else JobState.QUEUED)
    return job


def _require_no_outputs(ctx: Context, step: JobStep) -> None:
    kind = ctx.app.step_kinds.get(step.kind)
    try:
        checked_outputs(kind.outputs if kind is not None else None, step.outputs)
    except StepFailed as error:
        raise Refused(
            _(
                "“{step}” has to hand something over that nobody can mark as done.",
                step=translate(step.label),
            ),
            field="how",
            remedy=_("Retry it, or skip it if no later step needs it."),
        ) from error


@operation("core.job.retry")
def reschedule(
    ctx: Context, number: str, start_after: datetime | None = None, priority: int | None = None
) -> Job:
    """Give a queued job another date or priority (1 first, 9 last); until then others may work on what it is for.

    Raises Refused once it has begun.
    """
    job = ctx.load_by(Job, Job.number, number, lock=True)
    if job.state != JobState.QUEUED or job.started_at is not None:
        raise Refused(
            _("Job {number} has begun already.", number=number),
            field="start_after",
            remedy=_("Cancel it and order anew."),
        )
    if start_after is not None:
        job.run_at, job.waits_for = start_after, ""
        _write(ctx, job, f"Planned for {start_after.isoformat(timespec='minutes')} by {ctx.actor.name}.")
        ctx.emit(JobRescheduled(run_at=start_after, **facts_of(job)))
    if priority is not None and priority != job.priority:
        job.priority = priority
        _write(ctx, job, f"Priority {priority} given by {ctx.actor.name}.")
        ctx.emit(JobPriorityChanged(priority=priority, **facts_of(job)))
    ctx.note(job, label=job.number)
    wake.job_is_due(ctx, job.key, job.run_at)
    return job
