"""SQL conditions of the index, for the search itself and for lists that let their search box use it."""

from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlmodel import col

from trunkline.search.folding import query_terms
from trunkline.search.models import SearchDocument, SearchTerm

_LAST = "\U0010ffff"


def has_prefix(prefix: str) -> ColumnElement[bool]:
    """Documents that a term beginning with `prefix` finds; a range of the index on both databases."""
    term = col(SearchTerm.term)
    found = select(col(SearchTerm.document_id)).where(term >= prefix, term < prefix + _LAST)
    return col(SearchDocument.id).in_(found)


def found_by(kind: str, identity: Any, query: str) -> ColumnElement[bool]:
    """Whether the entity `kind` whose key is the column `identity` is found by the query."""
    prefixes = query_terms(query)
    if not prefixes:
        return true()
    documents = select(col(SearchDocument.entity_id)).where(
        col(SearchDocument.kind) == kind, and_(*(has_prefix(prefix) for prefix in prefixes))
    )
    condition: ColumnElement[bool] = identity.in_(documents)
    return condition
