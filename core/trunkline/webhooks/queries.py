"""What is read about endpoints and their deliveries."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, func, or_, select
from sqlmodel import col

from trunkline.db.prepared import Found, Prepared
from trunkline.errors import NotFound
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.i18n import gettext
from trunkline.operation import Context
from trunkline.webhooks.models import Webhook, WebhookAttempt, WebhookPause

_ = gettext
#: What parts of the trunk tell of, by their names in the package; the rest is of the system itself.
_AREAS = {
    **dict.fromkeys(
        ("customers", "contracts", "files", "geocoding", "interactions", "resellers"), _("Customers")
    ),
    **dict.fromkeys(("mail", "mail_templates", "sms"), _("Messages")),
    **dict.fromkeys(("access", "approvals", "auth"), _("Access")),
}
_REST = _("System")
#: So many deliveries that arrived are asked when the last one did: one that was sent again is seldom older than these.
_NEWEST = 200


def list_webhooks(ctx: Context) -> Select[*tuple[Any, ...]]:
    """Endpoints with how many deliveries wait and were given up on, and when the last one arrived."""

    def count(state: DeliveryState) -> Any:
        return (
            select(func.count(col(EventDelivery.id)))
            .where(col(EventDelivery.webhook_id) == col(Webhook.id), col(EventDelivery.state) == state)
            .correlate(Webhook)
            .scalar_subquery()
        )

    arrived = (
        select(col(EventDelivery.id))
        .where(
            col(EventDelivery.webhook_id) == col(Webhook.id),
            col(EventDelivery.state) == DeliveryState.DELIVERED,
        )
        .order_by(col(EventDelivery.id).desc())
        .limit(_NEWEST)
        .correlate(Webhook)
    )
    last = (
        select(func.max(col(WebhookAttempt.at)))
        .where(col(WebhookAttempt.delivery_id).in_(arrived), col(WebhookAttempt.status).between(200, 299))
        .scalar_subquery()
    )
    return select(
        col(Webhook.id).label("id"),
        col(Webhook.number).label("number"),
        col(Webhook.name).label("name"),
        col(Webhook.url).label("url"),
        col(Webhook.events).label("events"),
        col(Webhook.active).label("active"),
        col(Webhook.stopped_because).label("stopped_because"),
        col(Webhook.former_until).label("former_until"),
        col(Webhook.created_at).label("created_at"),
        col(Webhook.version).label("version"),
        count(DeliveryState.PENDING).label("pending"),
        count(DeliveryState.PARKED).label("parked"),
        last.label("last_delivered_at"),
        col(WebhookPause.until).label("paused_until"),
        col(WebhookPause.failures).label("failures"),
        col(WebhookPause.since).label("failing_since"),
    ).outerjoin(WebhookPause, col(WebhookPause.webhook_id) == col(Webhook.id))


def get(ctx: Context, number: str) -> RowMapping:
    """One endpoint as the list shows it. Raises NotFound."""
    row = (
        ctx.session.execute(list_webhooks(ctx).where(col(Webhook.number) == number)).mappings().one_or_none()
    )
    if row is None:
        raise NotFound(_("There is no webhook {number}.", number=number))
    return row


_PARKED = (
    select(func.count(col(EventDelivery.id)))
    .where(col(EventDelivery.webhook_id) == col(Webhook.id), col(EventDelivery.state) == DeliveryState.PARKED)
    .correlate(Webhook)
    .scalar_subquery()
)
_GIVEN_UP_ON = Prepared(
    select(
        col(Webhook.number).label("number"),
        col(Webhook.name).label("name"),
        col(Webhook.active).label("active"),
        col(Webhook.stopped_because).label("stopped_because"),
        _PARKED.label("parked"),
    )
    .where(or_(col(Webhook.stopped_because) != "", _PARKED > 0))
    .order_by(col(Webhook.id))
)


def given_up_on(ctx: Context) -> Sequence[Found]:
    """Endpoints that were switched off by themselves, and those to which deliveries were given up on.

    `number`, `name`, `active`, `stopped_because` (empty for one that runs), `parked` (how many were given up on).
    """
    return _GIVEN_UP_ON.rows(ctx)


def list_deliveries(ctx: Context, webhook_id: int | None = None) -> Select[*tuple[Any, ...]]:
    """What was and is to be delivered to endpoints, or to one of them, with the answer of the last try.

    `tries` counts every one, those before somebody sent it again among them.
    """

    def of_its_attempts(what: Any) -> Any:
        return (
            select(what)
            .where(col(WebhookAttempt.delivery_id) == col(EventDelivery.id))
            .correlate(EventDelivery)
            .scalar_subquery()
        )

    statement: Select[*tuple[Any, ...]] = (
        select(
            col(EventDelivery.id).label("id"),
            col(EventDelivery.subscriber).label("webhook"),
            col(Webhook.name).label("webhook_name"),
            col(EventDelivery.event).label("event"),
            col(EventDelivery.occurred_at).label("occurred_at"),
            col(EventDelivery.state).label("state"),
            of_its_attempts(func.count(col(WebhookAttempt.id))).label("tries"),
            col(EventDelivery.next_try_at).label("next_try_at"),
            col(EventDelivery.error).label("error"),
            col(WebhookAttempt.status).label("status"),
            col(WebhookAttempt.at).label("at"),
            col(WebhookAttempt.took_ms).label("took_ms"),
        )
        .outerjoin(Webhook, col(Webhook.id) == col(EventDelivery.webhook_id))
        .outerjoin(
            WebhookAttempt, col(WebhookAttempt.id) == of_its_attempts(func.max(col(WebhookAttempt.id)))
        )
        # Of endpoints only: hooks have none.
        .where(col(EventDelivery.occurred_at).is_not(None))
    )
    return statement if webhook_id is None else statement.where(col(EventDelivery.webhook_id) == webhook_id)


def newest_deliveries(ctx: Context, webhook_id: int, most: int) -> Sequence[RowMapping]:
    """So many of the latest deliveries to an endpoint, as the list shows them."""
    latest = list_deliveries(ctx, webhook_id).order_by(
        col(EventDelivery.occurred_at).desc(), col(EventDelivery.id).desc()
    )
    return ctx.session.execute(latest.limit(most)).mappings().all()


def endpoints(ctx: Context) -> Sequence[RowMapping]:
    """`id`, `number` and `name` of every endpoint, by name."""
    return (
        ctx.session.execute(
            select(
                col(Webhook.id).label("id"),
                col(Webhook.number).label("number"),
                col(Webhook.name).label("name"),
            ).order_by(col(Webhook.name), col(Webhook.id))
        )
        .mappings()
        .all()
    )


def delivery(ctx: Context, webhook_id: int, delivery_id: int) -> RowMapping:
    """One delivery as the list shows it. Raises NotFound, also for one of another endpoint."""
    statement = list_deliveries(ctx, webhook_id).where(col(EventDelivery.id) == delivery_id)
    row = ctx.session.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound(_("There is no delivery {id} of this webhook.", id=delivery_id))
    return row


def attempts(ctx: Context, delivery_id: int) -> Sequence[RowMapping]:
    """Every try of one delivery, the latest first; `number` counts on when somebody sends it again."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            func.row_number().over(order_by=col(WebhookAttempt.id)).label("number"),
            col(WebhookAttempt.at).label("at"),
            col(WebhookAttempt.took_ms).label("took_ms"),
            col(WebhookAttempt.status).label("status"),
            col(WebhookAttempt.answer).label("answer"),
        )
        .where(col(WebhookAttempt.delivery_id) == delivery_id)
        .order_by(col(WebhookAttempt.id).desc())
    )
    return ctx.session.execute(statement).mappings().all()


def body_of(ctx: Context, delivery_id: int) -> Mapping[str, Any]:
    """What an endpoint gets in this delivery: the same at every try."""
    row = ctx.session.execute(
        select(OutboxEvent)
        .join(EventDelivery, col(EventDelivery.event_id) == col(OutboxEvent.id))
        .where(col(EventDelivery.id) == delivery_id)
    ).scalar_one()
    return {
        "id": message_id(row.id or 0),
        "type": row.name,
        "version": row.schema_version,
        "timestamp": row.occurred_at.isoformat(),
        "sequence": row.seq,
        "data": row.payload,
    }


def message_id(event_id: int) -> str:
    """By what a receiver tells a repeat: the same at every try, and the same for every endpoint."""
    return f"evt_{event_id}"


def event_areas(ctx: Context) -> list[tuple[str, list[str]]]:
    """Names of the events by the area that they tell of: a plugin, or a part of the trunk; the largest list stays readable."""
    areas: dict[str, list[str]] = {}
    for plugin in ctx.app.plugins:
        for event in plugin.events:
            part = event.__module__.split(".")[1] if plugin.name == "core" else ""
            area = _AREAS.get(part, _REST) if part else _(plugin.label or plugin.name)
            areas.setdefault(str(area), []).append(event.name)
    return [(area, sorted(names)) for area, names in areas.items()]


def event_choices(ctx: Context) -> list[tuple[str, str]]:
    """(name, label) of every event that an enabled plugin tells of, by name."""
    names = sorted(event.name for plugin in ctx.app.plugins for event in plugin.events)
    return [(name, name) for name in names]
