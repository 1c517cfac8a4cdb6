"""The search page; the palette gets its list of options from the same address."""

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.search import queries
from trunkline.search.commands import find_commands
from trunkline.web.pages import Page, Pages

pages = Pages()

_IN_PALETTE = 6
_ON_PAGE = 50


@pages.get("/search", permission="core.search.use")
def search(page: Page) -> Response:
    query = page.query.get("q", "").strip()
    in_palette = page.is_fragment
    groups = queries.find(page.ctx, query, _IN_PALETTE if in_palette else _ON_PAGE)
    found = [(str(group.label), group.hits) for group in groups]
    actions = find_commands(page.ctx, query)
    if actions:
        found.append((str(_("Pages and actions")), actions))
    if in_palette:
        return page.part("palette_results.html", groups=found, query=query)
    page.title = str(_("Search"))
    page.crumbs((page.title, ""))
    return page.render("search/search.html", groups=found, query=query)
