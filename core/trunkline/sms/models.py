"""The log of text messages: every one that was ever queued, read-only once it is over."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field

from trunkline.clock import utc_now
from trunkline.db.base import Record
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, EncryptedStr, UtcDateTime
from trunkline.i18n import gettext as _

register("sms", "M", 8, label=_("Text messages"))


class SmsStatus(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Sms(Record, table=True):
    """One text message. `text` has its secrets masked; `sealed` holds the real text until it is sent."""

    __tablename__ = "core_sms"
    __unaudited__ = True
    __table_args__ = (
        Index("ix_core_sms_queued_at", "queued_at", "id"),
        Index("ix_core_sms_status", "status", "id"),
        # As in the e-mail log.
        Index("ix_core_sms_status_queued_at", "status", "queued_at", "id"),
    )

    number: str = Field(max_length=20, unique=True)
    unique_key: str = Field(max_length=160, unique=True)
    #: E.164 with `+`.
    recipient: str = Field(max_length=20, index=True)
    text: str = Field(default="", max_length=1600)
    #: The real text where it holds a secret; emptied as soon as the message is over.
    sealed: str | None = Field(default=None, sa_type=EncryptedStr("core_sms.sealed"))
    status: str = Field(default=SmsStatus.QUEUED, max_length=8)
    queued_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    #: After this it is not worth sending, as a code whose time is over.
    useless_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    transport: str = Field(default="", max_length=60)
    answer: str = Field(default="", max_length=500)
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )
