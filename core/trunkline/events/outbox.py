"""Writing events: `before_` hooks, the sequence number, the outbox row and its deliveries, all in the operation's transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, insert, literal, select

from trunkline.db.parts import parts
from trunkline.db.savepoint import savepoint
from trunkline.db.upserting import insert_into
from trunkline.errors import Refused, TrunklineError
from trunkline.events.event import Event
from trunkline.events.models import DeliveryState, EventDelivery, EventSequence, OutboxEvent
from trunkline.i18n import gettext as _
from trunkline.jobs import wake
from trunkline.operation import Context
from trunkline.webhooks.listeners import listeners

_EVENTS = OutboxEvent.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_SEQUENCES = EventSequence.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_INSERT_UNHEARD = insert(_EVENTS)
_INSERT_EVENTS = insert(_EVENTS).returning(_EVENTS.c.id, sort_by_parameter_order=True)
_INSERT_DELIVERIES = insert(EventDelivery.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it
_READ_SEQUENCES = select(_SEQUENCES.c.entity_id, _SEQUENCES.c.last).where(
    _SEQUENCES.c.entity == bindparam("of_entity"),
    _SEQUENCES.c.entity_id.in_(bindparam("of_ids", expanding=True)),
)


@cache
def _raising(dialect: str) -> Any:
    """Raises an entity's number by `last`, or sets it to that where there is none. Built once, as that takes longest."""
    statement = insert_into(_SEQUENCES, dialect)
    return statement.on_conflict_do_update(
        index_elements=["entity", "entity_id"], set_={"last": _SEQUENCES.c.last + statement.excluded.last}
    )


@cache
def _raising_one(dialect: str) -> Any:
    return _raising(dialect).returning(_SEQUENCES.c.last)


@cache
def _numbering_insert() -> Any:
    """Raises the entity's number by one and inserts its event with it, on PostgreSQL; gives the event's key and number."""
    own = {"entity": bindparam("entity"), "entity_id": bindparam("entity_id"), "last": literal(1)}
    raised = _raising("postgresql").values(own).returning(_SEQUENCES.c.last).cte("raised")
    values = {
        column.name: bindparam(column.name, type_=column.type)
        for column in _EVENTS.c
        if column.name not in ("id", "seq")
    }
    row = select(*values.values(), raised.c.last)
    return insert(_EVENTS).from_select([*values, "seq"], row).returning(_EVENTS.c.id, _EVENTS.c.seq)


def emit(ctx: Context, event: Event) -> None:
    """Record `event`. Raises Refused when a `before_` hook refuses it, or crashes (then naming its plugin)."""
    emit_all(ctx, [event])


def emit_all(ctx: Context, events: Sequence[Event]) -> None:
    """Record many events in a few statements; otherwise as `emit` does. Of one entity they keep their order."""
    if not events:
        return
    if not ctx.writing:
        raise RuntimeError(f"event {events[0].name} emitted in a unit of work that only reads")
    for event in events:
        _ask_before(ctx, event)
    ctx.session.flush()
    subscribers, now = _subscribers(ctx, events), ctx.now()
    rows = [_row(ctx, event, now) for event in events]
    connection, heard = ctx.session.connection(), any(subscribers.values())
    keys: Sequence[int]
    if len(rows) == 1 and connection.dialect.name == "postgresql":
        keys = [_write_one(connection, rows[0])]
    else:
        _number(connection, rows)
        keys = _write_many(connection, rows, heard=heard)
    if heard and (owed := _deliveries(subscribers, keys, rows, ctx.app.clock())):
        connection.execute(_INSERT_DELIVERIES, owed)
        wake.events_are_due(ctx)


def _row(ctx: Context, event: Event, now: datetime) -> dict[str, Any]:
    """The event as it is kept, but for its number."""
    return {
        "name": event.name,
        "schema_version": event.schema_version,
        "entity": event.entity(),
        "entity_id": event.entity_id,
        "customer_id": event.customer_id,
        "occurred_at": now,
        "actor": ctx.actor.name,
        "request_id": ctx.request_id,
        "payload": event.model_dump(mode="json"),
    }


