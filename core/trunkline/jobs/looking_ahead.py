"""Looking at one step without doing it, in two halves: what it needs is read first, and the outside world asked afterwards.

So a plan can be looked at that stands in a transaction which is thrown away: nothing waits for the far end with locks held.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import func
from sqlmodel import col, select

from trunkline.activity.models import ActivityEntry
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.jobs.models import Job, JobStep, StepState
from trunkline.jobs.plans import Foreseen, foreseen
from trunkline.jobs.steps import CannotTell, Level, StepContext, StepFailed, as_inputs
from trunkline.operation import SYSTEM, Context
from trunkline.plugin import StepKind

_LONGEST = 300
#: The last word of every kind of job that only looks.
_DRY_RUN = ".dry_run"


class Verdict(StrEnum):
    """What a look found."""

    WORKS = "would work"
    FAILS = "would fail"
    UNKNOWN = "cannot be known before"


VERDICTS = {
    Verdict.WORKS: _("Would work"),
    Verdict.FAILS: _("Would fail"),
    Verdict.UNKNOWN: _("Cannot be known before"),
}


class Finding(NamedTuple):
    """One step that was looked at: its label as it is kept, and what was found."""

    label: str
    verdict: Verdict


def only_looks(job: Job) -> bool:
    """Whether the job is a dry run: what its log calls changed only would be."""
    return job.kind.endswith(_DRY_RUN)


#: What is said, and how loud.
Said = tuple[str, Level]
#: Asks the outside world, says what it found in the log of the step that it is given, and judges.
Look = Callable[[StepContext], Verdict]


def look_of(
    ctx: Context, step: StepContext, job: Job, row: JobStep, before: Mapping[str, Mapping[str, Any]]
) -> Look:
    """Read all that a look at the step `row` of `job` needs; what is returned needs no transaction any more.

    `before` are the outputs of the steps before it, as far as there are any.
    """
    kind = step.app.step_kinds.get(row.kind)
    if kind is None:
        absent = f"No enabled plugin offers the step kind “{row.kind}”: the job would fail here."
        return _saying((absent, "error"), Verdict.FAILS)
    rehearse = kind.rehearse
    if rehearse is None:
        return _saying(("Cannot be known before: only doing it shows what it does.", "warn"), Verdict.UNKNOWN)
    said: list[Said] = []
    looked = replace(
        step,
        job_id=job.key,
        name=row.name,
        inputs=as_inputs(kind.inputs, row.inputs),
        outputs=row.outputs,
        before=before,
    )
    gathered: list[Any] = []
    if kind.gather is not None:
        gather = kind.gather
        found = verdict(looked, said, lambda one: gathered.append(gather(ctx, one)))
        if found is not Verdict.WORKS:
            return _saying(said[-1], found)

    def ask(own: StepContext) -> Verdict:
        asked: list[Said] = []
        given = replace(
            looked, job_id=own.job_id, write_log=own.write_log, gathered=gathered[0] if gathered else None
        )
        judged = verdict(given, asked, rehearse)
        for text, level in asked:
            own.log(text, level)
        return judged

    return ask


def _saying(said: Said, found: Verdict) -> Look:
    def look(own: StepContext) -> Verdict:
        own.log(*said)
        return found

    return look


def verdict(step: StepContext, said: list[Said], look: Callable[[StepContext], object]) -> Verdict:
    """What a look finds. A fault is what was asked for: it is `said`, and the dry run goes on after it."""
    try:
        look(step)
    except CannotTell as error:
        said.append((f"Cannot be known before: {error}", "warn"))
        return Verdict.UNKNOWN
    except TrunklineError as error:
        said.append((f"The job would fail here: {error}", "error"))
        return Verdict.FAILS
    except (KeyError, AttributeError, TypeError) as error:
        said.append((f"Cannot be known before: it needs something of an earlier step ({error}).", "warn"))
        return Verdict.UNKNOWN
    return Verdict.WORKS


def try_inner(
    ctx: Context, step: StepContext, job: Job, row: JobStep, kind: StepKind, outputs: dict[str, Any]
) -> tuple[Verdict, list[Said]]:
    """Do an inner step within the transaction, which is to be thrown away: what was found, and what it says and changes.

    `outputs`, by name of step, grow by what it brings.
    """
    said: list[Said] = []
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
        only_tried=True,
        write_log=lambda text, level, data: said.append((text, level)),
        write_late=None,
    )
    since = _newest_entry(ctx)

    def do(one: StepContext) -> None:
        with ctx.session.begin_nested():
            outputs[one.name] = kind.do(one) or {}

    found = verdict(looked, said, do)
    said += [(text, "info") for text in _changed(ctx, since)]
    return found, said


def look_through(step: StepContext, place: Callable[[Context], Job]) -> list[Finding]:
    """Look at every step of a job that is planned for this look alone, and say in the log of `step` what each would do.

    `place` plans it in a transaction that is thrown away: nothing is kept, held or used up, and the outside world is asked only
    after that. Raises what `place` raises, and StepFailed when
    it is cancelled.
    """
    looks: list[tuple[str, Look]] = []
    with step.app.unit_of_work(SYSTEM, request_id=step.idempotency_key[:64], keep=False) as ctx:
        job = place(ctx)
        outputs: dict[str, Any] = {}
        stopped = False
        for row in steps_of(ctx, job):
            kind = step.app.step_kinds.get(row.kind)
            if kind is not None and foreseen(kind) is Foreseen.TRIED:
                look, stopped = _tried(ctx, step, job, row, kind, outputs, stopped)
            else:
                look = look_of(ctx, step, job, row, dict(outputs))
            looks.append((row.label, look))
    found = []
    for label, look in looks:
        words = translate(label)
        step.log(f"{words}.")
        judged = look(step)
        if step.cancelled():
            raise StepFailed("It was stopped before everything was looked at.")
        step.log(f"{words}: {judged}.", _LOUD[judged])
        found.append(Finding(label, judged))
    return found


_LOUD: Mapping[Verdict, Level] = {Verdict.WORKS: "ok", Verdict.FAILS: "error", Verdict.UNKNOWN: "warn"}


def _tried(
    ctx: Context,
    step: StepContext,
    job: Job,
    row: JobStep,
    kind: StepKind,
    outputs: dict[str, Any],
    stopped: bool,
) -> tuple[Look, bool]:
    """The look that tells what trying an inner step has shown, and whether no other can be tried after it."""
    if stopped:
        lost = "Cannot be known before: a step of Trunkline’s own before it could not be tried to its end."
        return _saying((lost, "warn"), Verdict.UNKNOWN), True
    found, said = try_inner(ctx, step, job, row, kind, outputs)

    def tell(own: StepContext) -> Verdict:
        for text, level in said:
            own.log(text, level)
        return found

    return tell, found is not Verdict.WORKS


def steps_of(ctx: Context, job: Job) -> Sequence[JobStep]:
    """All steps of a job, in their order."""
    return ctx.session.scalars(
        select(JobStep).where(JobStep.job_id == job.key).order_by(col(JobStep.seq))
    ).all()


def steps_ahead(ctx: Context, job: Job) -> Sequence[JobStep]:
    """The steps that the job has still to do."""
    return [row for row in steps_of(ctx, job) if row.state not in (StepState.DONE, StepState.SKIPPED)]


def _changed(ctx: Context, since: int) -> list[str]:
    """What this transaction recorded after the entry with the key `since`, one line a row."""
    ctx.session.flush()
    entries = ctx.session.scalars(
        select(ActivityEntry)
        .where(col(ActivityEntry.id) > since, col(ActivityEntry.request_id) == ctx.request_id)
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
