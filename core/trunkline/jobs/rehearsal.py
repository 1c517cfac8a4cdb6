"""Dry runs: a job that looks what another one's plan would change, and changes nothing.

Steps that work on the outside world are asked one by one, where their kind knows how. Those that work inside Trunkline are done
together, in their order, in one transaction that is thrown away at the end. Nothing is made up: what a step needs from one before
it that a dry run does not do cannot be known, and is said to be so.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.jobs.looking_ahead import (
    Finding,
    Said,
    Verdict,
    look_of,
    only_looks,
    steps_ahead,
    steps_of,
    try_inner,
)
from trunkline.jobs.models import Job, JobState, StepState
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.plans import Foreseen, foreseen
from trunkline.jobs.steps import StepContext
from trunkline.operation import SYSTEM, Context, operation
from trunkline.plugin import StepKind

JOB_KIND = "core.dry_run"
_ASKING, _TRYING = "core.ask_ahead", "core.try_ahead"
LOOKED_AT = (JobState.QUEUED, JobState.FAILED)


class AskInputs(BaseModel):
    """The step that is looked at: of which job, and which by its name."""

    job: str
    step: str


class TryInputs(BaseModel):
    """The job whose inner steps are tried."""

    job: str


def can_be_looked_at(job: Job) -> bool:
    """Whether the job waits, and is no dry run itself."""
    return job.state in LOOKED_AT and not only_looks(job)


@operation("core.job.retry")
def dry_run(ctx: Context, number: str) -> Job:
    """Queue a job that rehearses the steps another one has still to do; nothing of the network or the database changes.

    Raises Refused for a job that does not wait: it would be looked at while it works.
    """
    job = ctx.load_by(Job, Job.number, number)
    if not can_be_looked_at(job):
        raise Refused(
            _("{job} does not wait, so there is nothing to look at before.", job=number),
            remedy=_("Give a job a date, and look at it before that."),
        )
    tried, planned = False, list[PlannedStep]()
    for step in steps_ahead(ctx, job):
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


def _ask(step: StepContext) -> Mapping[str, Any]:
    """Look at one step of another job, by its kind's own way."""
    inputs: AskInputs = step.inputs
    with step.app.reading() as ctx:
        job = ctx.load_by(Job, Job.number, inputs.job)
        rows = steps_of(ctx, job)
        row = next(row for row in rows if row.name == inputs.step)
        earlier = [other for other in rows if other.seq < row.seq]
        look = look_of(ctx, step, job, row, {other.name: other.outputs for other in earlier})
        blind = any(other.state != StepState.DONE for other in earlier)
    if blind:
        step.log("What the steps before it hand over is not known yet.", "info")
    return {"verdict": look(step)}


def _try(step: StepContext) -> Mapping[str, Any]:
    """Do every inner step of another job in one transaction, tell what changed, and throw it away."""
    inputs: TryInputs = step.inputs
    looked: list[Finding] = []
    lines: list[Said] = []
    with step.app.unit_of_work(SYSTEM, request_id=step.idempotency_key[:64], keep=False) as ctx:
        job = ctx.load_by(Job, Job.number, inputs.job)
        outputs: dict[str, Any] = {row.name: row.outputs for row in steps_of(ctx, job)}
        for row in steps_ahead(ctx, job):
            kind = step.app.step_kinds.get(row.kind)
            if kind is None or foreseen(kind) is not Foreseen.TRIED:
                continue
            found, said = try_inner(ctx, step, job, row, kind, outputs)
            looked.append(Finding(row.label, found))
            lines += [(f"{translate(row.label)}: {found}.", "ok"), *said]
            if found is not Verdict.WORKS:
                lines.append(("What comes after it was not tried.", "warn"))
                break
    # Only now: a line of the log is a transaction of its own.
    for text, level in lines:
        step.log(text, level)
    return {"looked": [list(one) for one in looked]}


STEP_KINDS = (
    StepKind(_ASKING, _("Look at a step"), _ask, irreversible=True, inputs=AskInputs),
    StepKind(_TRYING, _("What happens inside Trunkline"), _try, irreversible=True, inputs=TryInputs),
)
