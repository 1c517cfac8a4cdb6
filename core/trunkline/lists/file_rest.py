"""REST: every matching row of a list as a file."""

from typing import Any

from fastapi import Depends, Query, Request
from starlette.responses import StreamingResponse

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.lists import views
from trunkline.lists.showing import for_reader
from trunkline.operation import Context
from trunkline.rest.paging import ListParams, whole_table
from trunkline.rest.routing import RestRoutes
from trunkline.web.pages import SIGNED_IN
from trunkline.web.table_export import MEDIA_TYPES, Format, export
from trunkline.web.table_params import values_of
from trunkline.web.tables import Table

rest = RestRoutes("/lists", "lists")


class Csv(StreamingResponse):
    """UTF-8 with a byte order mark, so that spreadsheets take it for that."""

    media_type = "text/csv"


class Workbook(StreamingResponse):
    """Office Open XML."""

    media_type = MEDIA_TYPES["xlsx"]


def _read_params(
    request: Request,
    sort: str = Query("", description="A field to sort by; `-` in front sorts downwards."),
    q: str = Query("", max_length=200, description="Words to look for."),
    view: str = Query("", description="One of the list's views; without it all rows."),
    cols: str = Query("", description="Further columns that plugins bring; a comma separates several."),
) -> ListParams:
    return ListParams(0, "", sort, q.strip(), view, request.query_params)


_params: Any = Depends(_read_params)


@rest.get("/{name}/rows.csv", permission=SIGNED_IN, response_class=Csv)
def csv_file(ctx: Context, name: str, params: ListParams = _params) -> StreamingResponse:
    """Every row of a list that matches its own query parameters, as CSV; needs the permission to take files of it, too.

    Columns and cells are those of the file that the list's page gives, their heads in the caller's language.
    """
    return _file(ctx, name, params, "csv")


@rest.get("/{name}/rows.xlsx", permission=SIGNED_IN, response_class=Workbook)
def workbook(ctx: Context, name: str, params: ListParams = _params) -> StreamingResponse:
    """The same as a workbook for spreadsheets."""
    return _file(ctx, name, params, "xlsx")


def _file(ctx: Context, name: str, params: ListParams, wanted: Format) -> StreamingResponse:
    found = views.listed(ctx, name)
    if found.export:
        ctx.require(found.export)
    table = for_reader(ctx, found, found.table(ctx))
    if not table.export:
        raise NotFound(_("There are no files of this list."), remedy=_("Read its rows page by page."))
    _check_columns(table, values_of(params.filters, "cols"))
    whole = whole_table(table, params)
    return export(whole, ctx.session, found.select(ctx), params.filters, wanted).response()


def _check_columns(table: Table, wanted: list[str]) -> None:
    known = sorted(column.key for column in table.offered_columns)
    for key in wanted:
        if key not in known:
            raise Refused(
                _("This list has no column “{name}”.", name=key),
                field="cols",
                remedy=_("Columns: {names}.", names=", ".join(known)),
            )
