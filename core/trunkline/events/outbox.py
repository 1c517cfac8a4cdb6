"""Writing events: `before_` hooks, the sequence number, the outbox row and its deliveries, all in the operation's transaction."""

from sqlalchemy.dialects import postgresql, sqlite

from trunkline.db.savepoint import savepoint
from trunkline.errors import Refused, TrunklineError
from trunkline.events.event import Event
from trunkline.events.models import EventDelivery, EventSequence, OutboxEvent
from trunkline.jobs import wake
from trunkline.operation import Context


def emit(ctx: Context, event: Event) -> None:
    """Record `event`. Raises Refused when a `before_` hook refuses it, or crashes (then naming its plugin)."""
    if not ctx.writing:
        raise RuntimeError(f"event {event.name} emitted in a unit of work that only reads")
    _ask_before(ctx, event)
    row = OutboxEvent(
        name=event.name,
        schema_version=event.schema_version,
        entity=event.entity(),
        entity_id=event.entity_id,
        seq=_next_sequence(ctx, event),
        customer_id=event.customer_id,
        occurred_at=ctx.now(),
        actor=ctx.actor.name,
        request_id=ctx.request_id,
        payload=event.model_dump(mode="json"),
    )
    ctx.session.add(row)
    ctx.session.flush()
    subscribers = [name for name, _ in ctx.app.hooks.implementations(f"on_{event.hook_suffix()}")]
    for subscriber in subscribers:
        ctx.session.add(
            EventDelivery(
                event_id=row.id or 0,
                subscriber=subscriber,
                entity=row.entity,
                entity_id=row.entity_id,
                seq=row.seq,
                next_try_at=ctx.app.clock(),
            )
        )
    if subscribers:
        wake.events_are_due(ctx)


def _ask_before(ctx: Context, event: Event) -> None:
    for plugin, function in ctx.app.hooks.implementations(f"before_{event.hook_suffix()}"):
        try:
            with savepoint(ctx.session):
                function(ctx=ctx, event=event)
        except TrunklineError:
            raise
        except Exception as error:
            ctx.app.hooks.failed(plugin, f"hook before_{event.hook_suffix()}", error)
            raise Refused(
                f"The plugin {plugin} failed while checking this, so nothing was done.",
                remedy="Ask an administrator to look at the plugin's status page.",
            ) from error


def _next_sequence(ctx: Context, event: Event) -> int:
    insert = sqlite.insert if ctx.app.database.is_sqlite else postgresql.insert
    statement = (
        insert(EventSequence)
        .values(entity=event.entity(), entity_id=event.entity_id, last=1)
        .on_conflict_do_update(index_elements=["entity", "entity_id"], set_={"last": EventSequence.last + 1})
        .returning(EventSequence.last)  # type: ignore[call-overload]
    )
    return int(ctx.session.execute(statement).scalar_one())
