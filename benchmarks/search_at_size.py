"""The search index of an operator of any size, filled in one go, its own indexes at the end.

`trunkline search rebuild` gives the same rows, a few thousand at a time beside a running system. Where the operator knows what
the product makes of its rows it writes that down at once, in a tenth of the time; some of each block are compared.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.bulk import Bulk, loading

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.plugin import SearchDocument, SearchKind
    from trunkline.search.folding import Entries

#: Documents at a time.
_BLOCK = 5_000
_TOLD = 250_000
#: As many of a block are compared.
_COMPARED = 20
_DOCUMENTS, _KEYS = "core_search_document", ("kind", "key", "id")


#: Documents and entries of the entities with these keys.
Known = Callable[[Sequence[int]], Sequence[tuple["SearchDocument", "Entries"]]]


def fill_index(app: "App", known: Mapping[str, Known], progress: Callable[[str], None]) -> None:
    """Index everything of an operator whose index is empty; `known` has the kinds that are written down at once."""
    from trunkline.search import store
    from trunkline.search.folding import vocabulary_entries

    store.ensure(app)
    names: set[str] = set()
    with loading(app, _DOCUMENTS, "search_text") as bulk, _keys_apart(bulk):
        for kind in app.search_kinds.values():
            _fill_kind(bulk, _Kind(app, kind, known.get(kind.kind)), names, progress)
        typos = sorted({(variant, name) for name in names for variant in vocabulary_entries(name)})
        bulk.put("search_typo", ("variant", "word"), typos)
    progress("entries sorted")
    if app.database.is_sqlite:
        with loading(app) as bulk:
            for table in ("search_words", "search_numbers"):
                bulk.run(f"INSERT INTO {table}({table}) VALUES ('rebuild')")  # noqa: S608 — names from here


class _Kind:
    """One kind of things that are found, and how its documents come about."""

    def __init__(self, app: "App", kind: "SearchKind", known: Known | None) -> None:
        from trunkline.operation import SYSTEM
        from trunkline.search.folding import calling_code

        self._app, self._kind, self._known, self.name = app, kind, known, kind.kind
        self._code = calling_code(app.config.country)
        with app.reading(SYSTEM) as ctx:
            self.ids = sorted(kind.all_ids(ctx))

    def number(self) -> int:
        """Its number in the index, given now if it has none."""
        from trunkline.operation import SYSTEM
        from trunkline.search.writing import KindNumbers

        with self._app.unit_of_work(SYSTEM) as ctx:
            return self._app.part(KindNumbers).number(ctx, self.name)

    def made(self, ids: Sequence[int]) -> "Sequence[tuple[SearchDocument, Entries]]":
        """Documents and entries of these. Raises RuntimeError where what is known is not what the product makes."""
        if self._known is None:
            return self._by_product(ids)
        found = self._known(ids)
        # The product makes them in no order of its own.
        made = sorted(self._by_product(ids[:_COMPARED]), key=lambda one: one[0].id)
        for ours, theirs in zip(found, made, strict=False):
            if ours[0] != theirs[0] or _all_of(ours[1]) != _all_of(theirs[1]):
                raise RuntimeError(f"the product makes {theirs}, not {ours}")
        return found

    def _by_product(self, ids: Sequence[int]) -> "Sequence[tuple[SearchDocument, Entries]]":
        from trunkline.operation import SYSTEM
        from trunkline.search.folding import entries_of

        with self._app.reading(SYSTEM) as ctx:
            return [(one, entries_of(one, self._code)) for one in self._kind.load(ctx, ids)]


def _all_of(entries: "Entries") -> tuple[Any, ...]:
    """What an entry holds, in no order."""
    return set(entries.keys), set(entries.words.split()), set(entries.numbers.split()), entries.names


def _fill_kind(bulk: Bulk, kind: _Kind, names: set[str], progress: Callable[[str], None]) -> None:
    from trunkline.search.models import SearchDocument, document_id
    from trunkline.search.writing import shown_row

    if not kind.ids:
        return
    number = kind.number()
    columns = list(SearchDocument.__table__.columns.keys())  # type: ignore[attr-defined]  # SQLModel's types hide it
    for start in range(0, len(kind.ids), _BLOCK):
        made = kind.made(kind.ids[start : start + _BLOCK])
        keyed = [(document_id(number, one.id), one, entries) for one, entries in made]
        bulk.put(_DOCUMENTS, columns, (shown_row(key, one) for key, one, _entries in keyed))
        texts = ((key, one.words, one.numbers, "\n".join(one.keys)) for key, _document, one in keyed)
        bulk.put("search_text", ("id", "words", "numbers", "keys"), texts)
        keys = [(number, entry, key) for key, _document, one in keyed for entry in one.keys]
        bulk.put_plain("apart.keys" if bulk.on_sqlite else "search_key", _KEYS, keys)
        names.update(*(entries.names for _document, entries in made))
        done = start + len(made)
        if done == len(kind.ids) or start % _TOLD == 0:
            progress(f"{kind.name}: {done:,} of {len(kind.ids):,}")


class _keys_apart:
    """Entries are gathered in no order, and sorted when all are there: one by one they would be put all over the table."""

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self._folder: Any = TemporaryDirectory(prefix="trunkline-keys-") if bulk.on_sqlite else None

    def __enter__(self) -> None:
        if self._folder is None:
            self._bulk.run("ALTER TABLE search_key DROP CONSTRAINT search_key_pkey")
            return
        self._bulk.run(f"ATTACH '{Path(self._folder.name) / 'keys.db'}' AS apart")
        self._bulk.run("PRAGMA apart.journal_mode=OFF")
        self._bulk.run("PRAGMA apart.synchronous=OFF")
        self._bulk.run("CREATE TABLE apart.keys (kind, key, id)")

    def __exit__(self, failed: object, *_rest: object) -> None:
        if failed is None and self._folder is None:
            self._bulk.run("ALTER TABLE search_key ADD PRIMARY KEY (kind, key, id)")
        elif failed is None:
            self._bulk.run("INSERT INTO search_key SELECT * FROM apart.keys ORDER BY kind, key, id")
        if self._folder is not None:
            self._bulk.run("DETACH apart")
            self._folder.cleanup()
