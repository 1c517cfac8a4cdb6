"""Which columns of a list are shown, and the cells of columns that others bring."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import RowMapping

from trunkline.web.table_params import values_of

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
