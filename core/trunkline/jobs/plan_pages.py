"""The plan of a job before it runs, and looking at it without changing anything."""

from typing import Any

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.jobs import queries, rehearsal
from trunkline.jobs.models import Job, JobState, OnFailure
from trunkline.jobs.plans import ON_FAILURE, plan_of
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/jobs/{number}/plan", permission="core.job.view")
def plan(page: Page, number: str) -> Response:
    found = queries.get(page.ctx, number)
    page.title = str(_("Plan of {title}", title=found.title))
    page.crumbs((str(_("Jobs")), "/jobs"), (found.number, f"/jobs/{found.number}"), (str(_("Plan")), ""))
    return page.render("jobs/plan_page.html", **_facts(page, found))


@pages.post("/jobs/{number}/dry-run", permission="core.job.retry")
def dry_run(page: Page, number: str) -> Response:
    looking = rehearsal.dry_run(page.ctx, number)
    return page.redirect(f"/jobs/{looking.number}", str(_("The dry run begins; nothing is changed.")))


def plan_card(page: Page, found: Job) -> str | None:
    """What a job that waits will change, beside its steps."""
    if found.state != JobState.QUEUED or found.started_at is not None:
        return None
    return page.fragment("jobs/plan_card.html", **_facts(page, found))


def _facts(page: Page, found: Job) -> dict[str, Any]:
    return {
        "job": found,
        "plan": plan_of(page.ctx, found),
        "held": found.on_failure == OnFailure.HOLD,
        "on_failure": ON_FAILURE[OnFailure(found.on_failure)],
        "may_look": rehearsal.can_be_looked_at(found) and page.can("core.job.retry"),
    }
