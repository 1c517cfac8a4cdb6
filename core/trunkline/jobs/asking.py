"""What is asked before something is done about a job: what it does, and which steps would be undone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext, translate
from trunkline.jobs.decisions import Settlement
from trunkline.jobs.models import Job, JobState, JobStep, StepState
from trunkline.jobs.steps import beyond_return

if TYPE_CHECKING:
    from trunkline.app import App

_STATES = {
    JobState.QUEUED: _("queued"),
    JobState.RUNNING: _("running"),
    JobState.SUCCEEDED: _("done"),
    JobState.ROLLING_BACK: _("being undone"),
    JobState.ROLLED_BACK: _("undone"),
    JobState.ROLLBACK_FAILED: _("waiting for somebody to decide"),
    JobState.CANCELLED: _("cancelled"),
    JobState.FAILED: _("held"),
}
_UNDOABLE = (StepState.DONE, StepState.FAILED, StepState.RUNNING, StepState.UNDOING)


@dataclass(frozen=True)
class Question:
    """What is asked before something is done about a job."""

    title: str
    #: What it does, in a sentence.
    text: str
    #: The button that does it.
    label: str
    danger: bool = False
    #: What is listed below the sentence: steps that would be undone.
    steps: Sequence[str] = ()
    #: Said instead, where it cannot be done any more.
    too_late: str = ""


Asking = Callable[["App", Job, Sequence[JobStep]], Question]


def to_cancel(app: "App", job: Job, steps: Sequence[JobStep]) -> Question:
    """Before a queued or running job is cancelled."""
    undone = _to_undo(app, steps)
    if undone:
        text = _(
            "The step at hand is stopped as soon as it can be. Then what was done is undone, the last step first:"
        )
    elif job.state == JobState.RUNNING:
        text = _("The step at hand is stopped as soon as it can be. What it did until then stays.")
    else:
        text = _("It has not begun, so nothing has to be undone.")
    return Question(
        _("Cancel {title}?", title=job.title),
        text,
        _("Cancel and undo") if undone else _("Cancel the job"),
        danger=True,
        steps=undone,
        too_late=_too_late(job, JobState.QUEUED, JobState.RUNNING) or _final(app, steps),
    )


def to_retry(app: "App", job: Job, steps: Sequence[JobStep]) -> Question:
    """Before a held job goes on from the step that failed, or a failed roll-back is tried again."""
    backwards = job.state == JobState.ROLLBACK_FAILED
    stopped = next(
        (step for step in steps if step.state in (StepState.FAILED, StepState.UNDO_FAILED)), steps[0]
    )
    name, before = translate(stopped.label), sum(step.state == StepState.DONE for step in steps)
    kept = ngettext("The step before it stays as it is.", "The {n} steps before it stay as they are.", before)
    return Question(
        _("Try the roll-back again?") if backwards else _("Go on from the failed step?"),
        _("Undoing goes on at “{step}”; what is undone already stays so.", step=name)
        if backwards
        else _("“{step}” is done again, then what follows.", step=name) + (f" {kept}" if before else ""),
        _("Retry the roll-back") if backwards else _("Retry from here"),
        too_late=_too_late(job, JobState.FAILED, JobState.ROLLBACK_FAILED),
    )


def to_roll_back(app: "App", job: Job, steps: Sequence[JobStep]) -> Question:
    """Before a held job is undone."""
    return Question(
        _("Undo what {number} has done?", number=job.number),
        _("These steps are undone, the last first, and the job ends. What it was for can be ordered anew:"),
        _("Roll back"),
        danger=True,
        steps=_to_undo(app, steps),
        too_late=_too_late(job, JobState.FAILED) or _final(app, steps),
    )


def to_settle(app: "App", job: Job, steps: Sequence[JobStep]) -> Question:
    """Before a failed roll-back is closed as it is."""
    left = [*_to_undo(app, steps), *(translate(s.label) for s in steps if s.state == StepState.UNDO_FAILED)]
    return Question(
        _("Close {number} as it is?", number=job.number),
        _("Nothing more is undone: these steps count as put right by hand."),
        _("Settle"),
        danger=True,
        steps=left,
        too_late=_too_late(job, JobState.ROLLBACK_FAILED),
    )


def to_reschedule(app: "App", job: Job, steps: Sequence[JobStep]) -> Question:
    """Before a job that has not begun gets another date or priority."""
    late = _too_late(job, JobState.QUEUED)
    if not late and job.started_at is not None:
        late = _("{number} has begun already.", number=job.number)
    return Question(
        _("Reschedule {number}?", number=job.number),
        _("It has not begun. Items stay held for it; until its day comes, others may work on the service."),
        _("Reschedule"),
        too_late=late,
    )


def to_decide(app: "App", job: Job, steps: Sequence[JobStep], seq: int, how: Settlement) -> Question:
    """Before a person decides about the step that a job stopped at."""
    backwards = job.state == JobState.ROLLBACK_FAILED
    step = next((step for step in steps if step.seq == seq), None)
    waits = step is not None and step.state == (StepState.UNDO_FAILED if backwards else StepState.FAILED)
    title, text, label = _DECISIONS[backwards][how]
    return Question(
        str(title).format(step=translate(step.label) if step is not None else seq),
        str(text),
        str(label),
        danger=how is Settlement.SKIP,
        steps=_to_undo(app, steps) if backwards and how is not Settlement.RETRY else (),
        too_late=_too_late(job, JobState.FAILED, JobState.ROLLBACK_FAILED)
        or ("" if waits else _("This step waits for nobody’s decision.")),
    )


_DECISIONS = {
    True: {
        Settlement.RETRY: (
            _("Undo “{step}” again?"),
            _("Undoing goes on from this step."),
            _("Retry"),
        ),
        Settlement.DONE: (
            _("Mark “{step}” as undone?"),
            _("It counts as undone by hand. Then undoing goes on with what is left, the last step first:"),
            _("Mark as undone"),
        ),
        Settlement.SKIP: (
            _("Leave “{step}” as it is?"),
            _("What this step did stays. Then undoing goes on with what is left, the last step first:"),
            _("Skip the step"),
        ),
    },
    False: {
        Settlement.RETRY: (
            _("Do “{step}” again?"),
            _("The job goes on from this step."),
            _("Retry"),
        ),
        Settlement.DONE: (
            _("Mark “{step}” as done?"),
            _("It counts as done by hand, and the job goes on with the next step."),
            _("Mark as done"),
        ),
        Settlement.SKIP: (
            _("Skip “{step}”?"),
            _("It is left out for good, and the job goes on with the next step."),
            _("Skip the step"),
        ),
    },
}


def _to_undo(app: "App", steps: Sequence[JobStep]) -> list[str]:
    """What would be undone, the last first."""
    return [translate(step.label) for step in reversed(steps) if undoable(app, step)]


def undoable(app: "App", step: JobStep) -> bool:
    """Whether the step did, or may have done, something that its kind can undo."""
    kind = app.step_kinds.get(step.kind)
    return step.state in _UNDOABLE and (kind is None or kind.undo is not None)


def _too_late(job: Job, *wanted: JobState) -> str:
    state = JobState(job.state)
    return (
        "" if state in wanted else _("{number} is {state} by now.", number=job.number, state=_STATES[state])
    )


def _final(app: "App", steps: Sequence[JobStep]) -> str:
    final = beyond_return(app, steps)
    return "" if final is None else _("“{step}” is done and cannot be undone.", step=translate(final.label))
