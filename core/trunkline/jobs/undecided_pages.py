"""The queue of failed roll-backs and held jobs, and how many there are for the start page."""

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.jobs import undecided
from trunkline.jobs.models import JobState
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/jobs/undecided", permission="core.job.list")
def show(page: Page) -> Response:
    """Every step that waits for a decision, with what may be decided."""
    rows = undecided.undecided(page.ctx)
    page.title = str(_("Waiting for a decision"))
    page.crumbs((str(_("Jobs")), "/jobs"), (page.title, ""))
    return page.render(
        "jobs/undecided.html",
        roll_backs=[row for row in rows if row["state"] == JobState.ROLLBACK_FAILED],
        held=[row for row in rows if row["state"] == JobState.FAILED],
        cut=len(rows) == undecided.MOST,
        may_decide=page.can("core.job.retry"),
    )


def roll_backs_waiting(page: Page, subject: object) -> str | None:
    """Failed roll-backs, for the start page's “Waits for you”."""
    return _waiting(
        page, _("Roll-backs that failed"), JobState.ROLLBACK_FAILED, "arrow-back-up", "roll-backs"
    )


def held_waiting(page: Page, subject: object) -> str | None:
    """Jobs that hold, for the start page's “Waits for you”."""
    return _waiting(page, _("Jobs that hold at a failed step"), JobState.FAILED, "player-play", "held")


def _waiting(page: Page, label: str, state: JobState, icon: str, part: str) -> str | None:
    count = undecided.counted(page.ctx, state)
    if not count:
        return None
    href = f"/jobs/undecided#{part}"
    return page.fragment("home/waiting.html", label=label, count=count, href=href, icon=icon, bad=True)
