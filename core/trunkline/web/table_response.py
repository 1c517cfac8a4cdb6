"""How a list answers: the page, the part of it that htmx asked for, or an export of every matching row."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web.table_export import FORMATS, export
from trunkline.web.table_unknown import sifted
from trunkline.web.tables import RESERVED, Statement, Table

if TYPE_CHECKING:
    from trunkline.web.pages import Page


def respond(
    page: "Page", template: str, table: Table, statement: Statement, context: Mapping[str, Any]
) -> Response:
    """Renders `template` with the list as `view`. The template calls `ui.table(view)`; htmx takes that element out."""
    from trunkline.lists import showing, views

    params, ctx = page.request.query_params, page.ctx
    found = showing.list_at(page, table)
    personal = views.kept_for(ctx, found.name) if found is not None else views.Personal()
    opening = showing.opening(page, personal)
    if opening is not None:
        return RedirectResponse(opening, 303)
    if found is not None:
        table = showing.for_reader(ctx, found, table, personal.columns)
    saved = None if found is None else [str(view.id) for view in personal.views]
    params, unknown = sifted(table, params, saved, RESERVED)
    wanted = FORMATS.get(params.get("export", ""))
    if wanted is not None:
        if unknown:
            # A file says nowhere that it holds more than was asked for.
            raise Refused(" ".join(unknown), remedy=_("Open the list and choose again."))
        if found is not None and found.export:
            ctx.require(found.export)
        if table.export:
            return export(table, ctx.session, statement, params, wanted).response()
    view = table.load(ctx.session, statement, params, path=page.request.url.path)
    view.reader, view.unknown = page, unknown
    if found is not None:
        showing.dress(page, view, found, personal)
    return page.render(template, view=view, **context)
