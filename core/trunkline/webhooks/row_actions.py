"""Switching many endpoints off or on, and sending them many deliveries again."""

from sqlmodel import col, select

from trunkline.errors import NotFound
from trunkline.events.models import EventDelivery
from trunkline.i18n import gettext as _
from trunkline.lists import NoValues, RowAction
from trunkline.operation import Context
from trunkline.webhooks import operations
from trunkline.webhooks.models import Webhook


def _stop(ctx: Context, key: int, command: NoValues) -> None:
    webhook = ctx.load(Webhook, key)
    if webhook.active:
        operations.stop(ctx, webhook.number)


def _start(ctx: Context, key: int, command: NoValues) -> None:
    webhook = ctx.load(Webhook, key)
    if not webhook.active:
        operations.start(ctx, webhook.number)


def _send_again(ctx: Context, key: int, command: NoValues) -> None:
    number = ctx.session.scalars(
        select(EventDelivery.subscriber).where(
            col(EventDelivery.id) == key, col(EventDelivery.webhook_id).is_not(None)
        )
    ).one_or_none()
    if number is None:
        raise NotFound(_("The webhook was removed, and its deliveries with it."))
    operations.deliver_again(ctx, number, key)


ROW_ACTIONS = (
    RowAction(
        "core.webhook_send_again",
        "webhook-deliveries",
        _("Send again"),
        "core.webhook.retry",
        _send_again,
        icon="refresh",
        effect=_("Those that arrived are sent again, too. Receivers know each by its id."),
        order=10,
    ),
    RowAction(
        "core.webhook_stop",
        "webhooks",
        _("Switch off"),
        "core.webhook.disable",
        _stop,
        icon="player-pause",
        effect=_("What happens until they are on again is not kept for them."),
        order=10,
    ),
    RowAction(
        "core.webhook_start",
        "webhooks",
        _("Switch on"),
        "core.webhook.disable",
        _start,
        icon="player-play",
        order=20,
    ),
)
