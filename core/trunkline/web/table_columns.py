"""Which columns of a list are shown, and the cells of columns that others bring."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import RowMapping

from trunkline.web.table_params import values_of

#: The key of the column that numbers rows.
ROW = "row_number"
#: What stands between a cursor and the number of its page's first row.
_AT = "~"

if TYPE_CHECKING:
    from trunkline.web.tables import Column, Table


def shown_columns(table: "Table", params: Mapping[str, Any]) -> "Sequence[Column]":
    """Those named in the parameter `cols`, in that order; else those the reader keeps; else all that are not optional."""
    by_key = {column.key: column for column in table.offered_columns}
    for wanted in (values_of(params, "cols"), table.kept):
        shown = [by_key[key] for key in dict.fromkeys(wanted) if key in by_key]
        if shown:
            return shown
    return [column for column in table.columns if not column.optional]


def leading(columns: "Sequence[Column]", own: "Sequence[Column]" = ()) -> "Column":
    """The column that names a row, wherever it stands: the one that says so, else the first of the list's `own`.

    Where that is not among `columns`, the first of them but for the row's number.
    """
    said = next((column for column in columns if column.lead), None)
    if said is not None:
        return said
    if own and own[0] in columns:
        return own[0]
    return next((column for column in columns if column.key != ROW), columns[0])


def with_more(table: "Table", rows: Sequence[RowMapping], shown: set[str]) -> Sequence[RowMapping]:
    """The rows with the cells of columns that others bring, each bringer asked once and only if a column of theirs is shown."""
    wanted = [more for more in table.more if shown.intersection(column.key for column in more.columns)]
    if not wanted or not rows:
        return rows
    keys = [row[table.id_key] for row in rows]
    filled: list[dict[str, Any]] = [dict(row) for row in rows]
    for more in wanted:
        values = more.values(keys)
        for row in filled:
            found = values.get(row[table.id_key], {})
            row.update((column.key, found.get(column.key)) for column in more.columns)
    # A plain mapping answers whatever a cell asks of a row.
    return cast("Sequence[RowMapping]", filled)


def with_row_numbers(rows: Sequence[RowMapping], first: int | None) -> Sequence[RowMapping]:
    """The rows with their numbers from `first` on; without where nobody knows how many come before them."""
    numbered = [{**row, ROW: None if first is None else first + at} for at, row in enumerate(rows)]
    return cast("Sequence[RowMapping]", numbered)


def cursor_at(cursor: str, first: int) -> str:
    """A cursor that says the number of its page's first row: a cursor alone knows its place, not how far that is."""
    return f"{cursor}{_AT}{max(1, first)}"


def first_row(cursor: str) -> int | None:
    """The number of the first row of the page that a cursor leads to, 1 without a cursor; None when it does not say."""
    said = cursor.partition(_AT)[2]
    return 1 if not cursor else int(said) if re.fullmatch("[0-9]{1,12}", said) else None


def plain_cursor(cursor: str | None) -> str | None:
    """The cursor without a number."""
    return cursor.partition(_AT)[0] if cursor else cursor
