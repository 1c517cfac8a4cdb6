"""Lists over REST: the same searches, filters, sorts and cursors as the pages' tables, in one shape of answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, Select

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.rest.list_parameters import sorts_of
from trunkline.web import keyset
from trunkline.web.table_filters import Filter
from trunkline.web.table_params import COUNT_LIMIT
from trunkline.web.table_reading import count_capped
from trunkline.web.tables import Table

T = TypeVar("T", bound=BaseModel)
MAX_LIMIT = 200
DEFAULT_LIMIT = 50
_OWN = frozenset({"limit", "cursor", "sort", "q", "view"})
_OWN_OF_FILES = frozenset({"sort", "q", "view", "cols"})
#: What a bound of a range looks like, by the filter's kind.
_EXAMPLES = {"dates": "2026-01-31", "number": "42", "money": "99.90"}


class Listing(BaseModel, Generic[T]):
    """One page of a list. `next` is the cursor of the page after; counting stops at 10,000, then `total_is_exact` is false."""

    model_config = ConfigDict(from_attributes=True)

    items: list[T]
    next: str | None
    total: int
    total_is_exact: bool


@dataclass(frozen=True)
class ListParams:
    """What a list's reader asked for; `filters` are the further query parameters as they came."""

    limit: int
    cursor: str
    sort: str
    q: str
    view: str
    filters: Mapping[str, Any]


def _read_params(
    request: Request,
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Items per page."),
    cursor: str = Query("", description="The `next` of the page before."),
    sort: str = Query("", description="A field to sort by; `-` in front sorts downwards."),
    q: str = Query("", max_length=200, description="Words to look for."),
    view: str = Query("", description="One of the list's views, such as `overdue`; without it all rows."),
) -> ListParams:
    return ListParams(limit, cursor, sort, q.strip(), view, request.query_params)


#: Default value of a handler's `params: ListParams`.
list_params: Any = Depends(_read_params)


def read_list(
    ctx: Context, table: Table, statement: "Select[*tuple[Any, ...]]", params: ListParams, item: type[T]
) -> Listing[T]:
    """One page of the list that `table` describes, each row as `item`.

    Raises Refused for a view, sort or filter the list does not offer, naming the known ones, and for a cursor of another sort.
    """
    _check_names(table, params)
    plain = _open_at(table, params)
    sort = params.sort or plain.sort
    if params.cursor and not keyset.leads_into(statement, sort, params.cursor, plain.id_key):
        raise Refused(_("This cursor cannot be read."), field="cursor", remedy=_("Start without one."))
    matching = plain.filtered(statement, params.filters)
    total = count_capped(ctx.session, matching, plain.id_key)
    page = plain.page(ctx.session, matching, sort, params.limit, params.cursor or None, total)
    return Listing[item](  # type: ignore[valid-type]  # made at run time
        items=[_as_item(item, row) for row in page.rows],
        next=page.next,
        total=min(total, COUNT_LIMIT),
        total_is_exact=total <= COUNT_LIMIT,
    )


def whole_table(table: Table, params: ListParams) -> Table:
    """The list as a file of it is written by these query parameters, `cols` among them. Raises Refused as `read_list` does."""
    _check_names(table, params, _OWN_OF_FILES)
    return replace(_open_at(table, params), sort=params.sort or table.sort)


def whole_list(
    table: Table, statement: "Select[*tuple[Any, ...]]", filters: Mapping[str, str]
) -> "Select[*tuple[Any, ...]]":
    """Every row that a list would answer with to these query parameters. Raises Refused as `read_list` does."""
    asked = ListParams(MAX_LIMIT, "", "", filters.get("q", "").strip(), filters.get("view", ""), filters)
    _check_names(table, asked)
    return _open_at(table, asked).filtered(statement, filters)


def _open_at(table: Table, params: ListParams) -> Table:
    """A page opens with its first view; a program that names none means every row."""
    return table if params.view else replace(table, tabs=())


def list_of(rows: "list[T]") -> Listing[T]:
    """A short list that is never paged, in the same shape."""
    return Listing(items=rows, next=None, total=len(rows), total_is_exact=True)


def _as_item(item: type[T], row: RowMapping) -> T:
    return item.model_validate({name: row[name] for name in item.model_fields if name in row})


def _check_names(table: Table, params: ListParams, own: frozenset[str] = _OWN) -> None:
    sorts = sorts_of(table)
    if params.sort and params.sort.lstrip("-") not in sorts:
        raise Refused(
            _("This list cannot be sorted by “{name}”.", name=params.sort.lstrip("-")),
            field="sort",
            remedy=_("Sorts: {names}.", names=", ".join(sorts)),
        )
    views = [item.value for item in table.tabs if item.value]
    if params.view and params.view not in views:
        raise Refused(
            _("This list has no view “{name}”.", name=params.view),
            field="view",
            remedy=_("Views: {names}.", names=", ".join(views) or "–"),
        )
    if params.q and not table.searches:
        raise Refused(_("This list has no search."), field="q", remedy=_("Narrow it by its filters."))
    known = set(own)
    for entry in table.filters:
        known |= set(entry.names)
    for name in params.filters:
        if name not in known:
            raise Refused(
                _("This list has no filter “{name}”.", name=name),
                field=name,
                remedy=_("Filters: {names}.", names=", ".join(sorted(known - own)) or "–"),
            )
    for entry in table.filters:
        _check_values(entry, params)


def _check_values(entry: Filter, params: ListParams) -> None:
    """A page says which value it cannot read and goes on; a program would take all rows for those it meant."""
    for name, value in entry.unreadable(params.filters):
        raise Refused(
            _("“{value}” is no {name}.", value=value, name=name),
            field=name,
            remedy=_("Write it as {example}.", example=_EXAMPLES[entry.kind])
            if entry.is_range
            else _("Known: {names}.", names=", ".join(entry.offered)),
        )
