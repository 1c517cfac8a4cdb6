"""The table of what waits for a second person."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index
from sqlmodel import Field

from trunkline.db.base import UNLOGGED, Record
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _

register("approval", "V", label=_("Requests for a second person"))


class ApprovalState(StrEnum):
    """Waiting ends in one of the others, and none of them ever changes again."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def _user(required: bool) -> Any:
    key = ForeignKey("core_user.id", ondelete="RESTRICT")
    return Field(default=None, sa_column=Column(BigKey, key, index=True, nullable=not required))


class Approval(Record, table=True):
    """An operation that somebody asked for and that is done when somebody else agrees.

    `arguments` is what the operation was called with, as JSON of its parameters; `words` what the second person reads, to be
    written in anybody's language, and `summary` its headline in the language of who asked, for searching.
    """

    __tablename__ = "core_approval"
    __table_args__ = (
        Index("ix_core_approval_state", "state", "id"),
        Index("ix_core_approval_digest", "digest"),
    )

    number: str = Field(max_length=20, unique=True)
    #: Import path of the operation's function; `permission` is the operation's name, which both people must hold.
    function: str = Field(max_length=200)
    permission: str = Field(max_length=120)
    label: str = Field(max_length=120)
    summary: str = Field(max_length=300)
    words: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False, info={UNLOGGED: True})
    )
    arguments: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: SHA-256 of function and arguments, so that the same thing does not wait twice.
    digest: str = Field(max_length=64)
    amount_micros: int | None = Field(default=None, sa_type=BigKey)
    currency: str = Field(default="", max_length=3)
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )
    path: str = Field(default="", max_length=300)
    state: str = Field(default=ApprovalState.WAITING, max_length=10)
    asked_by_id: int = _user(True)
    asked_by: str = Field(max_length=200)
    address: str = Field(default="", max_length=60)
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)
    decided_by_id: int | None = _user(False)
    decided_by: str = Field(default="", max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str = Field(default="", max_length=1000)
