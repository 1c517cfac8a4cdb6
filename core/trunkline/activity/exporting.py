"""Exports of the log: every matching entry as CSV or JSON, in pieces, so that a million take no more memory than a page."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import RowMapping

from trunkline.activity import queries
from trunkline.activity.chain import plain
from trunkline.activity.tables import activity_table
from trunkline.activity.words import title
from trunkline.operation import Actor, Context, operation
from trunkline.web import keyset
from trunkline.web.table_export import safe_text

if TYPE_CHECKING:
    from trunkline.app import App

Format = Literal["csv", "json"]
FORMATS: dict[str, Format] = {"csv": "csv", "json": "json"}
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_AT_ONCE = 500
_COLUMNS = (
    "id at operation actor_kind actor_id actor on_behalf_of_id on_behalf_of address request_id subject_kind subject_id "
    "subject customer_id changes details"
).split()


@operation("core.activity.export")
def record_export(ctx: Context, wanted: Format, params: Mapping[str, str]) -> None:
    """Say in the log that it is being exported, and which part of it."""
    ctx.note(None, label=wanted.upper(), narrowed_to={name: value for name, value in params.items() if value})


def pieces(app: "App", actor: Actor, wanted: Format, params: Mapping[str, str]) -> Iterator[bytes]:
    """The file, in reads of their own: it leaves after the request's own unit of work is over."""
    write = _csv if wanted == "csv" else _json
    yield from write(_pages(app, actor, params))


def _pages(app: "App", actor: Actor, params: Mapping[str, str]) -> Iterator[list[RowMapping]]:
    cursor: str | None = None
    while True:
        with app.reading(actor) as ctx:
            table = activity_table(ctx)
            statement = table.filtered(queries.entries(ctx, whole=True), params)
            page = keyset.page(ctx.session, statement, table.sort, _AT_ONCE, cursor)
        yield list(page.rows)
        if page.next is None:
            return
        cursor = page.next


def _csv(pages: Iterator[list[RowMapping]]) -> Iterator[bytes]:
    # The byte order mark tells spreadsheets that this is UTF-8.
    yield "\ufeff".encode()
    yield _lines([["what", *_COLUMNS]])
    for rows in pages:
        yield _lines(
            [[_cell(title(row["operation"], row["subject_kind"])), *map(_cell, _values(row))] for row in rows]
        )


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _values(row: RowMapping) -> list[Any]:
    return [plain(row[name]) for name in _COLUMNS]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value) if isinstance(value, int) else safe_text(str(value))


def _json(pages: Iterator[list[RowMapping]]) -> Iterator[bytes]:
    before = "[\n"
    for rows in pages:
        for row in rows:
            facts = {"what": title(row["operation"], row["subject_kind"])}
            facts |= dict(zip(_COLUMNS, _values(row), strict=True))
            yield (before + json.dumps(facts, ensure_ascii=False)).encode()
            before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"
