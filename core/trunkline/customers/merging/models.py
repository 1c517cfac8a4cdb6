"""Tables of merges: which customer went into which, what moved, and who looks like whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import key_field
from trunkline.db.types import BigKey, UtcDateTime


class CustomerMerge(SQLModel, table=True):
    """That one customer went into another. Neither key is a foreign key: a later merge must not move them."""

    __tablename__ = "core_customer_merge"
    __table_args__ = (Index("ix_core_customer_merge_at", "at", "id"),)

    id: int | None = key_field()
    #: The one that stays, and the one that went into it.
    customer_id: int = Field(sa_type=BigKey, index=True)
    source_id: int = Field(sa_type=BigKey, index=True)
    number: str = Field(max_length=20)
    source_number: str = Field(max_length=20)
    source_name: str = Field(max_length=200)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    merged_by: str = Field(max_length=200)
    #: How many rows of each kind moved, by what they are called.
    counts: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: What the undo sets back: `source` {field: before}, `target` {field: [before, after]},
    #: `parents` [before, after] of the one that stays, `rows` {part: {key: {column: before}}}.
    before: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    undo_until: datetime = Field(sa_type=UtcDateTime, nullable=False)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: str = Field(default="", max_length=200)


class CustomerMergeRow(SQLModel, table=True):
    """One row that moved with a merge. `part` is its table and column."""

    __tablename__ = "core_customer_merge_row"
    __table_args__ = {"sqlite_with_rowid": False}

    merge_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_customer_merge.id", ondelete="CASCADE"), primary_key=True)
    )
    part: str = Field(max_length=130, primary_key=True)
    row_id: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})


class CustomerDuplicate(SQLModel, table=True):
    """Two customers who may be one, the older first. Found anew each night; what somebody judged stays judged."""

    __tablename__ = "core_customer_duplicate"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        Index("ix_core_customer_duplicate_score", "score", "id"),
        Index("ix_core_customer_duplicate_reasons", "reasons", "score", "id"),
    )

    id: int | None = key_field()
    first_id: int = Field(sa_type=BigKey)
    second_id: int = Field(sa_type=BigKey, index=True)
    #: What they share: of `tax_id`, `email`, `phone`, `name`, in this order, parted by blanks.
    reasons: str = Field(max_length=60)
    score: int
    found_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    dismissed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dismissed_by: str = Field(default="", max_length=200)
