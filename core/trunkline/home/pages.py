"""Home: what waits, what went wrong, what to do next; plugins fill it through slots."""

from starlette.responses import Response

from trunkline.approvals import queries as approvals
from trunkline.home.queries import mails_that_failed, overview, texts_that_failed
from trunkline.i18n import _, pgettext
from trunkline.search.commands import suggested
from trunkline.search.recent import recent
from trunkline.web.pages import Page, Pages
from trunkline.web.table_params import COUNT_LIMIT

pages = Pages()
_OFFERED = 5


@pages.get("/", permission="core.home.view")
def home(page: Page) -> Response:
    """The start page. Portal users, who have one of their own, are sent there by the sign-in."""
    page.title = pgettext("page", "Home")
    page.crumbs((pgettext("page", "Home"), "/"))
    searches = page.can("core.search.use")
    return page.render(
        "home/home.html",
        overview=overview(page.ctx),
        count_limit=COUNT_LIMIT,
        next=suggested(page.ctx, _OFFERED) if searches else [],
        recent=recent(page.ctx) if searches else [],
    )


def waiting(page: Page, label: str, count: int, href: str, icon: str, *, bad: bool = False) -> str | None:
    """A row of the start page's “Waits for you”, for the slot `home.queues`; None when there is nothing."""
    if not count:
        return None
    return page.fragment("home/waiting.html", label=label, count=count, href=href, icon=icon, bad=bad)


def approvals_waiting(page: Page, subject: object) -> str | None:
    return waiting(
        page,
        _("Requests that wait for a second person"),
        approvals.waiting_for(page.ctx),
        "/approvals",
        "user-check",
    )


def mails_waiting(page: Page, subject: object) -> str | None:
    failed = mails_that_failed(page.ctx)
    return waiting(
        page, _("E-mails that did not get out"), failed, "/emails?status=failed,parked", "mail", bad=True
    )


def texts_waiting(page: Page, subject: object) -> str | None:
    failed = texts_that_failed(page.ctx)
    return waiting(
        page,
        _("Text messages that did not get out"),
        failed,
        "/text-messages?status=failed",
        "message",
        bad=True,
    )
