"""Taking somebody out of the index at once, with the words that nobody else is found by."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select, text
from sqlmodel import col

from trunkline.db.parts import parts
from trunkline.operation import Context
from trunkline.search.folding import is_name, vocabulary_entries, words
from trunkline.search.marking import mark_customer
from trunkline.search.models import SearchDocument, SearchRecent
from trunkline.search.store import TEXTS, TYPOS, VECTOR
from trunkline.search.writing import remove

_IN_USE = {
    "sqlite": "SELECT 1 FROM search_words WHERE search_words MATCH :asked LIMIT 1",
    "postgresql": f"SELECT 1 FROM search_text WHERE {VECTOR} @@ CAST(:asked AS tsquery) LIMIT 1",  # noqa: S608 — constants
}
_QUOTED = {"sqlite": '"{}"', "postgresql": "'{}'"}


def forget(ctx: Context, customer_ids: Sequence[int]) -> int:
    """Drop the documents of these customers with their words, and mark what they are of to be indexed anew.

    Returns how many there were. Nobody finds the customers by what they were called, from the commit on.
    """
    for key in customer_ids:
        mark_customer(ctx, key)
    keys = list(
        ctx.session.scalars(
            select(col(SearchDocument.id)).where(col(SearchDocument.customer_id).in_(customer_ids))
        )
    )
    found = [key for key in keys if key is not None]
    known: set[str] = set()
    for some in parts(found):
        rows = ctx.session.connection().execute(select(TEXTS.c.words).where(TEXTS.c.id.in_(some)))
        known.update(word for (text_,) in rows for word in words(text_) if is_name(word))
        ctx.session.execute(delete(SearchRecent).where(col(SearchRecent.document_id).in_(some)))
        remove(ctx, some)
    _unlearn(ctx, sorted(known))
    return len(found)


def _unlearn(ctx: Context, names: Iterable[str]) -> None:
    """Out of the vocabulary, but for words of others."""
    connection = ctx.session.connection()
    dialect = connection.dialect.name
    for name in names:
        if connection.execute(text(_IN_USE[dialect]), {"asked": _QUOTED[dialect].format(name)}).first():
            continue
        variants = vocabulary_entries(name)
        connection.execute(delete(TYPOS).where(TYPOS.c.variant.in_(variants), TYPOS.c.word == name))
