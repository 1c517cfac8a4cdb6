"""The outbox: events as they were committed, and one delivery row per event and subscriber."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import key_field
from trunkline.db.partial import rows
from trunkline.db.types import BigKey, UtcDateTime


class DeliveryState(StrEnum):
    """Waiting to be delivered (again), delivered, or parked for a person after too many tries."""

    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"


class EventSequence(SQLModel, table=True):
    """The last sequence number given out per entity; its row lock orders the entity's events."""

    __tablename__ = "core_event_sequence"

    entity: str = Field(primary_key=True, max_length=60)
    entity_id: int = Field(primary_key=True, sa_type=BigKey)
    last: int


class OutboxEvent(SQLModel, table=True):
    """One committed event."""

    __tablename__ = "core_event"
    __table_args__ = (UniqueConstraint("entity", "entity_id", "seq"),)

    id: int | None = key_field()
    name: str = Field(max_length=80, index=True)
    schema_version: int
    entity: str = Field(max_length=60)
    entity_id: int = Field(sa_type=BigKey)
    seq: int
    customer_id: int | None = Field(default=None, sa_type=BigKey)
    occurred_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    actor: str = Field(max_length=200)
    request_id: str = Field(default="", max_length=64)
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


_LISTED = rows("occurred_at IS NOT NULL")


class EventDelivery(SQLModel, table=True):
    """The duty to tell one subscriber (a plugin, an extension script, a webhook endpoint) about one event."""

    __tablename__ = "core_event_delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "subscriber"),
        Index("ix_core_event_delivery_due", "state", "next_try_at"),
        Index("ix_core_event_delivery_order", "subscriber", "entity", "entity_id", "seq"),
        Index("ix_core_event_delivery_webhook", "webhook_id", "state", "id"),
        # What the list of deliveries to endpoints is filtered by, in its order. Hooks are not in it, and cost it nothing.
        Index("ix_core_event_delivery_occurred", "occurred_at", "id", info=_LISTED),
        Index("ix_core_event_delivery_state", "state", "occurred_at", "id", info=_LISTED),
        Index("ix_core_event_delivery_endpoint", "webhook_id", "occurred_at", "id", info=_LISTED),
        # Together: much goes to an endpoint and much is of an event, but little or none of it both.
        Index("ix_core_event_delivery_told", "webhook_id", "event", "occurred_at", "id", info=_LISTED),
        # The search asks it of the name alone.
        Index("ix_core_event_delivery_event", "event", "occurred_at", "id", info=rows("event IS NOT NULL")),
    )

    id: int | None = key_field()
    event_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_event.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    #: A plugin's name, or an endpoint's number.
    subscriber: str = Field(max_length=80)
    #: The endpoint it goes to over HTTP; None: a hook in the worker.
    webhook_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_webhook.id", ondelete="CASCADE"))
    )
    #: Name and moment of the event, kept here for the list of deliveries to endpoints; None: a hook.
    event: str | None = Field(default=None, max_length=80)
    occurred_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    entity: str = Field(max_length=60)
    entity_id: int = Field(sa_type=BigKey)
    seq: int
    state: str = Field(default=DeliveryState.PENDING, max_length=12)
    tries: int = 0
    next_try_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    error: str = ""
