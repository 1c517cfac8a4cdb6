"""The activity log: who did what, when, from where, with the values before and after. Rows are only ever inserted."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import key_field
from trunkline.db.types import BigKey, UtcDateTime


class ActivityEntry(SQLModel, table=True):
    """One operation (or one batch, or one view of a sensitive record)."""

    __tablename__ = "core_activity"
    __table_args__ = (
        Index("ix_core_activity_subject", "subject_kind", "subject_id"),
        Index("ix_core_activity_customer", "customer_id", "id"),
    )

    id: int | None = key_field()
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False, index=True)
    operation: str = Field(max_length=120, index=True)
    actor_kind: str = Field(max_length=12)
    actor_id: int | None = Field(default=None, sa_type=BigKey)
    actor: str = Field(max_length=200)
    on_behalf_of: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=60)
    request_id: str = Field(default="", max_length=64)
    subject_kind: str = Field(default="", max_length=60)
    subject_id: int | None = Field(default=None, sa_type=BigKey)
    subject: str = Field(default="", max_length=200)
    #: No foreign key: an entry outlives what it tells of.
    customer_id: int | None = Field(default=None, sa_type=BigKey)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
