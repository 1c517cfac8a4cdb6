"""The record of erasures: whose, when, by whom, and until when what the law keeps is kept. Nothing in it is personal."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import key_field
from trunkline.db.types import BigKey, UtcDateTime


class CustomerErasure(SQLModel, table=True):
    """That a customer's personal data were erased. Merged customers are erased with the one they went into."""

    __tablename__ = "core_customer_erasure"
    __table_args__ = (Index("ix_core_customer_erasure_kept", "kept_until", "id"),)

    id: int | None = key_field()
    customer_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), unique=True, nullable=False
        )
    )
    number: str = Field(max_length=20, unique=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    erased_by: str = Field(max_length=200)
    #: How many rows of each table were deleted or lost their personal values.
    counts: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: The last day on which fiscal documents keep what they say; None: nothing had to be kept.
    kept_until: date | None = None
    #: When the rest went.
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
