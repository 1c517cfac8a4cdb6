"""The table of drafts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import key_field
from trunkline.db.types import BigKey, UtcDateTime


class Draft(SQLModel, table=True):
    """What one person typed into one form and did not send. It changes nothing, so the log tells nothing of it."""

    __tablename__ = "core_draft"
    __table_args__ = (UniqueConstraint("user_id", "form"),)

    id: int | None = key_field()
    user_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False)
    )
    #: The form's word.
    form: str = Field(max_length=40)
    #: Where what was typed is posted to see the form again as it was.
    resume: str = Field(max_length=300)
    #: [name, value] of each field, in the form's order.
    fields: list[Any] = Field(default_factory=list, sa_column=Column("fields", JSON, nullable=False))
    saved_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)
