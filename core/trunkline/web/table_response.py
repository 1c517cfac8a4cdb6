"""How a list answers: the page, the part of it that htmx asked for, or an export of every matching row."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from trunkline.web.table_export import FORMATS, export
from trunkline.web.tables import Statement, Table

if TYPE_CHECKING:
    from trunkline.web.pages import Page


def respond(
    page: "Page", template: str, table: Table, statement: Statement, context: Mapping[str, Any]
) -> Response:
    """Renders `template` with the list as `view`. The template calls `ui.table(view)`; htmx takes that element out."""
    params = page.request.query_params
    wanted = FORMATS.get(params.get("export", ""))
    if table.export and wanted is not None:
        return export(table, page.ctx.session, statement, params, wanted).response()
    view = table.load(page.ctx.session, statement, params, path=page.request.url.path)
    view.reader = page
    return page.render(template, view=view, **context)
