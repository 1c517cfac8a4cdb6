"""What people do about a job: each asks first, in a dialog or, without JavaScript, on a page of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.jobs import asking, operations, queries
from trunkline.jobs.asking import Asking, Question
from trunkline.jobs.decisions import Settlement
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.renewing import Newer, RetryWith, newer
from trunkline.jobs.schemas import DecideStep, JobReason, RescheduleJob, RetryJob, RetryStep, SettleJob
from trunkline.lists import NoValues
from trunkline.web.pages import Handler, Page, Pages

pages = Pages()


def ask(page: Page, found: Job, question: Question) -> dict[str, Any]:
    """What the template of every question needs."""
    page.title = question.title
    page.crumbs((str(_("Jobs")), "/jobs"), (found.number, f"/jobs/{found.number}"), (question.label, ""))
    return {"job": found, "question": question, "back": f"/jobs/{found.number}"}


def _asked(
    word: str,
    permission: str,
    schema: type[BaseModel] | Callable[..., type[BaseModel]],
    question: Asking,
    choices: Callable[[Page, str], Mapping[str, Any]] = lambda page, number: {},
) -> Callable[[Handler], Handler]:
    """Registers the form at `/jobs/{number}/<word>` that puts the question."""

    def initial(page: Page, number: str) -> Mapping[str, Any]:
        return {"form_options": {"action": f"/jobs/{number}/{word}", "choices": choices(page, number)}}

    def extra(page: Page, number: str) -> Mapping[str, Any]:
        found = queries.get(page.ctx, number)
        return ask(page, found, question(page.app, found, queries.steps_of(page.ctx, found.key)))

    return pages.form(
        f"/jobs/{{number}}/{word}",
        permission=permission,
        schema=schema,
        template="jobs/ask.html",
        title=_("Jobs"),
        initial=initial,
        extra=extra,
    )


@_asked("cancel", "core.job.cancel", NoValues, asking.to_cancel)
def cancel(page: Page, command: NoValues, number: str) -> Response:
    operations.cancel(page.ctx, number)
    return page.redirect(f"/jobs/{number}", str(_("The job is being cancelled.")))


def _newer(page: Page, number: str, seq: int | None = None) -> Newer | None:
    """What a held job could be retried with instead; with `seq` that step of it."""
    found = queries.get(page.ctx, number)
    if found.state != JobState.FAILED:
        return None
    steps = queries.steps_of(page.ctx, found.key)
    return newer(page.ctx, [step for step in steps if seq in (None, step.seq)])


def _versions(found: Newer | None) -> Mapping[str, Any]:
    """The choice between them, for forms that offer it."""
    if found is None:
        return {}
    return {
        "use": [
            (RetryWith.PLANNED, _("As planned: version {n}", n=found.planned)),
            (RetryWith.NEWEST, _("With the newest one: version {n}", n=found.newest)),
        ]
    }


def _retry_schema(page: Page, number: str) -> type[BaseModel]:
    return RetryJob if _newer(page, number) else JobReason


def _retry_choices(page: Page, number: str) -> Mapping[str, Any]:
    return _versions(_newer(page, number))


@_asked("retry", "core.job.retry", _retry_schema, asking.to_retry, _retry_choices)
def retry(page: Page, command: JobReason, number: str) -> Response:
    use = command.use if isinstance(command, RetryJob) else RetryWith.PLANNED
    operations.retry(page.ctx, number, command.reason, use)
    return page.redirect(f"/jobs/{number}", str(_("The job goes on.")))


@_asked("roll-back", "core.job.retry", JobReason, asking.to_roll_back)
def roll_back(page: Page, command: JobReason, number: str) -> Response:
    operations.roll_back(page.ctx, number, command.reason)
    return page.redirect(f"/jobs/{number}", str(_("The job is being undone.")))


@_asked("settle", "core.job.retry", SettleJob, asking.to_settle)
def settle(page: Page, command: SettleJob, number: str) -> Response:
    operations.settle(page.ctx, number, command.reason)
    return page.redirect(f"/jobs/{number}", str(_("The job is settled.")))


def _reschedule_initial(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    return {
        "start_after": found.run_at if found.run_at > page.ctx.now() else None,
        "priority": found.priority,
        "form_options": {"action": f"/jobs/{number}/reschedule"},
    }


def _reschedule_extra(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    return ask(page, found, asking.to_reschedule(page.app, found, queries.steps_of(page.ctx, found.key)))


@pages.form(
    "/jobs/{number}/reschedule",
    permission="core.job.retry",
    schema=RescheduleJob,
    template="jobs/ask.html",
    title=_("Jobs"),
    initial=_reschedule_initial,
    extra=_reschedule_extra,
)
def reschedule(page: Page, command: RescheduleJob, number: str) -> Response:
    operations.reschedule(page.ctx, number, command.start_after, command.priority)
    return page.redirect(f"/jobs/{number}", str(_("The job was rescheduled.")))


def _decide_initial(page: Page, number: str, seq: int, how: str) -> Mapping[str, Any]:
    choices = _versions(_newer(page, number, seq)) if _settlement(how) is Settlement.RETRY else {}
    return {"form_options": {"action": f"/jobs/{number}/steps/{seq}/{how}", "choices": choices}}


def _decide_schema(page: Page, number: str, seq: int, how: str) -> type[BaseModel]:
    again = _settlement(how) is Settlement.RETRY
    return RetryStep if again and _newer(page, number, seq) else DecideStep


def _decide_extra(page: Page, number: str, seq: int, how: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    steps = queries.steps_of(page.ctx, found.key)
    return ask(page, found, asking.to_decide(page.app, found, steps, seq, _settlement(how)))


def _settlement(how: str) -> Settlement:
    """Raises NotFound for a word that is none."""
    try:
        return Settlement(how)
    except ValueError:
        raise NotFound(_("There is no such decision."), field="how") from None


@pages.form(
    "/jobs/{number}/steps/{seq:int}/{how}",
    permission="core.job.retry",
    schema=_decide_schema,
    template="jobs/ask.html",
    title=_("Jobs"),
    initial=_decide_initial,
    extra=_decide_extra,
)
def decide(page: Page, command: DecideStep, number: str, seq: int, how: str) -> Response:
    use = command.use if isinstance(command, RetryStep) else RetryWith.PLANNED
    job = operations.settle_step(page.ctx, number, seq, _settlement(how), command.reason, use)
    return page.redirect(f"/jobs/{job.number}", str(_("The job goes on.")))
