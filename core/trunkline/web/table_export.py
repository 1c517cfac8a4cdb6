"""Exports of a list: every matching row as CSV or XLSX, written through a temporary file so that memory stays flat."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import IO, Any, Literal

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from trunkline.i18n import _, localize
from trunkline.i18n import gettext as translate
from trunkline.money import Money
from trunkline.web import keyset
from trunkline.web.table_columns import shown_columns, with_more
from trunkline.web.table_params import COUNT_LIMIT, figure, values_of
from trunkline.web.tables import Column, Kind, Statement, Table

Format = Literal["csv", "xlsx"]
FORMATS: dict[str, Format] = {"csv": "csv", "xlsx": "xlsx"}
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_AS_IT_IS = frozenset({str, int, bool})
_BATCH = 1000
_IN_MEMORY = 4_000_000
_CHUNK = 65_536


@dataclass(frozen=True)
class Export:
    """A finished export, at its beginning."""

    file: IO[bytes]
    filename: str
    media_type: str

    def response(self) -> StreamingResponse:
        """The download."""
        headers = {"Content-Disposition": f'attachment; filename="{self.filename}"'}
        return StreamingResponse(_chunks(self.file), media_type=self.media_type, headers=headers)


def export(
    table: Table, session: Session, statement: Statement, params: Mapping[str, str], wanted: Format
) -> Export:
    """Writes every row that matches the list's search and filters, in its sort order."""
    file, _rows = write(table, session, statement, params, wanted)
    return Export(file, f"{table.name}.{wanted}", MEDIA_TYPES[wanted])


def export_rows(name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], wanted: Format) -> Export:
    """Writes rows that are there already, such as those of one record, beneath the titles of their columns."""
    return Export(_WRITERS[wanted](heads, rows), f"{name}.{wanted}", MEDIA_TYPES[wanted])


def write(
    table: Table,
    session: Session,
    statement: Statement,
    params: Mapping[str, str],
    wanted: Format,
    progress: Callable[[int], None] | None = None,
) -> tuple[IO[bytes], int]:
    """The file, at its beginning, and how many rows are in it. `progress` hears the number of rows from time to time."""
    shown = shown_columns(table, params)
    columns = _in_order(table, shown, chosen=bool(values_of(params, "cols") or table.kept))
    rows = _Rows(table, session, statement, params, {column.key for column in columns}, progress)
    file = _WRITERS[wanted](_heads(columns), (_cells(columns, row) for row in rows))
    return file, rows.count


def _in_order(table: Table, shown: Sequence[Column], *, chosen: bool) -> list[Column]:
    """The list's own columns and what is shown besides; `chosen` ones come first, in their order."""
    every = [*shown, *table.columns] if chosen else [*table.columns, *shown]
    wanted = dict.fromkeys(column.key for column in every if column.export and column.kind != Kind.HTML)
    by_key = {column.key: column for column in every}
    return [by_key[key] for key in wanted]


class _Rows:
    """Every matching row in the list's order, read a thousand at a time."""

    def __init__(
        self,
        table: Table,
        session: Session,
        statement: Statement,
        params: Mapping[str, str],
        shown: set[str],
        progress: Callable[[int], None] | None,
    ) -> None:
        self.count = 0
        self._table, self._session, self._shown, self._progress = table, session, shown, progress
        matching = table.filtered(statement, params)
        self._statements = keyset.ordered(matching, table.sort_of(params), table.id_key)

    def __iter__(self) -> Iterator[RowMapping]:
        for statement in self._statements:
            result = self._session.execute(statement.execution_options(yield_per=_BATCH))
            for rows in result.mappings().partitions():
                yield from with_more(self._table, rows, self._shown)
                self.count += len(rows)
                if self._progress is not None:
                    self._progress(self.count)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _heads(columns: list[Column]) -> list[str]:
    heads: list[str] = []
    for column in columns:
        heads.append(str(column.label))
        if column.kind == Kind.MONEY:
            heads.append(_("{label} (currency)", label=column.label))
        if column.sub:
            heads.append(str(translate(column.sub.replace("_", " ").capitalize())))
    return heads


def _cells(columns: list[Column], row: RowMapping) -> Iterator[Any]:
    for column in columns:
        value = column.read(row)
        if column.kind == Kind.MONEY:
            money = value if isinstance(value, Money | None) else Money(value, column.money_currency(row))
            yield None if money is None else Decimal(str(money))
            yield None if money is None else money.currency
        else:
            yield _plain(column, value)
        if column.sub:
            yield _plain(column, row[column.sub])


def _plain(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == Kind.STATUS or column.labels:
        return column.text(value)
    if column.kind == Kind.COUNT and value > COUNT_LIMIT:
        return figure(value)
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, datetime):
        return localize(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return value


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal | float):
        return str(value)
    return safe_text(str(value))


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Rows of a CSV file one by one, in text that no spreadsheet takes for formulas."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    # The byte order mark tells spreadsheets that this is UTF-8.
    line.write("\ufeff")
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _write_csv(heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> IO[bytes]:
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 — the response closes it
    # The byte order mark tells spreadsheets that this is UTF-8.
    text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([safe_text(head) for head in heads])
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])
    text.detach()
    file.seek(0)
    return file


def _write_xlsx(heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> IO[bytes]:
    from trunkline.web.table_workbook import write_workbook

    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 — the response closes it
    write_workbook(file, heads, rows)
    file.seek(0)
    return file


_WRITERS = {"csv": _write_csv, "xlsx": _write_xlsx}
