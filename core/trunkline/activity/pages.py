"""The activity log in the browser: read-only, newest first."""

from starlette.responses import Response

from trunkline.activity import queries, words
from trunkline.activity.tables import ACTIVITY
from trunkline.i18n import _
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/activity", permission="core.activity.list")
def activity(page: Page) -> Response:
    """Every entry the reader may see."""
    page.title = _("Activity")
    page.crumbs((_("Administration"), ""), (_("Activity"), "/activity"))
    return page.table("activity/list.html", ACTIVITY, queries.entries(page.ctx))


@pages.get("/activity/{entry_id:int}", permission="core.activity.list")
def entry(page: Page, entry_id: int) -> Response:
    """One entry with the values before and after."""
    found = queries.entry(page.ctx, entry_id)
    page.title = words.title(found.operation, found.subject_kind, found.changes)
    page.crumbs((_("Administration"), ""), (_("Activity"), "/activity"), (f"#{entry_id}", ""))
    changes = [
        (change, [(name, *pair) for name, pair in change["fields"].items()]) for change in found.changes
    ]
    return page.render("activity/entry.html", entry=found, changes=changes)
