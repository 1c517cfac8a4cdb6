"""Tables of the search index: documents, the terms that find them, and what must be indexed anew."""

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import key_field
from trunkline.db.types import BigKey

#: Compared by code point on both databases, so that a prefix is a range of the index.
_TERM = String(60).with_variant(String(60, collation="C"), "postgresql")


class SearchDocument(SQLModel, table=True):
    """How one entity is shown when it is found, and who may find it."""

    __tablename__ = "core_search_document"
    __table_args__ = (UniqueConstraint("kind", "entity_id"),)

    id: int | None = key_field()
    kind: str = Field(max_length=40)
    entity_id: int = Field(sa_type=BigKey)
    title: str = Field(max_length=200)
    subtitle: str = Field(default="", max_length=300)
    path: str = Field(max_length=300)
    icon: str = Field(default="file", max_length=40)
    permission: str = Field(max_length=100)
    customer_id: int | None = Field(default=None, sa_type=BigKey, index=True)
    reseller_id: int | None = Field(default=None, sa_type=BigKey, index=True)


class SearchTerm(SQLModel, table=True):
    """A folded word, or the last figures of a number, by which a document is found."""

    __tablename__ = "core_search_term"
    __table_args__ = (Index("ix_core_search_term_document", "document_id"),)

    term: str = Field(sa_column=Column(_TERM, primary_key=True))
    document_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_search_document.id", ondelete="CASCADE"), primary_key=True)
    )


class SearchDirty(SQLModel, table=True):
    """An entity that changed since it was indexed. Several rows for one entity are fine."""

    __tablename__ = "core_search_dirty"

    id: int | None = key_field()
    kind: str = Field(max_length=40)
    entity_id: int = Field(sa_type=BigKey)
