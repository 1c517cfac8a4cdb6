"""One job as it goes on, as a part of somebody else's page: its state, its steps, its log."""

from typing import Any

from starlette.responses import Response

from trunkline.jobs import queries
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.pages import LINES_SHOWN, STOP_POLLING, facts_of
from trunkline.jobs.step_views import findings_of
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/jobs/{number}/watch", permission="core.job.view")
def watch(page: Page, number: str) -> Response:
    """The part as a whole; it follows the job by itself."""
    found = queries.get(page.ctx, number)
    lines = queries.lines(page.ctx, found.key, limit=LINES_SHOWN, newest=True)
    last = lines[-1]["id"] if lines else 0
    stream = "" if JobState(found.state).is_over else f"/jobs/{found.number}/events?after={last}"
    return page.part("jobs/watch.html", **_facts(page, found), lines=lines, stream=stream)


@pages.get("/jobs/{number}/watch/status", permission="core.job.view")
def status(page: Page, number: str) -> Response:
    """State and steps by themselves, for the part to renew when they change."""
    facts = _facts(page, queries.get(page.ctx, number))
    return page.part("jobs/watch_status.html", status=STOP_POLLING if facts["over"] else 200, **facts)


def _facts(page: Page, found: Job) -> dict[str, Any]:
    steps = queries.steps_of(page.ctx, found.key)
    return {**facts_of(page, found), "found": {step.seq: findings_of(step) for step in steps}}
