"""Making, changing and testing endpoints, and sending them again what they missed."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, delete, select

from trunkline.db.numbers import next_number
from trunkline.db.parts import parts
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.events.delivery import event_class
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.i18n import gettext
from trunkline.jobs import wake
from trunkline.operation import Context, operation
from trunkline.outbound import check_url
from trunkline.webhooks import listeners
from trunkline.webhooks.events import (
    WebhookChanged,
    WebhookCreated,
    WebhookEvent,
    WebhookRemoved,
    WebhookStarted,
    WebhookStopped,
    WebhookTested,
)
from trunkline.webhooks.models import Webhook, WebhookPause
from trunkline.webhooks.schemas import EditWebhook, WebhookFields
from trunkline.webhooks.signing import new_secret

_ = gettext

#: For so long after a change the former secret signs as well.
OVERLAP = timedelta(hours=24)


@operation("core.webhook.create")
def create(ctx: Context, command: WebhookFields) -> tuple[Webhook, str]:
    """Make an endpoint; returns it with its secret, which is never shown again.

    Raises Refused (field `url`) for an address that the configuration keeps out of reach, (field `events`) for an event that
    nobody declares, and Conflict (field `name`) for a name that another has.
    """
    _check(ctx, command)
    secret = new_secret()
    webhook = Webhook(
        number=next_number(ctx.session, "webhook"),
        name=command.name,
        url=command.url,
        events=sorted(set(command.events)),
        secret=secret,
    )
    ctx.session.add(webhook)
    ctx.session.flush()
    listeners.forget(ctx)
    ctx.note(webhook, label=webhook.number)
    _tell(ctx, WebhookCreated, webhook)
    return webhook, secret


@operation("core.webhook.edit")
def edit(ctx: Context, number: str, command: EditWebhook) -> Webhook:
    """Change an endpoint. What waits for it goes to the new address. Raises as `create`, and Conflict."""
    webhook = ctx.load_by(Webhook, Webhook.number, number, version=command.version, lock=True)
    _check(ctx, command, but=webhook.key)
    webhook.name, webhook.url, webhook.events = command.name, command.url, sorted(set(command.events))
    _forgive(ctx, webhook)
    ctx.note(webhook, label=number)
    _tell(ctx, WebhookChanged, webhook)
    return webhook


@operation("core.webhook.edit")
def change_secret(ctx: Context, number: str) -> tuple[Webhook, str]:
    """Give the endpoint a new secret, shown once; the former one signs beside it for another day."""
    webhook = ctx.load_by(Webhook, Webhook.number, number, lock=True)
    webhook.former_secret, webhook.former_until = webhook.secret, ctx.now() + OVERLAP
    webhook.secret = new_secret()
    ctx.note(webhook, label=number)
    _tell(ctx, WebhookChanged, webhook)
    return webhook, webhook.secret


@operation("core.webhook.disable")
def stop(ctx: Context, number: str) -> Webhook:
    """Send nothing more there. What waits is kept and goes out when it is switched on again; new events are not kept for it."""
    webhook = ctx.load_by(Webhook, Webhook.number, number, lock=True)
    webhook.active, webhook.stopped_because = False, ""
    listeners.forget(ctx)
    ctx.note(webhook, label=number)
    ctx.emit(WebhookStopped(entity_id=webhook.key, number=number, reason=""))
    return webhook


@operation("core.webhook.disable")
def start(ctx: Context, number: str) -> Webhook:
    """Send there again, beginning with what waits."""
    webhook = ctx.load_by(Webhook, Webhook.number, number, lock=True)
    webhook.active, webhook.stopped_because = True, ""
    _forgive(ctx, webhook)
    ctx.note(webhook, label=number)
    _tell(ctx, WebhookStarted, webhook)
    return webhook


@operation("core.webhook.delete")
def remove(ctx: Context, number: str) -> None:
    """Forget an endpoint with its deliveries. The events themselves stay."""
    webhook = ctx.load_by(Webhook, Webhook.number, number, lock=True)
    ctx.note(webhook, label=number)
    key = webhook.key
    ctx.session.delete(webhook)
    ctx.session.flush()
    listeners.forget(ctx)
    ctx.emit(WebhookRemoved(entity_id=key, number=number))


@operation("core.webhook.run")
def test(ctx: Context, number: str) -> None:
    """Send a test message. Raises Refused when the endpoint is switched off."""
    webhook = ctx.load_by(Webhook, Webhook.number, number)
    if not webhook.active:
        raise Refused(_("This webhook is switched off."), remedy=_("Switch it on first."))
    _forgive(ctx, webhook)
    ctx.emit(WebhookTested(entity_id=webhook.key, number=number))
    told = (
        select(OutboxEvent)
        .where(col(OutboxEvent.entity) == WebhookTested.entity(), col(OutboxEvent.entity_id) == webhook.key)
        .order_by(col(OutboxEvent.seq).desc())
        .limit(1)
    )
    event = ctx.session.scalars(told).one()
    ctx.session.add(
        EventDelivery(
            event_id=event.id or 0,
            subscriber=number,
            webhook_id=webhook.key,
            event=event.name,
            occurred_at=event.occurred_at,
            entity=event.entity,
            entity_id=event.entity_id,
            seq=event.seq,
            next_try_at=ctx.now(),
        )
    )
    ctx.note(webhook, label=number)


@operation("core.webhook.retry")
def deliver_again(ctx: Context, number: str, delivery_id: int) -> None:
    """Send one delivery again, whether it arrived or not: it keeps its id, by which the receiver knows it.

    Raises NotFound for a delivery of another endpoint, Refused when the endpoint is switched off.
    """
    webhook = _running(ctx, number)
    delivery = ctx.session.scalars(
        select(EventDelivery)
        .where(col(EventDelivery.id) == delivery_id, col(EventDelivery.webhook_id) == webhook.key)
        .with_for_update()
    ).one_or_none()
    if delivery is None:
        raise NotFound(_("There is no delivery {id} of this webhook.", id=delivery_id))
    _due_now(ctx, webhook, col(EventDelivery.id) == delivery_id)
    ctx.note(webhook, label=number, delivery=delivery_id)


@operation("core.webhook.retry")
def deliver_these_again(ctx: Context, number: str, delivery_ids: Sequence[int]) -> int:
    """Send these deliveries of the endpoint again, whatever became of them; returns how many that are.

    Raises Refused for none, and when the endpoint is switched off.
    """
    webhook = _running(ctx, number)
    if not delivery_ids:
        raise Refused(_("Nothing is selected."), remedy=_("Tick at least one row."))
    count = sum(_due_now(ctx, webhook, col(EventDelivery.id).in_(part)) for part in parts(delivery_ids))
    ctx.note(webhook, label=number, deliveries=count)
    return count


@operation("core.webhook.retry")
def deliver_parked_again(ctx: Context, number: str) -> int:
    """Send again everything that was given up on; returns how many deliveries that are."""
    webhook = _running(ctx, number)
    count = _due_now(ctx, webhook, col(EventDelivery.state) == DeliveryState.PARKED)
    ctx.note(webhook, label=number, deliveries=count)
    return count


def stop_by_itself(ctx: Context, webhook_id: int, reason: str) -> None:
    """Switch off an endpoint that is gone; people hear of it by the health check and by the event."""
    webhook = ctx.session.get(Webhook, webhook_id, with_for_update=True)
    if webhook is None or not webhook.active:
        return
    with ctx.run("core.webhook.disable"):
        webhook.active, webhook.stopped_because = False, reason[:300]
        listeners.forget(ctx)
        ctx.note(webhook, label=webhook.number, reason=reason)
        ctx.emit(WebhookStopped(entity_id=webhook.key, number=webhook.number, reason=reason))


def _tell(ctx: Context, event: type[WebhookEvent], webhook: Webhook) -> None:
    ctx.emit(event(entity_id=webhook.key, number=webhook.number))


def _check(ctx: Context, command: WebhookFields, but: int = 0) -> None:
    check_url(ctx.app.config, command.url, field="url")
    for name in command.events:
        try:
            event_class(ctx.app, name)
        except LookupError as error:
            raise Refused(
                _("There is no event “{name}”.", name=name),
                field="events",
                remedy=_("Choose from the list; plugins that are off have no events."),
            ) from error
    # A page that shows a new secret makes another webhook when it is loaded again: that one would be told everything twice.
    same = select(col(Webhook.number)).where(col(Webhook.name) == command.name, col(Webhook.id) != but)
    if taken := ctx.session.scalars(same).first():
        raise Conflict(
            _("The webhook {number} has this name already.", number=taken),
            field="name",
            remedy=_("Name each system once; change that webhook, or choose another name."),
        )


def _running(ctx: Context, number: str) -> Webhook:
    webhook = ctx.load_by(Webhook, Webhook.number, number)
    if not webhook.active:
        raise Refused(_("This webhook is switched off."), remedy=_("Switch it on first."))
    return webhook


def _due_now(ctx: Context, webhook: Webhook, condition: object) -> int:
    changed = ctx.session.execute(
        update(EventDelivery)
        .where(col(EventDelivery.webhook_id) == webhook.key, condition)  # type: ignore[arg-type]  # SQLModel's types hide the column
        .values(state=DeliveryState.PENDING, tries=0, next_try_at=ctx.now(), error="")
        .execution_options(synchronize_session=False)
    )
    _forgive(ctx, webhook)
    return int(getattr(changed, "rowcount", 0))


def _forgive(ctx: Context, webhook: Webhook) -> None:
    """What an endpoint failed at before counts no more, now that somebody saw to it."""
    ctx.session.execute(delete(WebhookPause).where(col(WebhookPause.webhook_id) == webhook.key))
    listeners.forget(ctx)
    wake.webhook_is_due(ctx, webhook.key)
