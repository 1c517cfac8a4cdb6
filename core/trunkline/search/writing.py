"""Putting documents into the index and taking them out, a batch at a time."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from trunkline.operation import Context
from trunkline.plugin import SearchDocument
from trunkline.search import models
from trunkline.search.folding import WHOLE, Entries, calling_code, entries_of, typo_variants
from trunkline.search.models import ENTITY_BITS, SearchKindNumber, document_id
from trunkline.search.store import FEEDS, KEYS, TEXTS, TYPOS

if TYPE_CHECKING:
    from trunkline.app import App

_DOCUMENTS = models.SearchDocument.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_KINDS = SearchKindNumber.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
#: Lists of thousands come in one parameter: writing out a parameter for each takes longer than the look-up.
_LISTED = {
    "sqlite": "SELECT value FROM json_each(:listed)",
    "postgresql": "SELECT value FROM json_array_elements_text(CAST(:listed AS json))",
}
_AMONG = {
    name: text(f"id IN ({listed.replace('value', 'CAST(value AS bigint)', 1)})")
    for name, listed in _LISTED.items()
}
# Built once: building costs more than running.
_OLD = {name: select(TEXTS).where(among) for name, among in _AMONG.items()}
_DROP_TEXTS = {name: delete(TEXTS).where(among) for name, among in _AMONG.items()}
_DROP_DOCUMENTS = {name: delete(_DOCUMENTS).where(among) for name, among in _AMONG.items()}
_KNOWN_WORDS = {
    name: text(f"SELECT word FROM search_typo WHERE variant IN ({listed})")  # noqa: S608 — constants
    for name, listed in _LISTED.items()
}
_DROP_KEYS = delete(KEYS).where(
    KEYS.c.kind == bindparam("of_kind"), KEYS.c.key == bindparam("of_key"), KEYS.c.id == bindparam("of_id")
)
_INSERT_TYPOS = {
    "sqlite": sqlite.insert(TYPOS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(TYPOS).on_conflict_do_nothing(),
}


class KindNumbers:
    """The numbers of searchable kinds, remembered for the life of the process."""

    def __init__(self, app: "App") -> None:
        self._numbers: dict[str, int] = {}

    def known(self, ctx: Context, kinds: Sequence[str]) -> dict[str, int]:
        """The numbers of those kinds of which anything was ever indexed."""
        if not self._numbers.keys() >= set(kinds):
            rows = ctx.session.connection().execute(select(_KINDS.c.kind, _KINDS.c.id))
            self._numbers.update({row.kind: row.id for row in rows})
        return {kind: self._numbers[kind] for kind in kinds if kind in self._numbers}

    def number(self, ctx: Context, kind: str) -> int:
        """The number of a kind, given now if it has none. Not remembered before others can see it."""
        connection = ctx.session.connection()
        found: int | None = connection.execute(
            select(_KINDS.c.id).where(_KINDS.c.kind == kind)
        ).scalar_one_or_none()
        if found is None:
            found = connection.execute(
                text("SELECT coalesce(max(id), 0) + 1 FROM core_search_kind")
            ).scalar_one()
            connection.execute(insert(_KINDS), {"id": found, "kind": kind})
        return found


def write(ctx: Context, kind: str, ids: Sequence[int], documents: Sequence[SearchDocument]) -> None:
    """Replace what the index has of these entities by these documents."""
    number = ctx.app.part(KindNumbers).number(ctx, kind)
    remove(ctx, [document_id(number, key) for key in ids])
    if not documents:
        return
    code = calling_code(ctx.app.config.country)
    entries = {document_id(number, one.id): entries_of(one, code) for one in documents}
    connection = ctx.session.connection()
    _put(connection, _DOCUMENTS, [shown_row(key, one) for key, one in zip(entries, documents, strict=True)])
    texts = [(key, one.words, one.numbers, "\n".join(one.keys)) for key, one in entries.items()]
    _put(connection, TEXTS, texts)
    # In the order of the table, which it is written in fastest.
    _put(connection, KEYS, sorted((number, entry, key) for key, one in entries.items() for entry in one.keys))
    if ctx.app.database.is_sqlite:
        for column, comes, _goes in FEEDS:
            rows = [(key, getattr(one, column)) for key, one in entries.items()]
            connection.exec_driver_sql(comes, rows)
    _learn(connection, entries.values())


def remove(ctx: Context, keys: Sequence[int]) -> None:
    """Take documents out of the index by their keys."""
    if not keys:
        return
    connection = ctx.session.connection()
    dialect, listed = connection.dialect.name, {"listed": json.dumps(list(keys))}
    old = connection.execute(_OLD[dialect], listed).all()
    if old:
        if ctx.app.database.is_sqlite:
            for column, _comes, goes in FEEDS:
                connection.exec_driver_sql(goes, [(row.id, getattr(row, column)) for row in old])
        connection.execute(
            _DROP_KEYS,
            [
                {"of_kind": row.id >> ENTITY_BITS, "of_key": key, "of_id": row.id}
                for row in old
                for key in row.keys.split("\n")
            ],
        )
        connection.execute(_DROP_TEXTS[dialect], listed)
    connection.execute(_DROP_DOCUMENTS[dialect], listed)


def _put(connection: Connection, into: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert whole rows the way that is fastest on this database."""
    names = ", ".join(into.columns.keys())
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(into.columns))
        connection.exec_driver_sql(f"INSERT INTO {into.name} ({names}) VALUES ({places})", list(rows))  # noqa: S608 — its own names
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {into.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _learn(connection: Connection, entries: Iterable[Entries]) -> None:
    """Add the words of titles to the vocabulary. None is taken away but by a rebuild: it would only find nothing."""
    names = sorted(frozenset().union(*(one.names for one in entries)))
    if not names:
        return
    asked = {"listed": json.dumps([WHOLE + name for name in names])}
    known = set(connection.execute(_KNOWN_WORDS[connection.dialect.name], asked).scalars())
    rows = [
        {"variant": variant, "word": name}
        for name in names
        if name not in known
        for variant in (WHOLE + name, *sorted(typo_variants(name)))
    ]
    if rows:
        connection.execute(_INSERT_TYPOS[connection.dialect.name], rows)


def shown_row(key: int, document: SearchDocument) -> tuple[Any, ...]:
    """The row of a document, in the order of the table's columns."""
    return (
        key,
        document.kind,
        document.id,
        document.title[:200],
        document.subtitle[:300],
        document.path,
        document.icon,
        document.permission,
        document.customer_id,
        document.reseller_id,
    )
