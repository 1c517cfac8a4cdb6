"""Dry runs: a job that looks what another one's plan would change, and changes nothing.

Steps that work on the outside world are asked one by one, where their kind knows how. Those that work inside Trunkline are done
together, in their order, in one transaction that is thrown away at the end. Nothing is made up: what a step needs from one before
it that a dry run does not do cannot be known, and is said to be so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import col, select

from trunkline.activity.models import ActivityEntry
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.jobs.models import Job, JobState, JobStep, StepState
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.plans import Foreseen, foreseen
from trunkline.jobs.steps import Level, StepContext, as_inputs
from trunkline.operation import SYSTEM, Context, operation
from trunkline.plugin import StepKind

JOB_KIND = "core.dry_run"
_ASKING, _TRYING = "core.ask_ahead", "core.try_ahead"
LOOKED_AT = (JobState.QUEUED, JobState.FAILED)
_LONGEST = 300


class AskInputs(BaseModel):
    """The step that is looked at: of which job, and which by its name."""

    job: str
    step: str


class TryInputs(BaseModel):
    """The job whose inner steps are tried."""

    job: str


@operation("core.job.retry")
def dry_run(ctx: Context, number: str) -> Job:
    """Queue a job that rehearses the steps another one has still to do; nothing of the network or the database changes.

    Raises Refused for a job that does not wait: it would be looked at while it works.
    """
    job = ctx.load_by(Job, Job.number, number)
    if job.state not in LOOKED_AT or job.kind == JOB_KIND:
        raise Refused(
            _("{job} does not wait, so there is nothing to look at before.", job=number),
            remedy=_("Give a job a date, and look at it before that."),
        )
    tried, planned = False, list[PlannedStep]()
    for step in _ahead(ctx, job):
        if foreseen(ctx.app.step_kinds.get(step.kind)) is Foreseen.TRIED:
            tried = True
            continue
        inputs = AskInputs(job=number, step=step.name).model_dump()
        planned.append(PlannedStep(_ASKING, name=step.name, label=step.label, inputs=inputs))
    if tried:
        planned.append(PlannedStep(_TRYING, inputs=TryInputs(job=number).model_dump()))
    looking = enqueue(
        ctx,
        kind=JOB_KIND,
        title=_("Dry run: {title}", title=job.title),
        steps=planned,
        key=f"dry-run:{number}:{ctx.now().isoformat()}",
        customer_id=job.customer_id,
        subject=("job", job.key),
    )
    ctx.note(looking, label=looking.number, looks_at=number)
    return looking


def _ahead(ctx: Context, job: Job) -> Sequence[JobStep]:
    """The steps that the job has still to do."""
    rows = ctx.session.scalars(select(JobStep).where(JobStep.job_id == job.key).order_by(col(JobStep.seq)))
    return [row for row in rows if row.state not in (StepState.DONE, StepState.SKIPPED)]


def _ask(step: StepContext) -> Mapping[str, Any]:
    """Look at one step of another job, by its kind's own way."""
    inputs: AskInputs = step.inputs
    with step.app.reading() as ctx:
        job = ctx.load_by(Job, Job.number, inputs.job)
        rows = ctx.session.scalars(select(JobStep).where(JobStep.job_id == job.key)).all()
    row = next(row for row in rows if row.name == inputs.step)
    kind = step.app.step_kinds.get(row.kind)
    if kind is None:
        step.log(f"No enabled plugin offers the step kind “{row.kind}”: the job would fail here.", "error")
        return {"verdict": "would fail"}
    if kind.rehearse is None:
        step.log("Cannot be known before: only doing it shows what it does.", "warn")
        return {"verdict": "cannot be known before"}
    before = {other.name: other.outputs for other in rows if other.seq < row.seq}
    if any(other.seq < row.seq and other.state != StepState.DONE for other in rows):
        step.log("What the steps before it hand over is not known yet.", "info")
    looked = replace(
        step, name=row.name, inputs=as_inputs(kind.inputs, row.inputs), outputs=row.outputs, before=before
    )
    return {"verdict": _verdict(looked, kind.rehearse)}


