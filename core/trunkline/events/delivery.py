"""Telling subscribers: at least once, in order per entity, retried with growing delays, then parked for a person."""

import logging
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Exists, bindparam, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.db.savepoint import savepoint
from trunkline.db.types import UtcDateTime
from trunkline.events.event import Event
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.operation import SYSTEM, Context
from trunkline.plugin_life.withholding import kept_error

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
MAX_TRIES = 8
_BATCH = 200
#: How many deliveries may share a transaction, and for how long it may hold up other writers before it ends.
_TOGETHER, _SECONDS_TOGETHER = 50, 0.1


def deliver_due(app: "App") -> int:
    """Deliver what is due; returns how many deliveries succeeded. Safe to run in several workers at once."""
    done = 0
    while keys := _due(app):
        delivered = 0
        while keys:
            tried, succeeded = _deliver_together(app, keys[:_TOGETHER])
            keys, delivered = keys[tried:], delivered + succeeded
        done += delivered
        if delivered == 0:
            break
    return done


def owed_earlier(*same: str) -> Exists:
    """Whether the subscriber is still owed an earlier event of the entity; `same` names further columns in which both agree."""
    earlier = aliased(EventDelivery)
    return (
        select(col(earlier.id))
        .where(
            *(
                getattr(earlier, name) == getattr(EventDelivery, name)
                for name in ("subscriber", "entity", "entity_id", *same)
            ),
            col(earlier.seq) < col(EventDelivery.seq),
            col(earlier.state) == DeliveryState.PENDING,
        )
        .exists()
    )


def _due_statement() -> Any:
    """Due deliveries whose entity owes this subscriber nothing earlier."""
    return (
        select(col(EventDelivery.id))
        .where(
            col(EventDelivery.state) == DeliveryState.PENDING,
            col(EventDelivery.next_try_at) <= bindparam("now", type_=UtcDateTime()),
            col(EventDelivery.webhook_id).is_(None),
            ~owed_earlier(),
        )
        .order_by(col(EventDelivery.id))
        .limit(_BATCH)
    )


# Built once: building costs more than running.
_DUE = _due_statement()
_TAKEN: Any = (
    select(
        col(EventDelivery.id),
        col(EventDelivery.subscriber),
        col(OutboxEvent.name),
        col(OutboxEvent.payload),
        col(OutboxEvent.request_id),
    )
    .join(OutboxEvent, col(OutboxEvent.id) == col(EventDelivery.event_id))
    .where(
        col(EventDelivery.id).in_(bindparam("keys", expanding=True)),
        col(EventDelivery.state) == DeliveryState.PENDING,
    )
    .order_by(col(EventDelivery.id))
    .with_for_update(skip_locked=True, of=EventDelivery)
)
_DELIVERED = (
    update(EventDelivery)
    .where(col(EventDelivery.id).in_(bindparam("keys", expanding=True)))
    .values(state=DeliveryState.DELIVERED, error="")
    .execution_options(synchronize_session=False)
)


def _due(app: "App") -> list[int]:
    with app.database.read() as session:
        return [key for key in session.scalars(_DUE, {"now": app.clock()}) if key is not None]


def _deliver_together(app: "App", keys: list[int]) -> tuple[int, int]:
    """Deliver the first of these in one transaction, each in a savepoint; returns how many were tried and how many succeeded.

    When the transaction as a whole comes to grief, the first is tried alone, so that nobody else's fault keeps it waiting.
    """
    tried, subscriber = 0, ""
    succeeded, failures = list[int](), list[tuple[int, str, Exception]]()
    until = time.monotonic() + _SECONDS_TOGETHER
    try:
        with app.unit_of_work(SYSTEM) as ctx:
            for row in ctx.session.execute(_TAKEN, {"keys": keys}).all():
                tried, subscriber = keys.index(row.id) + 1, row.subscriber
                try:
                    with savepoint(ctx.session):
                        _call(app, replace(ctx, request_id=row.request_id), row)
                    succeeded.append(row.id)
                except Exception as error:  # a plugin's code may raise anything
                    failures.append((row.id, subscriber, error))
                # Each subscriber reads rows anew, as it would in a transaction of its own.
                ctx.session.expunge_all()
                if time.monotonic() > until:
                    break
            else:
                tried = len(keys)
            if succeeded:
                ctx.session.execute(_DELIVERED, {"keys": succeeded})
    except Exception as error:  # a plugin's code may raise anything
        if len(keys) > 1:
            return _deliver_together(app, keys[:1])
        _failed(app, keys[0], subscriber, error)
        return 1, 0
    for failure in failures:
        _failed(app, *failure)
    return tried, len(succeeded)


def _call(app: "App", ctx: Context, row: Any) -> None:
    subscriber: str = row.subscriber
    event: Event = event_class(app, row.name).model_validate(row.payload)
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
        delivery.error = kept_error(f"{type(error).__name__}: {error}")
        delivery.next_try_at = app.clock() + timedelta(seconds=min(2**delivery.tries, 3600))
        if delivery.tries >= MAX_TRIES:
            delivery.state = DeliveryState.PARKED
    log.warning("delivery %s to %s failed: %s", key, subscriber, error)
    if not app.config.strict_plugins:
        app.hooks.failed(subscriber, "event delivery", error)
