"""Putting documents into the index and taking them out, a batch at a time."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, text

from trunkline.db.upserting import insert_into
from trunkline.operation import Context
from trunkline.plugin import SearchDocument
from trunkline.search import models
from trunkline.search.folding import WHOLE, Entries, calling_code, entries_of, vocabulary_entries
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


#: Between the keys of a document.
_KEY_END = "\n"


@cache
def _insert_typos(dialect: str) -> Any:
    return insert_into(TYPOS, dialect).on_conflict_do_nothing()


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


def write(
    ctx: Context, kind: str, ids: Sequence[int], documents: Sequence[SearchDocument], *, anew: bool = False
) -> None:
    """Replace what the index has of these entities by these documents.

    What is found by the same words as before, as most of what changes is, is left in the indexes of words, but not with `anew`.
    """
    number = ctx.app.part(KindNumbers).number(ctx, kind)
    code = calling_code(ctx.app.config.country)
    entries = {document_id(number, one.id): entries_of(one, code) for one in documents}
    texts = {key: _Text(key, one.words, one.numbers, _KEY_END.join(one.keys)) for key, one in entries.items()}
    keys, connection = [document_id(number, key) for key in ids], ctx.session.connection()
    old = _texts(connection, keys)
    same = set() if anew else {key for key, row in texts.items() if old.get(key) == row}
    goes = [row for key, row in old.items() if key not in same]
    comes = [row for key, row in texts.items() if key not in same]
    _exchange(connection, goes, comes, whole=anew)
    connection.execute(_DROP_DOCUMENTS[connection.dialect.name], {"listed": json.dumps(keys)})
    shown = [shown_row(key, one) for key, one in zip(entries, documents, strict=True)]
    _put(connection, _DOCUMENTS, shown)
    _learn(connection, (one for key, one in entries.items() if key not in same))


def remove(ctx: Context, keys: Sequence[int]) -> None:
    """Take documents out of the index by their keys."""
    connection = ctx.session.connection()
    _exchange(connection, list(_texts(connection, keys).values()), ())
    connection.execute(_DROP_DOCUMENTS[connection.dialect.name], {"listed": json.dumps(list(keys))})


class _Text(NamedTuple):
    """A row of TEXTS."""

    id: int
    words: str
    numbers: str
    keys: str


def _texts(connection: Connection, keys: Sequence[int]) -> dict[int, _Text]:
    """What the index holds of these documents."""
    rows = connection.execute(_OLD[connection.dialect.name], {"listed": json.dumps(list(keys))})
    return {row.id: _Text(*row) for row in rows}


def _exchange(
    connection: Connection, goes: Sequence[_Text], comes: Sequence[_Text], *, whole: bool = False
) -> None:
    """Take texts out and put others in. Keys that a document has before and after are left alone, unless `whole` is said."""
    before, after = _keys_of(goes), _keys_of(comes)
    kept = set() if whole else before & after
    if goes:
        if connection.dialect.name == "sqlite":
            for column, _comes, gone in FEEDS:
                connection.exec_driver_sql(gone, [(row.id, getattr(row, column)) for row in goes])
        if gone_keys := sorted(before - kept):
            rows = [{"of_kind": kind, "of_key": key, "of_id": of} for kind, key, of in gone_keys]
            connection.execute(_DROP_KEYS, rows)
        listed = {"listed": json.dumps([row.id for row in goes])}
        connection.execute(_DROP_TEXTS[connection.dialect.name], listed)
    _put(connection, TEXTS, comes)
    # In the order of the table, which it is written in fastest.
    _put(connection, KEYS, sorted(after - kept))
    if comes and connection.dialect.name == "sqlite":
        for column, new, _goes in FEEDS:
            connection.exec_driver_sql(new, [(row.id, getattr(row, column)) for row in comes])


def _keys_of(rows: Sequence[_Text]) -> set[tuple[int, str, int]]:
    """Rows of KEYS."""
    return {(row.id >> ENTITY_BITS, key, row.id) for row in rows for key in row.keys.split(_KEY_END)}


def _put(connection: Connection, into: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert whole rows the way that is fastest on this database."""
    if not rows:
        return
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
        for variant in vocabulary_entries(name)
    ]
    if rows:
        connection.execute(_insert_typos(connection.dialect.name), rows)


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
