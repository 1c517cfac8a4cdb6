"""SQL conditions of the index, for lists that let their search box use it."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, literal, select, true, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE
from sqlmodel import col

from trunkline.search.folding import SHORTEST_FRAGMENT, Asked, read_query
from trunkline.search.models import ENTITY_BITS, SearchKindNumber
from trunkline.search.store import KEYS, TEXTS, VECTOR
from trunkline.search.tiers import LAST, fts5_query, ts_query

_STEP = literal(1 << ENTITY_BITS, BigInteger)


class _has_words(FunctionElement[bool]):
    """Whether a row of `search_text` has the words: its key, the query for FTS5, the query for PostgreSQL."""

    # Not Boolean: SQLite would be asked whether it equals 1, of every row, instead of using its index.
    type = NULLTYPE  # type: ignore[assignment]  # the base wants Boolean
    inherit_cache = True


@compiles(_has_words, "sqlite")
def _on_sqlite(element: _has_words, compiler: SQLCompiler, **options: Any) -> str:
    key, query, _other = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{key} IN (SELECT rowid FROM search_words WHERE search_words MATCH {query})"  # noqa: S608 — placeholders


@compiles(_has_words, "postgresql")
def _on_postgres(element: _has_words, compiler: SQLCompiler, **options: Any) -> str:
    query = compiler.process(list(element.clauses)[2], **options)
    return f"{VECTOR} @@ CAST({query} AS tsquery)"


def found_by(kind: str, identity: Any, query: str) -> ColumnElement[bool]:
    """Whether the entity `kind` whose key is the column `identity` is found by the query.

    By all its words as beginnings, or, when it is a number, by an entry that begins or ends with it.
    """
    asked = read_query(query)
    if not asked:
        return true()
    number = select(col(SearchKindNumber.id)).where(col(SearchKindNumber.kind) == kind).scalar_subquery()
    condition: ColumnElement[bool] = identity.in_(
        _by_number(asked, number) if asked.number else _by_words(asked, number)
    )
    return condition


def _by_number(asked: Asked, number: Any) -> Any:
    beginnings = asked.beginnings if len(asked.number) >= SHORTEST_FRAGMENT else asked.beginnings[:1]
    # A range of the index each; by OR the whole kind would be read.
    parts = [
        select(KEYS.c.id - number * _STEP).where(
            KEYS.c.kind == number, KEYS.c.key >= key, KEYS.c.key < key + LAST
        )
        for key in beginnings
    ]
    return parts[0] if len(parts) == 1 else union_all(*parts)


def _by_words(asked: Asked, number: Any) -> Any:
    groups = [[(word, True)] for word in asked.words]
    return select(TEXTS.c.id - number * _STEP).where(
        TEXTS.c.id >= number * _STEP,
        TEXTS.c.id < (number + 1) * _STEP,
        _has_words(TEXTS.c.id, literal(fts5_query(groups)), literal(ts_query(groups))),
    )
