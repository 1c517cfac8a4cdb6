"""Codes that were sent to phones: to sign in, and to prove that a phone is somebody's."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from trunkline.db.base import key_field
from trunkline.db.types import BigKey, UtcDateTime


class CodePurpose(StrEnum):
    """What the right code does."""

    SIGN_IN = "sign_in"
    VERIFY_PHONE = "verify_phone"
    #: Shows again who is signed in, before a dangerous action.
    CONFIRM = "confirm"
    #: Went to a phone that somebody wants to use from now on.
    NEW_PHONE = "new_phone"


class SentCode(SQLModel, table=True):
    """A code and who asked for it. Kept for people who do not exist as well, so that both answer alike."""

    __tablename__ = "core_sent_code"

    id: int | None = key_field()
    purpose: str = Field(max_length=12)
    #: SHA-256 of what the browser holds that asked.
    token_hash: str = Field(max_length=64, unique=True)
    #: Whose phone it went to; None: nobody's, and no code is right.
    user_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="CASCADE"), index=True),
    )
    #: SHA-256 of what was asked for: attempts are counted under it, whoever asks.
    account: str = Field(default="", max_length=64)
    #: Keyed digest of token and code: six digits alone would be tried through in no time.
    code_digest: str = Field(max_length=64)
    #: The phone that it went to: a code to an old number proves nothing of a new one.
    phone: str = Field(default="", max_length=20)
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)

    @property
    def key(self) -> int:
        """The primary key of a row that has been flushed."""
        if self.id is None:
            raise LookupError("SentCode has no key before it is flushed")
        return self.id
