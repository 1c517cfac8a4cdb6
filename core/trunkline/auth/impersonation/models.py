"""The table of who worked as whom, when and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field

from trunkline.clock import utc_now
from trunkline.db.base import Record
from trunkline.db.types import BigKey, UtcDateTime


def _of_user() -> Any:
    return Field(
        sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="RESTRICT"), nullable=False, index=True)
    )


class Impersonation(Record, table=True):
    """One time that a member of staff opened the system as another user. It stays after it has ended."""

    __tablename__ = "core_impersonation"
    __table_args__ = (Index("ix_core_impersonation_started_at", "started_at", "id"),)

    #: Who looks.
    staff_id: int = _of_user()
    #: As whom.
    user_id: int = _of_user()
    reason: str = Field(max_length=300)
    address: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=300)
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    #: The time limit.
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: None while it lasts, and where the browser was closed: then `expires_at` ended it.
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
