"""Which endpoints hear of an event: asked once in each unit of work that tells of anything."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from trunkline.db.prepared import Prepared, columns
from trunkline.operation import Context
from trunkline.webhooks.events import WebhookTested
from trunkline.webhooks.models import Webhook

_ENDPOINTS = columns(Webhook)
_ACTIVE = Prepared(
    select(_ENDPOINTS.id, _ENDPOINTS.number, _ENDPOINTS.events)
    .where(_ENDPOINTS.active.is_(True))
    .order_by(_ENDPOINTS.id)
)
_REMEMBERED = "trunkline_webhook_listeners"


@dataclass(frozen=True)
class Listener:
    """An active endpoint; no `events` means all of them."""

    webhook_id: int
    number: str
    events: frozenset[str]

    def hears(self, event: str) -> bool:
        # A test is for the endpoint that is tested alone; see `operations.test`.
        return event != WebhookTested.name and (not self.events or event in self.events)


def listeners(ctx: Context, events: Collection[str]) -> Mapping[str, Sequence[Listener]]:
    """The active endpoints that hear of each of these events."""
    session = ctx.session
    if _REMEMBERED not in session.info:
        session.info[_REMEMBERED] = [
            Listener(row.id, row.number, frozenset(row.events)) for row in _ACTIVE.rows(ctx)
        ]
    active: list[Listener] = session.info[_REMEMBERED]
    return {event: [listener for listener in active if listener.hears(event)] for event in events}


def forget(ctx: Context) -> None:
    """Endpoints changed in this unit of work."""
    ctx.session.info.pop(_REMEMBERED, None)
