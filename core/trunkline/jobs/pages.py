"""Pages of jobs: the list, and one job with its log as it grows."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from trunkline import i18n
from trunkline.i18n import gettext as _
from trunkline.jobs import queries
from trunkline.jobs.asking import undoable
from trunkline.jobs.changes import changes_of
from trunkline.jobs.expecting import expected, seconds_between
from trunkline.jobs.feed import JobFeed
from trunkline.jobs.looking_ahead import only_looks
from trunkline.jobs.models import Job, JobState, StepState
from trunkline.jobs.step_views import BUSY, step_views
from trunkline.jobs.tables import jobs_table, kind_label
from trunkline.web.pages import Page, Pages

pages = Pages()

LINES_SHOWN = 1000
#: htmx shows the part and asks no more.
STOP_POLLING = 286


@pages.get("/jobs", permission="core.job.list")
def jobs(page: Page) -> Response:
    page.title = str(_("Jobs"))
    page.crumbs((page.title, ""))
    return page.table("jobs/list.html", jobs_table(page.ctx), queries.list_jobs(page.ctx))


@pages.get("/jobs/{number}", permission="core.job.view")
def job(page: Page, number: str) -> Response:
    """Steps beside the log. Without JavaScript a reload shows what happened since."""
    found = queries.get(page.ctx, number)
    words, problems = page.query.get("q", "").strip(), page.query.get("only") == "problems"
    lines = queries.lines(page.ctx, found.key, limit=LINES_SHOWN, newest=True, words=words, problems=problems)
    page.title = found.title
    page.crumbs((str(_("Jobs")), "/jobs"), (found.number, ""))
    last = lines[-1]["id"] if lines else 0
    stream = "" if JobState(found.state).is_over else f"/jobs/{found.number}/events?after={last}"
    return page.render(
        "jobs/job.html",
        **facts_of(page, found),
        lines=lines,
        shortened=len(lines) == LINES_SHOWN,
        problems=queries.problem_count(page.ctx, found.key),
        words=words,
        only_problems=problems,
        stream=stream,
    )


@pages.get("/jobs/{number}/status", permission="core.job.view")
def status(page: Page, number: str) -> Response:
    """Head and steps by themselves, for the page to renew when they change."""
    facts = facts_of(page, queries.get(page.ctx, number))
    return page.part("jobs/status.html", status=STOP_POLLING if facts["over"] else 200, **facts)


@pages.get("/jobs/{number}/events", permission="core.job.view")
def events(page: Page, number: str) -> Response:
    """Server-sent events: `line` with a log line's HTML, `steps` when states changed, `done` at the end."""
    found = queries.get(page.ctx, number)
    after = page.request.headers.get("last-event-id") or page.query.get("after", "")
    news = _stream(page, found.key, int(after) if after.isdecimal() else 0)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(news, media_type="text/event-stream", headers=headers)


@pages.get("/jobs/{number}/log.txt", permission="core.job.view")
def raw_log(page: Page, number: str) -> Response:
    """The whole log as text, times in UTC."""
    found = queries.get(page.ctx, number)
    tracebacks = queries.traceback_of(page.ctx, found.key)
    texts = []
    for line in queries.lines(page.ctx, found.key, limit=1_000_000):
        step = f" [{line['step']}]" if line["step"] is not None else ""
        texts.append(
            f"{line['at'].isoformat(timespec='milliseconds')} {line['level']:<5}{step} {line['text']}"
        )
        if line["id"] in tracebacks:
            texts.append(tracebacks[line["id"]].rstrip())
    headers = {"Content-Disposition": f'attachment; filename="{found.number}.txt"'}
    return PlainTextResponse("\n".join(texts) + "\n", headers=headers)


def facts_of(page: Page, found: Job) -> dict[str, Any]:
    """What the parts of a job's page show of it, besides its log."""
    steps = queries.steps_of(page.ctx, found.key)
    state, now = JobState(found.state), page.ctx.now()
    told = expected(page.ctx, found)
    makers = {plugin.name: plugin.label for plugin in page.app.plugins}
    # Of one that was settled by hand it counts as undone.
    settled = any(step.state == StepState.UNDO_FAILED for step in steps)
    undone = settled or any(step.state == StepState.UNDONE for step in steps)
    return {
        "job": found,
        "kind": kind_label(found.kind),
        "only_looks": only_looks(found),
        "customer": queries.customer_of(page.ctx, found),
        "steps": step_views(found, steps, told, changes_of(page.ctx, found.key), makers, now),
        "done": sum(step.state == StepState.DONE for step in steps),
        "current": next((step.seq for step in steps if step.state in BUSY), None),
        "backwards": state in (JobState.ROLLING_BACK, JobState.ROLLBACK_FAILED)
        or (state is JobState.ROLLED_BACK and undone),
        "undoable": any(undoable(page.app, step) for step in steps),
        "undone": undone,
        "settled": settled,
        "over": state.is_over,
        "elapsed": seconds_between(found.started_at, found.finished_at or now),
        "since": found.started_at if not state.is_over else None,
        "expected": told,
        "retried": next((step for step in steps if step.state == StepState.RUNNING and step.tries > 1), None),
    }


async def _stream(page: Page, job_id: int, after: int) -> AsyncIterator[str]:
    state = page.request.app.state
    if not hasattr(state, "job_feed"):
        state.job_feed = JobFeed(page.app)
    yield "retry: 2000\n\n"
    async for news in state.job_feed.follow(job_id, after):
        # The handler's locale ended with the handler.
        with i18n.use_locale(page.locale, page.app.config.time_zone):
            texts = [
                _message("line", page.fragment("jobs/line.html", line=line), line["id"])
                for line in news.lines
            ]
        if news.moved:
            texts.append(_message("steps", "moved"))
        if news.over:
            texts.append(_message("done", "over"))
        yield "".join(texts) or ": still here\n\n"


def _message(event: str, data: str, key: int | None = None) -> str:
    identity = f"id: {key}\n" if key is not None else ""
    body = "".join(f"data: {part}\n" for part in data.strip().splitlines())
    return f"event: {event}\n{identity}{body}\n"
