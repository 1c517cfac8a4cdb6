"""The search page, the options of the palette (from the same address), and who is calling or writing."""

from urllib.parse import urlencode

from starlette.responses import Response

from trunkline.i18n import _
from trunkline.search import queries
from trunkline.search.commands import find_commands, pages_of, suggested
from trunkline.search.queries import MOST, Found, Hit
from trunkline.search.recent import recent, remember
from trunkline.search.whose import whose
from trunkline.web.pages import Page, Pages

pages = Pages()

_IN_PALETTE = 6
_OF_EACH = 8
_ON_PAGE = 25

#: Results under their title.
Groups = list[tuple[str, list[Hit]]]


@pages.get("/search", permission="core.search.use")
def search(page: Page) -> Response:
    query = page.query.get("q", "").strip()
    if page.is_fragment:
        return page.part("palette_results.html", groups=_options(page, query), query=query)
    page.title = _("Search")
    page.crumbs((_("Search"), ""))
    kind = page.query.get("kind", "")
    return _of_one_kind(page, query, kind) if kind in page.app.search_kinds else _of_all_kinds(page, query)


def _options(page: Page, query: str) -> Groups:
    if not query:
        offered = [
            (_("Recent"), recent(page.ctx)),
            (_("Suggested"), suggested(page.ctx)),
            (_("Pages"), pages_of(page.ctx)),
        ]
    else:
        found = queries.look_for(page.ctx, query, _IN_PALETTE, hurried=True)
        offered = [(_(group.label), list(group.hits)) for group in found.groups]
        offered.append((_("Pages and actions"), find_commands(page.ctx, query)))
    return [(str(label), hits) for label, hits in offered if hits]


def _of_all_kinds(page: Page, query: str) -> Response:
    found = queries.look_for(page.ctx, query, _OF_EACH)
    return page.render(
        "search/search.html",
        query=query,
        found=found,
        kinds=_kinds(query, found, ""),
        commands=find_commands(page.ctx, query),
        recent=recent(page.ctx) if not query else [],
        suggested=suggested(page.ctx) if not query else [],
    )


def _of_one_kind(page: Page, query: str, kind: str) -> Response:
    """All that is found of one kind, page after page."""
    asked = page.query.get("page", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 4 else 1
    everything = queries.look_for(page.ctx, query, _OF_EACH)
    hits = queries.look_for(page.ctx, query, min(number * _ON_PAGE + 1, MOST), kinds=[kind]).hits
    first = (number - 1) * _ON_PAGE
    return page.render(
        "search/kind.html",
        query=query,
        label=_(page.app.search_kinds[kind].label),
        hits=hits[first : first + _ON_PAGE],
        first=first + 1,
        before=_address(query, kind, number - 1) if number > 1 else "",
        after=_address(query, kind, number + 1) if len(hits) > first + _ON_PAGE else "",
        cut=len(hits) >= MOST,
        kinds=_kinds(query, everything, kind),
    )


def _kinds(query: str, found: Found, chosen: str) -> list[dict[str, object]]:
    """The filter by kind, as tabs."""
    tabs: list[dict[str, object]] = [{"label": _("All"), "href": _address(query), "active": not chosen}]
    for group in found.groups:
        count = f"{len(group.hits)}+" if group.more else str(len(group.hits))
        tabs.append(
            {
                "label": _(group.label),
                "href": _address(query, group.kind),
                "active": group.kind == chosen,
                "count": count,
            }
        )
    return tabs


def _address(query: str, kind: str = "", number: int = 1) -> str:
    wanted = {"q": query} | ({"kind": kind} if kind else {}) | ({"page": str(number)} if number > 1 else {})
    return f"/search?{urlencode(wanted)}"


@pages.post("/search/opened", permission="core.search.use")
def opened(page: Page) -> Response:
    """The palette says what was chosen, for “Recent”."""
    remember(page.ctx, str(page.form_data.get("path", "")))
    return Response(status_code=204)


@pages.get("/find", permission="core.search.use")
def find(page: Page) -> Response:
    """The customer behind a number or an address: typed, pasted, or handed over by a telephone program as `/find?number=…`."""
    number = page.query.get("number", "").strip()
    found = whose(page.ctx, number)
    if len(found.customers) == 1:
        return page.redirect(found.customers[0].path)
    if not found.customers and len(found.others) == 1:
        return page.redirect(found.others[0].path)
    page.title = _("Whose address is it?") if found.email else _("Whose number is it?")
    page.crumbs((_("Search"), "/search"), (page.title, ""))
    known = {name: value for name, value in (("phone", found.phone), ("email", found.email)) if value}
    register = f"/customers/new?{urlencode(known)}" if known else "/customers/new"
    return page.render("search/find.html", number=number, found=found, register=register)
