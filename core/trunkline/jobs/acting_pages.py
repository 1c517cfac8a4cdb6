"""What people do about a job: each asks first, in a dialog or, without JavaScript, on a page of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from trunkline import i18n
from trunkline.i18n import gettext as _
from trunkline.jobs import operations, queries
from trunkline.jobs.models import Job, JobState, JobStep, StepState
from trunkline.jobs.schemas import SettleJob
from trunkline.lists import NoValues
from trunkline.web.pages import Page, Pages

pages = Pages()

_UNDOABLE = (StepState.DONE, StepState.FAILED, StepState.RUNNING, StepState.UNDOING)


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


Asking = Callable[[Job, Sequence[JobStep]], Question]


def _asked(word: str, asking: Asking) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The initial values and the further context of the form that asks `word` of a job."""

    def initial(page: Page, number: str) -> Mapping[str, Any]:
        return {"form_options": {"action": f"/jobs/{number}/{word}"}}

    def extra(page: Page, number: str) -> Mapping[str, Any]:
        found = queries.get(page.ctx, number)
        question = asking(found, queries.steps_of(page.ctx, found.key))
        page.title = question.title
        page.crumbs((str(_("Jobs")), "/jobs"), (found.number, f"/jobs/{found.number}"), (question.label, ""))
        return {"job": found, "question": question, "back": f"/jobs/{found.number}"}

    return initial, extra


def _too_late(found: Job) -> str:
    return _("{number} is {state} by now.", number=found.number, state=_STATES[JobState(found.state)])


def _to_undo(steps: Sequence[JobStep]) -> list[str]:
    """What would be undone, the last first."""
    return [i18n.translate(step.label) for step in reversed(steps) if step.state in _UNDOABLE]


def _cancel(found: Job, steps: Sequence[JobStep]) -> Question:
    undone, state = _to_undo(steps), JobState(found.state)
    return Question(
        _("Cancel {title}?", title=found.title),
        _(
            "The step at hand is stopped as soon as it can be. Then what was done is undone, the last step first:"
        )
        if undone
        else _("It has not begun, so nothing has to be undone."),
        _("Cancel and undo") if undone else _("Cancel the job"),
        danger=True,
        steps=undone,
        too_late="" if state in (JobState.QUEUED, JobState.RUNNING) else _too_late(found),
    )


def _retry(found: Job, steps: Sequence[JobStep]) -> Question:
    if found.state == JobState.ROLLBACK_FAILED:
        stuck = next((step for step in steps if step.state == StepState.UNDO_FAILED), None)
        return Question(
            _("Try the roll-back again?"),
            _(
                "Undoing goes on at “{step}”; what is undone already stays so.",
                step=i18n.translate(stuck.label) if stuck else found.title,
            ),
            _("Retry the roll-back"),
        )
    failed = next((step for step in steps if step.state == StepState.FAILED), None)
    return Question(
        _("Go on from the failed step?"),
        _(
            "“{step}” is done again, then what follows. The {n} steps before it stay as they are.",
            step=i18n.translate(failed.label) if failed else found.title,
            n=sum(step.state == StepState.DONE for step in steps),
        ),
        _("Retry from here"),
        too_late="" if found.state == JobState.FAILED else _too_late(found),
    )


def _roll_back(found: Job, steps: Sequence[JobStep]) -> Question:
    return Question(
        _("Undo what {number} has done?", number=found.number),
        _("These steps are undone, the last first, and the job ends. What it was for can be ordered anew:"),
        _("Roll back"),
        danger=True,
        steps=_to_undo(steps),
        too_late="" if found.state == JobState.FAILED else _too_late(found),
    )


def _settle(found: Job, steps: Sequence[JobStep]) -> Question:
    return Question(
        _("Close {number} as it is?", number=found.number),
        _("Nothing more is undone: these steps count as put right by hand."),
        _("Settle"),
        danger=True,
        steps=[
            *_to_undo(steps),
            *(i18n.translate(s.label) for s in steps if s.state == StepState.UNDO_FAILED),
        ],
        too_late="" if found.state == JobState.ROLLBACK_FAILED else _too_late(found),
    )


_initial, _extra = _asked("cancel", _cancel)


@pages.form(
    "/jobs/{number}/cancel",
    permission="core.job.cancel",
    schema=NoValues,
    template="jobs/ask.html",
    title=_("Cancel"),
    initial=_initial,
    extra=_extra,
)
def cancel(page: Page, command: NoValues, number: str) -> Response:
    operations.cancel(page.ctx, number)
    return page.redirect(f"/jobs/{number}", str(_("The job is being cancelled.")))


_initial, _extra = _asked("retry", _retry)


@pages.form(
    "/jobs/{number}/retry",
    permission="core.job.retry",
    schema=NoValues,
    template="jobs/ask.html",
    title=_("Retry"),
    initial=_initial,
    extra=_extra,
)
def retry(page: Page, command: NoValues, number: str) -> Response:
    operations.retry(page.ctx, number)
    return page.redirect(f"/jobs/{number}", str(_("The job goes on.")))


_initial, _extra = _asked("roll-back", _roll_back)


@pages.form(
    "/jobs/{number}/roll-back",
    permission="core.job.retry",
    schema=NoValues,
    template="jobs/ask.html",
    title=_("Roll back"),
    initial=_initial,
    extra=_extra,
)
def roll_back(page: Page, command: NoValues, number: str) -> Response:
    operations.roll_back(page.ctx, number)
    return page.redirect(f"/jobs/{number}", str(_("The job is being undone.")))


_initial, _extra = _asked("settle", _settle)


@pages.form(
    "/jobs/{number}/settle",
    permission="core.job.retry",
    schema=SettleJob,
    template="jobs/ask.html",
    title=_("Settle by hand"),
    initial=_initial,
    extra=_extra,
)
def settle(page: Page, command: SettleJob, number: str) -> Response:
    operations.settle(page.ctx, number, command.reason)
    return page.redirect(f"/jobs/{number}", str(_("The job is settled.")))