def _write_one(connection: Connection, row: dict[str, Any]) -> int:
    """Number and write one event on PostgreSQL, in one statement; most are emitted alone. Returns its key."""
    key: int
    key, row["seq"] = connection.execute(_numbering_insert(), row).one()
    return key


def _write_many(connection: Connection, rows: list[dict[str, Any]], *, heard: bool) -> Sequence[int]:
    """Write numbered events; returns their keys where somebody hears of them."""
    if heard:
        return connection.execute(_INSERT_EVENTS, rows).scalars().all()
    connection.execute(_INSERT_UNHEARD, rows)
    return ()


def _subscribers(ctx: Context, events: Sequence[Event]) -> dict[str, list[tuple[str, int | None]]]:
    """Who hears of each kind of event: plugins by name, and endpoints by number with their keys."""
    kinds = {event.name: event for event in events}
    endpoints = listeners(ctx, kinds.keys())
    return {
        name: [
            *((plugin, None) for plugin, _ in ctx.app.hooks.implementations(f"on_{event.hook_suffix()}")),
            *((endpoint.number, endpoint.webhook_id) for endpoint in endpoints[name]),
        ]
        for name, event in kinds.items()
    }


def _deliveries(
    subscribers: Mapping[str, Sequence[tuple[str, int | None]]],
    keys: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    due: datetime,
) -> list[dict[str, Any]]:
    """One row per event and subscriber. What is done to an endpoint, the others hear."""
    return [
        {
            "event_id": key,
            "subscriber": subscriber,
            "webhook_id": webhook_id,
            "event": None if webhook_id is None else row["name"],
            "occurred_at": None if webhook_id is None else row["occurred_at"],
            "entity": row["entity"],
            "entity_id": row["entity_id"],
            "seq": row["seq"],
            "state": DeliveryState.PENDING,
            "tries": 0,
            "next_try_at": due,
            "error": "",
        }
        for key, row in zip(keys, rows, strict=True)
        for subscriber, webhook_id in subscribers[row["name"]]
        if webhook_id is None or (row["entity"], row["entity_id"]) != ("webhook", webhook_id)
    ]


def _ask_before(ctx: Context, event: Event) -> None:
    for plugin, function in ctx.app.hooks.implementations(f"before_{event.hook_suffix()}"):
        try:
            with savepoint(ctx.session):
                function(ctx=ctx, event=event)
        except TrunklineError:
            raise
        except Exception as error:  # a plugin's code may raise anything
            ctx.app.hooks.failed(plugin, f"hook before_{event.hook_suffix()}", error)
            raise Refused(
                _("The plugin {plugin} failed while checking this, so nothing was done.", plugin=plugin),
                remedy=_("Ask an administrator to look at the plugin's status page."),
            ) from error


def _number(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Give each event the next number of its entity, in their order."""
    last = _take_sequences(connection, Counter((row["entity"], row["entity_id"]) for row in rows))
    for row in reversed(rows):
        place = (row["entity"], row["entity_id"])
        row["seq"] = last[place]
        last[place] -= 1


def _take_sequences(
    connection: Connection, counts: Mapping[tuple[str, int], int]
) -> dict[tuple[str, int], int]:
    """The last number of each entity after it was raised by its count of events, under the row lock."""
    if sum(counts.values()) == 1:
        [place] = counts
        raised = {"entity": place[0], "entity_id": place[1], "last": 1}
        return {place: connection.execute(_raising_one(connection.dialect.name), raised).scalar_one()}
    # In one order, so that two batches that share entities do not wait for each other in a ring.
    taken = [
        {"entity": entity, "entity_id": key, "last": count} for (entity, key), count in sorted(counts.items())
    ]
    connection.execute(_raising(connection.dialect.name), taken)
    last: dict[tuple[str, int], int] = {}
    for entity in {entity for entity, _key in counts}:
        ids = [key for of, key in counts if of == entity]
        for part in parts(ids):
            found = connection.execute(_READ_SEQUENCES, {"of_entity": entity, "of_ids": part})
            last.update(((entity, key), number) for key, number in found)
    return last
