"""Telling subscribers: at least once, in order per entity, retried with growing delays, then parked for a person."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from trunkline.events.event import Event
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.operation import SYSTEM

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
MAX_TRIES = 8
_BATCH = 200


def deliver_due(app: "App") -> int:
    """Deliver what is due; returns how many deliveries succeeded. Safe to run in several workers at once."""
    done = 0
    while keys := _due(app):
        delivered = sum(_deliver(app, key) for key in keys)
        done += delivered
        if delivered == 0:
            break
    return done


def _due(app: "App") -> list[int]:
    """Due deliveries whose entity owes this subscriber nothing earlier."""
    earlier = aliased(EventDelivery)
    blocked = (
        select(earlier.id)
        .where(
            earlier.subscriber == EventDelivery.subscriber,
            earlier.entity == EventDelivery.entity,
            earlier.entity_id == EventDelivery.entity_id,
            col(earlier.seq) < col(EventDelivery.seq),
            earlier.state == DeliveryState.PENDING,
        )
        .exists()
    )
    statement = (
        select(EventDelivery.id)
        .where(
            EventDelivery.state == DeliveryState.PENDING,
            col(EventDelivery.next_try_at) <= app.clock(),
            ~blocked,
        )
        .order_by(col(EventDelivery.id))
        .limit(_BATCH)
    )
    with app.database.read() as session:
        return [key for key in session.scalars(statement) if key is not None]


def _deliver(app: "App", key: int) -> bool:
    subscriber = ""
    try:
        with app.unit_of_work(SYSTEM) as ctx:
            statement = select(EventDelivery).where(
                col(EventDelivery.id) == key, EventDelivery.state == DeliveryState.PENDING
            )
            delivery = ctx.session.scalars(statement.with_for_update(skip_locked=True)).one_or_none()
            if delivery is None:
                return False
            subscriber = delivery.subscriber
            row = ctx.session.get_one(OutboxEvent, delivery.event_id)
            ctx.request_id = row.request_id
            _call(app, ctx, subscriber, row)
            delivery.state, delivery.error = DeliveryState.DELIVERED, ""
    except Exception as error:
        _failed(app, key, subscriber, error)
        return False
    return True


def _call(app: "App", ctx: object, subscriber: str, row: OutboxEvent) -> None:
    event = event_class(app, row.name).model_validate(row.payload)
    for plugin, function in app.hooks.implementations(f"on_{event.hook_suffix()}"):
        if plugin == subscriber:
            function(ctx=ctx, event=event)
            return
    raise LookupError(f"plugin {subscriber} is not enabled any more")


def event_class(app: "App", name: str) -> type[Event]:
    """The class of an event by its name. Raises LookupError when its plugin is off."""
    for plugin in app.plugins:
        for event in plugin.events:
            if event.name == name:
                return event
    raise LookupError(f"no enabled plugin declares the event {name}")


def _failed(app: "App", key: int, subscriber: str, error: Exception) -> None:
    with app.unit_of_work(SYSTEM) as ctx:
        delivery = ctx.session.get(EventDelivery, key)
        if delivery is None:
            return
        delivery.tries += 1
        delivery.error = f"{type(error).__name__}: {error}"[:1000]
        delivery.next_try_at = app.clock() + timedelta(seconds=min(2**delivery.tries, 3600))
        if delivery.tries >= MAX_TRIES:
            delivery.state = DeliveryState.PARKED
    log.warning("delivery %s to %s failed: %s", key, subscriber, error)
    if not app.config.strict_plugins:
        app.hooks.failed(subscriber, "event delivery", error)
