"""SQL conditions of the index, for lists that let their search box use it."""

from collections.abc import Sequence
from functools import cached_property, lru_cache, reduce
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE
from sqlmodel import col

from trunkline.search.folding import WHOLE, is_name, read_query
from trunkline.search.models import ENTITY_BITS, SearchKindNumber
from trunkline.search.store import KEYS, TEXTS, TYPOS, VECTOR
from trunkline.search.tiers import LAST, SPELT_OUT, fts5_query, ts_query

_STEP = literal(1 << ENTITY_BITS, BigInteger)


class _has_words(FunctionElement[bool]):
    """Whether a row of `search_text` has the words.

    Its key, the lowest and the first too high key of the kind, the query for FTS5, the query for PostgreSQL and what else
    that asks of each row: very many have a word that begins with one or two letters, and its index gathers them all.
    """

    # Not Boolean: SQLite would be asked whether it equals 1, of every row, instead of using its index.
    type = NULLTYPE  # type: ignore[assignment]  # the base wants Boolean
    inherit_cache = True


@compiles(_has_words, "sqlite")
def _on_sqlite(element: _has_words, compiler: SQLCompiler, **options: Any) -> str:
    key, low, high, query = (compiler.process(clause, **options) for clause in list(element.clauses)[:4])
    # The range stands inside, or what other kinds have would be found and thrown away.
    found = f"search_words MATCH {query} AND rowid >= {low} AND rowid < {high}"
    return f"{key} IN (SELECT rowid FROM search_words WHERE {found})"  # noqa: S608 — placeholders


@compiles(_has_words, "postgresql")
def _on_postgres(element: _has_words, compiler: SQLCompiler, **options: Any) -> str:
    asked = list(element.clauses)
    del asked[3]
    key, low, high, query, *others = (compiler.process(clause, **options) for clause in asked)
    # By the key's own index it would gather every row of the kind beside those that have the words.
    of_the_kind = f"({key} >= {low} AND {key} < {high}) IS TRUE"
    return " AND ".join([f"{VECTOR} @@ CAST({query} AS tsquery)", of_the_kind, *others])


class _begins_in(FunctionElement[bool]):
    """Whether something in a text begins so: what stands before each, the text, the beginning."""

    type = NULLTYPE  # type: ignore[assignment]  # the base wants Boolean
    inherit_cache = True


@compiles(_begins_in, "sqlite")
def _in_text(element: _begins_in, compiler: SQLCompiler, **options: Any) -> str:
    sign, found, beginning = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(instr({sign} || {found}, {sign} || {beginning}) > 0)"


@compiles(_begins_in, "postgresql")
def _in_text_of_postgres(element: _begins_in, compiler: SQLCompiler, **options: Any) -> str:
    sign, found, beginning = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(strpos({sign} || {found}, {sign} || {beginning}) > 0)"


class Finding:
    """How the index finds entities of a kind by a query: by all its words as beginnings, or, a number, by its ends."""

    def __init__(self, kind: str, query: str) -> None:
        self._asked = read_query(query)
        self._number = (
            select(col(SearchKindNumber.id)).where(col(SearchKindNumber.kind) == kind).scalar_subquery()
        )

    def __bool__(self) -> bool:
        return bool(self._asked)

    @property
    def by_number(self) -> bool:
        """Whether the query is a number: `entries` finds all then."""
        return bool(self._asked.number)

    def entries(self, most: int | None = None) -> Any:
        """Keys of entities with an entry that begins so, at most so many.

        Of a query of words these are some of those that `words` finds. They are ranges of a B-tree, which stop at enough.
        """
        return self._entries if most is None else select(self._entries.subquery().c.id).limit(most)

    @cached_property
    def _entries(self) -> Any:
        # A range of the index each; by OR the whole kind would be read.
        parts = [
            select((KEYS.c.id - self._number * _STEP).label("id")).where(
                KEYS.c.kind == self._number, KEYS.c.key >= key, KEYS.c.key < key + LAST
            )
            for key in self._asked.beginnings
        ]
        return parts[0] if len(parts) == 1 else union_all(*parts)

    def words(self, most: int | None = None) -> Any:
        """Keys of entities that have all the words."""
        low, high = self._number * _STEP, (self._number + 1) * _STEP
        groups = {word: _spelt_out(word) for word in self._asked.words}
        leading = [word for word in groups if is_name(word)] or [max(groups, key=len)]
        fts5 = _joined([group for group, _other in groups.values()], " AND ")
        ts = _joined([groups[word][1] for word in leading], " & ")
        others = [
            _begins_in(literal(" "), TEXTS.c.words, literal(word)) for word in groups if word not in leading
        ]
        asked = _has_words(TEXTS.c.id, low, high, fts5, ts, *others)
        found = select((TEXTS.c.id - low).label("id")).where(asked)
        return found if most is None else found.limit(most)

    def on_row(self, identity: Any) -> ColumnElement[bool]:
        """The same, asked of one entity: cheaper than an index where few entities are left."""
        held, asked = TEXTS.c.words, [(" ", word) for word in self._asked.words]
        if self.by_number:
            held, asked = TEXTS.c["keys"], [("\n", key) for key in self._asked.beginnings]
        parts = [_begins_in(literal(sign), held, literal(text)) for sign, text in asked]
        found = or_(*parts) if self.by_number else and_(*parts)
        return exists().where(TEXTS.c.id == self._number * _STEP + identity, found)


# Each kind of entity that a list searches asks for the same words, and so does each further page.
@lru_cache(maxsize=200)
def _spelt_out(word: str) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """A word as beginning, for FTS5 and for PostgreSQL: as `tiers.beginnings`, looked up by the database itself.

    PostgreSQL gathers all that have any word beginning so, and cannot be interrupted meanwhile.
    """
    beginning = [[(word, True)]]
    if not is_name(word):
        return literal(fts5_query(beginning)), literal(ts_query(beginning))
    known = (
        select(TYPOS.c.word)
        .where(TYPOS.c.variant >= WHOLE + word, TYPOS.c.variant < WHOLE + word + LAST)
        .limit(SPELT_OUT)
        .subquery()
    )
    few = func.count().between(1, SPELT_OUT - 1)

    def group(sign: str, either: str, begins: str) -> ColumnElement[str]:
        whole = func.aggregate_strings(literal(sign) + known.c.word + literal(sign), either)
        found = select(case((few, "(" + whole + ")"), else_=begins)).select_from(known)
        return found.scalar_subquery()

    return group('"', " OR ", fts5_query(beginning)), group("'", " | ", ts_query(beginning))


def _joined(groups: Sequence[ColumnElement[str]], sign: str) -> ColumnElement[str]:
    return reduce(lambda before, group: before + sign + group, groups)


def found_by(kind: str, identity: Any, query: str) -> ColumnElement[bool]:
    """Whether the entity `kind` whose key is the column `identity` is found by the query.

    By all its words as beginnings, or, when it is a number, by an entry that begins or ends with it.
    """
    finding = Finding(kind, query)
    if not finding:
        return true()
    condition: ColumnElement[bool] = identity.in_(finding.entries() if finding.by_number else finding.words())
    return condition
