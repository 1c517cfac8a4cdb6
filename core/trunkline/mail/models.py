"""The e-mail log: every message that was ever queued, read-only once it is over."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field

from trunkline.clock import utc_now
from trunkline.db.base import Record
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, EncryptedStr, UtcDateTime
from trunkline.i18n import gettext as _

register("email", "E", 8, label=_("E-mails"))


class EmailStatus(StrEnum):
    """Where a message stands. Parked: its fate is unknown and a person decides whether it goes out once more."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    PARKED = "parked"


class Email(Record, table=True):
    """One message. `text` and `html` have their secrets masked; `sealed` holds the real parts until it is sent."""

    __tablename__ = "core_email"
    __unaudited__ = True
    __table_args__ = (
        Index("ix_core_email_queued_at", "queued_at", "id"),
        Index("ix_core_email_status", "status", "id"),
        # Nearly all are sent: of those of a month, however they are sorted, only this finds some at once.
        Index("ix_core_email_status_queued_at", "status", "queued_at", "id"),
        Index("ix_core_email_sender", "sender", "id"),
        Index("ix_core_email_recipient", "recipient", "id"),
        Index("ix_core_email_subject", "subject", "id"),
    )

    number: str = Field(max_length=20, unique=True)
    unique_key: str = Field(max_length=160, unique=True)
    sender: str = Field(max_length=320)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=300)
    text: str = ""
    html: str = ""
    #: JSON of the real text and HTML where they hold a secret; emptied as soon as the message is sent.
    sealed: str | None = Field(default=None, sa_type=EncryptedStr("core_email.sealed"))
    language: str = Field(default="", max_length=10)
    template: str = Field(max_length=120)
    message_id: str = Field(max_length=250, unique=True)
    status: str = Field(default=EmailStatus.QUEUED, max_length=8)
    queued_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    transport: str = Field(default="", max_length=60)
    answer: str = Field(default="", max_length=500)
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )
