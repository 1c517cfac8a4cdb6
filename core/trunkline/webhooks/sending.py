"""Telling endpoints, over HTTP: at least once, in order per entity, with growing pauses, then given up on and shown.

A delivery is claimed in one transaction, posted outside any, and settled in another. A worker that dies in between leaves it
claimed; after `_CLAIM` it is due again, under the id it had.
"""

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlmodel import col

from trunkline.db.types import UtcDateTime
from trunkline.errors import TrunklineError
from trunkline.events.delivery import owed_earlier
from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.i18n import gettext as _
from trunkline.operation import SYSTEM, Context
from trunkline.outbound import send as call
from trunkline.webhooks.models import Webhook, WebhookAttempt, WebhookPause
from trunkline.webhooks.operations import stop_by_itself
from trunkline.webhooks.queries import body_of
from trunkline.webhooks.signing import signed_headers

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
#: Pauses before each further try; a delivery that fails once more after the last is parked: two and a half days in all.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
#: An endpoint without an answer for so long is switched off.
GONE_AFTER = timedelta(days=3)
_SECONDS, _LARGEST = 10.0, 64_000
_CLAIM = timedelta(seconds=60)
#: How long one endpoint may keep a thread of the worker before others get it.
_TURN_SECONDS = 10.0
_GONE = 410
# Kept in English and put into the reader's language where they are shown.
_GONE_FOR_GOOD = _("It answered 410 Gone.")
_SILENT = _("It did not answer for three days.")
_SHOWN = 500


def _due_statement(*columns: Any) -> Any:
    """Due deliveries to endpoints that are switched on, not spared, and owed nothing earlier of the same entity."""
    spared = (
        select(col(WebhookPause.webhook_id))
        .where(
            col(WebhookPause.webhook_id) == col(EventDelivery.webhook_id),
            col(WebhookPause.until) > bindparam("now", type_=UtcDateTime()),
        )
        .exists()
    )
    return (
        select(*columns)
        .join(Webhook, col(Webhook.id) == col(EventDelivery.webhook_id))
        .where(
            col(Webhook.active).is_(True),
            col(EventDelivery.state) == DeliveryState.PENDING,
            col(EventDelivery.next_try_at) <= bindparam("now", type_=UtcDateTime()),
            ~spared,
            ~owed_earlier("webhook_id"),
        )
    )


# Built once: building costs more than running.
_DUE_ENDPOINTS = _due_statement(col(EventDelivery.webhook_id)).distinct()
_NEXT = (
    _due_statement(col(EventDelivery.id))
    .where(col(EventDelivery.webhook_id) == bindparam("webhook_id"))
    .order_by(col(EventDelivery.id))
    .limit(1)
)


@dataclass(frozen=True)
class _Claimed:
    """What a thread took upon itself to post."""

    delivery_id: int
    webhook_id: int
    url: str
    secrets: tuple[str, ...]
    tries: int
    body: dict[str, Any]


def due_endpoints(app: "App") -> list[int]:
    """Keys of the endpoints that something can be sent to now."""
    with app.database.read() as session:
        return list(session.scalars(_DUE_ENDPOINTS, {"now": app.clock()}))


def send_due(app: "App", webhook_id: int) -> int:
    """Send what is due to one endpoint, for at most a turn; returns how many deliveries arrived. Several at once do no harm."""
    until, arrived = time.monotonic() + _TURN_SECONDS, 0
    while time.monotonic() < until and (claimed := _claim(app, webhook_id)) is not None:
        arrived += _send(app, claimed)
    return arrived


def _claim(app: "App", webhook_id: int) -> _Claimed | None:
    with app.unit_of_work(SYSTEM) as ctx:
        now = ctx.now()
        key = ctx.session.scalars(_NEXT, {"now": now, "webhook_id": webhook_id}).first()
        if key is None:
            return None
        taken = ctx.session.execute(
            update(EventDelivery)
            .where(
                col(EventDelivery.id) == key,
                col(EventDelivery.state) == DeliveryState.PENDING,
                col(EventDelivery.next_try_at) <= now,
            )
            .values(next_try_at=now + _CLAIM, tries=EventDelivery.tries + 1)
            .returning(col(EventDelivery.tries))
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        webhook = ctx.session.get(Webhook, webhook_id)
        if taken is None or webhook is None:
            return None
        return _Claimed(key, webhook_id, webhook.url, _secrets(webhook, now), taken, dict(body_of(ctx, key)))


def _secrets(webhook: Webhook, now: datetime) -> tuple[str, ...]:
    if webhook.former_secret and webhook.former_until is not None and now < webhook.former_until:
        return webhook.secret, webhook.former_secret
    return (webhook.secret,)


def _send(app: "App", claimed: _Claimed) -> bool:
    """Post one delivery and settle it. Whether the endpoint took it."""
    begun = time.monotonic()
    body = json.dumps(claimed.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed_headers(claimed.secrets, claimed.body["id"], app.clock(), body)
    status: int | None = None
    try:
        answer = call(
            app.config,
            "POST",
            claimed.url,
            headers={"Content-Type": "application/json", **headers},
            body=body,
            seconds=_SECONDS,
            largest=_LARGEST,
        )
    except TrunklineError as error:
        words = str(error)
    else:
        status, words = answer.status, answer.body.decode("utf-8", "replace")[:_SHOWN]
    took = int((time.monotonic() - begun) * 1000)
    with app.unit_of_work(SYSTEM) as ctx:
        ctx.session.add(
            WebhookAttempt(
                delivery_id=claimed.delivery_id, at=ctx.now(), took_ms=took, status=status, answer=words
            )
        )
        return _settle(ctx, claimed, status, words)


def _settle(ctx: Context, claimed: _Claimed, status: int | None, words: str) -> bool:
    delivery = ctx.session.get(EventDelivery, claimed.delivery_id, with_for_update=True)
    if delivery is None:
        return False
    if status is not None and 200 <= status < 300:
        delivery.state, delivery.error = DeliveryState.DELIVERED.value, ""
        pause = ctx.session.get(WebhookPause, claimed.webhook_id)
        if pause is not None:
            ctx.session.delete(pause)
        return True
    delivery.error = f"HTTP {status}" if status is not None else words[:1000]
    if claimed.tries > len(PAUSES):
        delivery.state = DeliveryState.PARKED.value
    else:
        delivery.next_try_at = ctx.now() + PAUSES[claimed.tries - 1]
    if status == _GONE:
        stop_by_itself(ctx, claimed.webhook_id, _GONE_FOR_GOOD)
    elif status is None or status >= 500 or status == 429:
        _spare(ctx, claimed.webhook_id)
    log.warning("delivery %s to %s failed: %s", claimed.delivery_id, claimed.url, delivery.error)
    return False


def _spare(ctx: Context, webhook_id: int) -> None:
    """Leave an endpoint alone that does not answer, longer each time, so that it keeps no thread busy."""
    now = ctx.now()
    pause = ctx.session.get(WebhookPause, webhook_id, with_for_update=True)
    if pause is None:
        pause = WebhookPause(webhook_id=webhook_id, until=now, failures=0, since=now)
        ctx.session.add(pause)
    pause.failures += 1
    pause.until = now + min(timedelta(seconds=5 * 2 ** (pause.failures - 1)), timedelta(hours=1))
    if now - pause.since >= GONE_AFTER:
        stop_by_itself(ctx, webhook_id, _SILENT)
