"""Endpoints that other systems name to hear of events, and every try to tell them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from trunkline.db.base import Record, key_field
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, EncryptedStr, UtcDateTime
from trunkline.i18n import gettext as _

register("webhook", "W", 4, label=_("Webhooks"))


class Webhook(Record, table=True):
    """One endpoint. It hears of `events`, or of everything when that is empty."""

    __tablename__ = "core_webhook"
    __table_args__ = (Index("ix_core_webhook_name", "name", "id"),)

    number: str = Field(max_length=20, unique=True)
    name: str = Field(max_length=120)
    url: str = Field(max_length=500)
    events: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    active: bool = True
    secret: str = Field(sa_type=EncryptedStr("core_webhook.secret"), nullable=False)
    #: Signs beside the new secret until `former_until`, so that the receiver changes over without a gap.
    former_secret: str | None = Field(default=None, sa_type=EncryptedStr("core_webhook.former_secret"))
    former_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: Why the system itself switched it off; empty when a person did.
    stopped_because: str = Field(default="", max_length=300)


class WebhookPause(SQLModel, table=True):
    """How an endpoint that does not answer is spared: nothing goes there before `until`. No row: it answers.

    Apart from the endpoint, because a person who edits that must not run into what the worker notes here.
    """

    __tablename__ = "core_webhook_pause"

    webhook_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_webhook.id", ondelete="CASCADE"), primary_key=True)
    )
    until: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: Tries without an answer, one after the other.
    failures: int
    since: datetime = Field(sa_type=UtcDateTime, nullable=False)


class WebhookAttempt(SQLModel, table=True):
    """One try to tell an endpoint of one event. `status` is HTTP's; None when no answer came."""

    __tablename__ = "core_webhook_attempt"
    __table_args__ = (Index("ix_core_webhook_attempt_delivery", "delivery_id", "id"),)

    id: int | None = key_field()
    delivery_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_event_delivery.id", ondelete="CASCADE"), nullable=False)
    )
    at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    took_ms: int
    status: int | None = None
    #: The beginning of what came back, or why nothing did.
    answer: str = Field(default="", max_length=1000)
