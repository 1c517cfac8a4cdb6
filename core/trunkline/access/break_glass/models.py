"""The table of emergency accesses: who took every permission, why, and for how long."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field

from trunkline.db.base import Record
from trunkline.db.types import BigKey, UtcDateTime


class BreakGlass(Record, table=True):
    """One emergency access. It is over at `ends_at`, or at `ended_at` when somebody ended it before."""

    __tablename__ = "core_break_glass"

    user_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="RESTRICT"), index=True, nullable=False)
    )
    name: str = Field(max_length=120)
    reason: str = Field(max_length=500)
    address: str = Field(default="", max_length=60)
    started_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    ends_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str = Field(default="", max_length=200)
