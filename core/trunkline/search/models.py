"""Tables of the search: what is shown of each thing found, the numbers of kinds, and what must be indexed anew.

The index itself lies in tables that `trunkline.search.store` makes: each database has its own, and all can be built anew.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import key_field
from trunkline.db.types import BigKey, UtcDateTime

#: A document's key is its kind's number, then the entity's key in so many bits.
ENTITY_BITS = 40


class SearchKindNumber(SQLModel, table=True):
    """The short number of a searchable kind, which the keys of its documents begin with."""

    __tablename__ = "core_search_kind"

    id: int | None = Field(default=None, sa_column=Column(SmallInteger, primary_key=True))
    kind: str = Field(max_length=40, unique=True)


class SearchDocument(SQLModel, table=True):
    """How one entity is shown when it is found, and who may find it."""

    __tablename__ = "core_search_document"
    __table_args__ = (UniqueConstraint("kind", "entity_id"),)

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    kind: str = Field(max_length=40)
    entity_id: int = Field(sa_type=BigKey)
    title: str = Field(max_length=200)
    subtitle: str = Field(default="", max_length=300)
    path: str = Field(max_length=300)
    icon: str = Field(default="file", max_length=40)
    permission: str = Field(max_length=100)
    customer_id: int | None = Field(default=None, sa_type=BigKey, index=True)
    reseller_id: int | None = Field(default=None, sa_type=BigKey)


class SearchDirty(SQLModel, table=True):
    """An entity that changed since it was indexed. Several rows for one entity are fine."""

    __tablename__ = "core_search_dirty"

    id: int | None = key_field()
    kind: str = Field(max_length=40)
    entity_id: int = Field(sa_type=BigKey)


class SearchRecent(SQLModel, table=True):
    """What a user opened from the search, and when last; a few of each are kept."""

    __tablename__ = "core_search_recent"

    user_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True)
    )
    #: Documents come and go as they are indexed anew under the same key, so there is no foreign key.
    document_id: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_type=UtcDateTime, nullable=False)


def document_id(number: int, entity_id: int) -> int:
    """The key of the document of an entity whose kind has this number."""
    return number << ENTITY_BITS | entity_id


def span(number: int) -> tuple[int, int]:
    """The lowest and the highest key that a document of the kind can have."""
    return number << ENTITY_BITS, (number + 1 << ENTITY_BITS) - 1
