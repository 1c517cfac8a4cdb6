"""Switching many endpoints off or on."""

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


ROW_ACTIONS = (
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
