"""Home: what waits, what went wrong, what to do next; plugins fill it through slots."""

from starlette.responses import Response

from trunkline.home.queries import overview
from trunkline.i18n import _
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/", permission="core.home.view")
def home(page: Page) -> Response:
    """The start page. Portal users, who have one of their own, are sent there by the sign-in."""
    page.title = _("Home")
    page.crumbs((_("Home"), "/"))
    return page.render("home/home.html", overview=overview(page.ctx))
