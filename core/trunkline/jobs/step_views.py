"""A job's steps as its page draws them: how far, how long, what each changed, and which way the job goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline import i18n
from trunkline.activity.recording import MASK
from trunkline.i18n import gettext as _
from trunkline.jobs.expecting import Expected, seconds_between
from trunkline.jobs.looking_ahead import VERDICTS, Finding, Verdict
from trunkline.jobs.models import Job, JobState, JobStep, StepState

_SHOWN = {
    StepState.PENDING: "",
    StepState.DONE: "succeeded",
    StepState.UNDO_FAILED: "rollback_failed",
}
_WORDS = {
    StepState.PENDING: _("Not begun"),
    StepState.RUNNING: _("At work"),
    StepState.DONE: _("Done"),
    StepState.FAILED: _("Failed"),
    StepState.UNDOING: _("Being undone"),
    StepState.UNDONE: _("Undone"),
    StepState.UNDO_FAILED: _("Could not be undone"),
    StepState.SKIPPED: _("Skipped"),
}
BUSY = (StepState.RUNNING, StepState.UNDOING)
#: Time is told of what was done; undoing moves the end, and of that the log tells.
_TIMED = (StepState.RUNNING, StepState.DONE, StepState.FAILED)
_UNDECIDED = (
    (StepState.UNDO_FAILED, JobState.ROLLBACK_FAILED),
    (StepState.FAILED, JobState.FAILED),
)
_LONGEST = 300


@dataclass(frozen=True)
class StepView:
    """One step as it is drawn. `seconds` is how long it took, or has taken so far; `expected` how long it takes as a rule."""

    seq: int
    label: str
    #: The word that icon and tone go by.
    state: str
    #: The state as people read it.
    word: str
    by: str
    #: What it will change while it is not begun, then what it handed over; and what it did change.
    detail: str
    changed: str
    error: str
    seconds: float | None
    expected: float | None
    #: Since when it is at work, for a clock that ticks.
    since: datetime | None
    #: Whether a person has to decide about it.
    undecided: bool


def step_views(
    job: Job,
    steps: Sequence[JobStep],
    told: Expected,
    changes: Mapping[int, Sequence[str]],
    makers: Mapping[str, str],
    now: datetime,
) -> list[StepView]:
    """All steps in their order. `changes` says by position what the log says was changed, `makers` the names of plugins."""
    return [_view(job, step, told, changes.get(step.seq, ()), makers, now) for step in steps]


def _view(
    job: Job,
    step: JobStep,
    told: Expected,
    changes: Sequence[str],
    makers: Mapping[str, str],
    now: datetime,
) -> StepView:
    state = StepState(step.state)
    skipped = state is StepState.PENDING and JobState(job.state).is_over and job.state != JobState.FAILED
    return StepView(
        seq=step.seq,
        label=i18n.translate(step.label),
        state=_SHOWN.get(state, state.value),
        word=str(_("Not reached") if skipped else _WORDS[state]),
        by=i18n.translate(makers.get(step.contributed_by, step.contributed_by)),
        detail=_planned(step) if state is StepState.PENDING else _found(step) or _outputs(step.outputs),
        changed="; ".join(changes)[:_LONGEST],
        error=step.error[:_LONGEST],
        seconds=seconds_between(step.started_at, now if state in BUSY else step.finished_at)
        if state in _TIMED
        else None,
        expected=told.steps.get(step.name) if state in (StepState.PENDING, StepState.RUNNING) else None,
        since=step.started_at if state is StepState.RUNNING else None,
        undecided=(state, JobState(job.state)) in _UNDECIDED,
    )


def findings_of(step: JobStep) -> list[tuple[str, str, Verdict]]:
    """What a dry run's step found of each step that it looked at: label and verdict in words, and the verdict."""
    looked = [Finding(label, Verdict(verdict)) for label, verdict in step.outputs.get("looked", ())]
    return [
        (i18n.translate(label), str(VERDICTS[verdict].translated()), verdict) for label, verdict in looked
    ]


def _found(step: JobStep) -> str:
    """The same in one line."""
    return ", ".join(f"{label}: {word}" for label, word, _verdict in findings_of(step))


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secret"}


def _planned(step: JobStep) -> str:
    """What it will change, in the reader's language."""
    told = (i18n.translate(one["text"], **one.get("values", {})) for one in step.changes)
    return "; ".join(told)[:_LONGEST]


def _outputs(outputs: Mapping[str, Any]) -> str:
    """Plain outputs in one line: what a step brought to light; keys of rows mean nothing to people.

    Of a secret, which is `{"secret": …}` and only names where it is kept, nothing but its name is told.
    """
    if (verdict := outputs.get("verdict")) in list(Verdict):
        return str(VERDICTS[Verdict(verdict)].translated())
    told = {name: MASK if _is_secret(value) else value for name, value in outputs.items()}
    plain = (
        f"{name.replace('_', ' ')} {value}"
        for name, value in told.items()
        if isinstance(value, str | int)
        and not isinstance(value, bool)
        and value != ""
        and not name.endswith("_id")
    )
    return ", ".join(plain)[:_LONGEST]