def _verdict(step: StepContext, look: Callable[[StepContext], object]) -> str:
    """What a look found. A fault is what was asked for, so the dry run goes on after it."""
    try:
        look(step)
    except TrunklineError as error:
        step.log(f"The job would fail here: {error}", "error")
        return "would fail"
    except (KeyError, AttributeError, TypeError) as error:
        step.log(f"Cannot be known before: it needs something of an earlier step ({error}).", "warn")
        return "cannot be known before"
    return "would work"


def _try(step: StepContext) -> Mapping[str, Any]:
    """Do every inner step of another job in one transaction, tell what changed, and throw it away."""
    inputs: TryInputs = step.inputs
    mark = step.idempotency_key[:64]
    verdicts: dict[str, str] = {}
    lines: list[tuple[str, Level]] = []
    with step.app.unit_of_work(SYSTEM, request_id=mark, keep=False) as ctx:
        job = ctx.load_by(Job, Job.number, inputs.job)
        outputs = {row.name: row.outputs for row in _all(ctx, job)}
        for row in _ahead(ctx, job):
            kind = step.app.step_kinds.get(row.kind)
            if kind is None or foreseen(kind) is not Foreseen.TRIED:
                continue
            said: list[tuple[str, Level]] = []
            looked = replace(
                step,
                job_id=job.key,
                job_number=job.number,
                name=row.name,
                inputs=as_inputs(kind.inputs, row.inputs),
                customer_id=job.customer_id,
                outputs=row.outputs,
                before=outputs,
                transaction=ctx,
                write_log=_writer(said),
                write_late=None,
            )
            verdicts[row.name] = _try_one(ctx, kind, looked, outputs, said)
            lines += [(f"{translate(row.label)}: {verdicts[row.name]}.", "ok"), *said]
            if verdicts[row.name] != "would work":
                lines.append(("What comes after it was not tried.", "warn"))
                break
    # Only now: a line of the log is a transaction of its own.
    for text, level in lines:
        step.log(text, level)
    return verdicts


def _writer(said: list[tuple[str, Level]]) -> Callable[[str, Level, Mapping[str, Any]], None]:
    return lambda text, level, data: said.append((text, level))


def _try_one(
    ctx: Context,
    kind: StepKind,
    looked: StepContext,
    outputs: dict[str, Any],
    said: list[tuple[str, Level]],
) -> str:
    """Do one step within the transaction; `outputs` and what is `said` grow by what it brings."""
    since = _newest_entry(ctx)

    def do(step: StepContext) -> None:
        with ctx.session.begin_nested():
            outputs[step.name] = kind.do(step) or {}

    verdict = _verdict(looked, do)
    said += [(text, "info") for text in _changed(ctx, ctx.request_id, since)]
    return verdict


def _all(ctx: Context, job: Job) -> Sequence[JobStep]:
    return ctx.session.scalars(select(JobStep).where(JobStep.job_id == job.key)).all()


def _changed(ctx: Context, mark: str, since: int) -> list[str]:
    """What the transaction of this mark recorded after the entry with the key `since`, one line a row."""
    ctx.session.flush()
    entries = ctx.session.scalars(
        select(ActivityEntry)
        .where(col(ActivityEntry.id) > since, col(ActivityEntry.request_id) == mark)
        .order_by(col(ActivityEntry.id))
    )
    return [
        f"{change['entity']} {change['action']}: {_fields(change['fields'])}"[:_LONGEST]
        for entry in entries
        for change in entry.changes
    ]


def _fields(fields: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {new}" if old in (None, "") else f"{name} {old} → {new}"
        for name, (old, new) in fields.items()
    )


def _newest_entry(ctx: Context) -> int:
    return ctx.session.scalar(select(func.max(col(ActivityEntry.id)))) or 0


STEP_KINDS = (
    StepKind(_ASKING, _("Look at a step"), _ask, irreversible=True, inputs=AskInputs),
    StepKind(_TRYING, _("What happens inside Trunkline"), _try, irreversible=True, inputs=TryInputs),
)
