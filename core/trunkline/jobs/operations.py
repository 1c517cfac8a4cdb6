"""What people and plugins do with jobs: enqueue, cancel, retry, settle by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from trunkline.db.numbers import next_number
from trunkline.errors import Refused
from trunkline.jobs import wake
from trunkline.jobs.ending import announce
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep, OnFailure, StepState
from trunkline.operation import Context, operation
from trunkline.plugin import Policy, StepKind


@dataclass(frozen=True)
class PlannedStep:
    """One step of a plan. `inputs` are references and plain values, never secrets: they are stored and shown."""

    kind: str
    name: str = ""
    label: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None


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
    priority: int = 0,
    run_at: datetime | None = None,
    product: str = "",
    action: str = "",
) -> Job:
    """Freeze a plan and queue it in this transaction; the same `key` gives the job that exists already.

    A higher `priority` runs first. Times and success are told by `product` and `action`, both codes. Raises Refused for an
    empty plan, an unknown step kind, inputs its schema rejects, or a step that could be neither undone nor is declared
    irreversible and placed last.
    """
    existing = ctx.session.scalars(select(Job).where(col(Job.unique_key) == key)).one_or_none()
    if existing is not None:
        return existing
    kinds = _checked_plan(ctx, steps)
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
    )
    ctx.session.add(job)
    ctx.session.flush()
    ctx.session.add_all(_step_rows(job, steps, kinds))
    ctx.session.add(JobEvent(job_id=job.key, text=f"Queued by {ctx.actor.name}.", level="info"))
    wake.job_is_due(ctx, job.key, job.run_at)
    return job


def _checked_plan(ctx: Context, steps: Sequence[PlannedStep]) -> list[StepKind]:
    if not steps:
        raise Refused("A job needs at least one step.", field="steps")
    kinds = []
    for step in steps:
        kind = ctx.app.step_kinds.get(step.kind)
        if kind is None:
            raise Refused(
                f"No enabled plugin offers the step kind “{step.kind}”.",
                field="steps",
                remedy="Enable its plugin.",
            )
        if kind.inputs is not None:
            kind.inputs.model_validate(dict(step.inputs))
        kinds.append(kind)
    last_reversible = max((n for n, kind in enumerate(kinds) if not kind.irreversible), default=-1)
    for number, kind in enumerate(kinds):
        if kind.irreversible and number < last_reversible:
            raise Refused(f"The step “{kind.label}” cannot be undone, so it must come last.", field="steps")
    return kinds


def _step_rows(job: Job, steps: Sequence[PlannedStep], kinds: Sequence[StepKind]) -> list[JobStep]:
    names: dict[str, int] = {}
    rows = []
    for seq, (step, kind) in enumerate(zip(steps, kinds, strict=True), start=1):
        name = step.name or kind.name
        names[name] = names.get(name, 0) + 1
        rows.append(
            JobStep(
                job_id=job.key,
                seq=seq,
                name=name if names[name] == 1 else f"{name}_{names[name]}",
                label=step.label or kind.label,
                kind=kind.name,
                contributed_by=kind.name.partition(".")[0],
                policy=step.policy or kind.policy,
                inputs=dict(step.inputs),
            )
        )
    return rows


def _write(ctx: Context, job: Job, text: str, level: str = "info") -> None:
    ctx.session.add(JobEvent(job_id=job.key, epoch=job.epoch, text=text, level=level))


@operation("core.job.cancel")
def cancel(ctx: Context, number: str) -> Job:
    """Ask that a job stop: a queued one ends now, a running one stops soon and is rolled back. Raises Refused when it is over."""
    job = ctx.load_by(Job, Job.number, number, lock=True)
    state = JobState(job.state)
    if state is JobState.QUEUED:
        _cancel_queued(ctx, job)
    elif state is JobState.RUNNING:
        job.cancel_requested = True
    else:
        raise Refused(f"Job {number} is {state.value.replace('_', ' ')}; it cannot be cancelled any more.")
    _write(ctx, job, f"Cancelled by {ctx.actor.name}.", "warn")
    ctx.note(job, label=job.number)
    return job


def _cancel_queued(ctx: Context, job: Job) -> None:
    """End a job that has done nothing; one that was handed back half done is rolled back first."""
    steps = ctx.session.scalars(select(JobStep).where(JobStep.job_id == job.key)).all()
    tried = [step for step in steps if step.tries]
    job.cancel_requested = True
    if not tried:
        job.state, job.finished_at = JobState.CANCELLED, ctx.now()
        announce(ctx, job)
        return
    for step in tried:
        if step.state == StepState.PENDING:
            # What its last try left behind is unknown, and undoing accepts that nothing was done.
            step.state = StepState.FAILED
    job.state, job.error, job.run_at, job.lease_until = JobState.ROLLING_BACK, "Cancelled.", ctx.now(), None
    wake.job_is_due(ctx, job.key, job.run_at)


@operation("core.job.retry")
def retry(ctx: Context, number: str) -> Job:
    """Go on from the failed step (state failed) or try the failed roll-back again (rollback_failed).

    Raises Refused in any other state: a rolled back job is ordered anew.
    """
    job = ctx.load_by(Job, Job.number, number, lock=True)
    steps = ctx.session.scalars(select(JobStep).where(JobStep.job_id == job.key)).all()
    if job.state == JobState.FAILED:
        _reset(steps, StepState.FAILED, StepState.PENDING)
        job.state = JobState.QUEUED
    elif job.state == JobState.ROLLBACK_FAILED:
        _reset(steps, StepState.UNDO_FAILED, StepState.DONE)
        job.state = JobState.ROLLING_BACK
    else:
        raise Refused(f"Job {number} is {job.state.replace('_', ' ')}; there is nothing to retry.")
    job.error, job.finished_at, job.lease_until, job.run_at = "", None, None, ctx.now()
    _write(ctx, job, f"Retried by {ctx.actor.name}.")
    ctx.note(job, label=job.number)
    wake.job_is_due(ctx, job.key, job.run_at)
    return job


@operation("core.job.retry")
def roll_back(ctx: Context, number: str) -> Job:
    """Undo a held job (state failed). Raises Refused in any other state."""
    job = ctx.load_by(Job, Job.number, number, lock=True)
    if job.state != JobState.FAILED:
        raise Refused(f"Job {number} is {job.state.replace('_', ' ')}; only a held job can be rolled back.")
    job.state, job.finished_at, job.lease_until, job.run_at = JobState.ROLLING_BACK, None, None, ctx.now()
    _write(ctx, job, f"Roll-back asked for by {ctx.actor.name}.")
    ctx.note(job, label=job.number)
    wake.job_is_due(ctx, job.key, job.run_at)
    return job


@operation("core.job.retry")
def settle(ctx: Context, number: str, reason: str) -> Job:
    """Close a failed roll-back that a person has put right. Raises Refused without a reason or in another state."""
    if not reason.strip():
        raise Refused("Say what was done by hand.", field="reason")
    job = ctx.load_by(Job, Job.number, number, lock=True)
    if job.state != JobState.ROLLBACK_FAILED:
        raise Refused(
            f"Job {number} is {job.state.replace('_', ' ')}; only a failed roll-back is settled by hand."
        )
    job.state, job.finished_at = JobState.ROLLED_BACK, ctx.now()
    _write(ctx, job, f"Settled by hand by {ctx.actor.name}: {reason}", "warn")
    ctx.note(job, label=job.number, reason=reason)
    announce(ctx, job)
    return job


def _reset(steps: Sequence[JobStep], was: StepState, becomes: StepState) -> None:
    for step in steps:
        if step.state == was:
            step.state, step.error = becomes, ""
