"""Files of chosen rows of a list, and of what became of the rows of a run."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.lists import runs, views
from trunkline.lists.declared import ListOf
from trunkline.lists.models import RowOutcome, RunKind
from trunkline.lists.showing import for_reader
from trunkline.web.pages import SIGNED_IN, Page, Pages
from trunkline.web.signing import sign, verify
from trunkline.web.table_export import FORMATS, csv_lines, export
from trunkline.web.table_params import LONG, values_of

pages = Pages()
#: Rows named beside the question.
_SHOWN = 20


@pages.post("/lists/{name}/chosen", permission=SIGNED_IN, reads=True)
def ask(page: Page, name: str) -> Response:
    """Says how many rows the file would have, and asks for its form."""
    found = _exportable(page, name)
    picked = _picked(page)
    rows = runs.chosen(page.ctx, found, picked)
    table = found.table(page.ctx)
    label = table.label or found.name
    page.title = ngettext("Export one row", "Export {n} rows", len(rows))
    page.crumbs((label, found.path), (page.title, ""))
    whole = picked.get("all") == "1" and len(rows) > LONG
    return page.render(
        "lists/file.html",
        label=label,
        count=len(rows),
        shown=[(table.row_label(row), table.row_link(row)) for row in rows[:_SHOWN]],
        back=found.path,
        # What a worker writes is asked of it as from the list itself.
        by_worker=f"/lists/{name}/export" if whole else "",
        query=picked["query"],
        here=f"/lists/{name}/chosen/file?picked={quote(sign(_purpose(found), picked), safe='')}",
    )


@pages.get("/lists/{name}/chosen/file", permission=SIGNED_IN)
def fetch(page: Page, name: str) -> Response:
    """The chosen rows as a file, with the columns and in the order of the list they were chosen in."""
    found = _exportable(page, name)
    wanted = FORMATS.get(page.query.get("format", ""))
    if wanted is None:
        raise Refused(_("Lists are written as csv or xlsx."), field="format")
    picked = verify(_purpose(found), page.query.get("picked", ""))
    table = for_reader(page.ctx, found, found.table(page.ctx), views.kept_for(page.ctx, name).columns)
    statement = found.select(page.ctx)
    params = verify(f"table:{table.name}", picked["query"]) if picked.get("query") else {}
    if picked.get("all") != "1":
        chosen = table.chosen(statement, picked)
        if chosen is None:
            raise Refused(_("Nothing is selected."), remedy=_("Tick at least one row."))
        # Whoever ticked a row wants it, whatever the search and filters were.
        statement, params = chosen, {key: params[key] for key in ("cols", "sort") if key in params}
    return export(table, page.ctx.session, statement, params, wanted).response()


@pages.get("/lists/runs/{number}/rows", permission=SIGNED_IN)
def rows(page: Page, number: str) -> Response:
    """Rows of a run that ended in one way, as CSV: what failed and why, to work it off."""
    run = runs.get(page.ctx, number)
    asked = page.query.get("outcome", RowOutcome.FAILED.value)
    ended = [outcome for outcome in RowOutcome if outcome != RowOutcome.WAITING]
    if run.kind != RunKind.ACTION or asked not in ended:
        raise NotFound(_("There is no such page."))
    found = runs.every_result(page.ctx, run, RowOutcome(asked))
    heads = (str(_("Row")), str(_("Reason")), str(_("Link")))
    base = page.app.config.public_url

    def lines() -> Iterator[tuple[Any, ...]]:
        yield heads
        for row in found:
            yield row["label"], row["message"], f"{base}{row['href']}" if row["href"] else ""

    headers = {"Content-Disposition": f'attachment; filename="{number}-{asked}.csv"'}
    return StreamingResponse(csv_lines(lines()), media_type="text/csv; charset=utf-8", headers=headers)


def _exportable(page: Page, name: str) -> ListOf:
    """The list, for who may take files of it. Raises NotFound, Forbidden."""
    found = views.listed(page.ctx, name)
    if found.export:
        page.ctx.require(found.export)
    if not found.table(page.ctx).export:
        raise NotFound(_("There is no such page."))
    return found


def _picked(page: Page) -> Mapping[str, str]:
    form = page.form_data
    query = str(form.get("query", ""))
    if form.get("all") == "1":
        return {"all": "1", "query": query}
    return {"ids": ",".join(values_of(form, "ids")), "query": query}


def _purpose(found: ListOf) -> str:
    return f"chosen:{found.name}"
