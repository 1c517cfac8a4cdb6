"""What webhooks declare to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlmodel import col

from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.operation import Context
from trunkline.plugin import Command, Health, HealthReport, MenuItem, Permission, Slot
from trunkline.webhooks import queries
from trunkline.webhooks.events import EVENTS as EVENTS
from trunkline.webhooks.models import Webhook
from trunkline.webhooks.pages import pages, waiting
from trunkline.webhooks.row_actions import ROW_ACTIONS as ROW_ACTIONS
from trunkline.webhooks.search import WEBHOOK
from trunkline.webhooks.tables import WEBHOOKS, deliveries_table

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_READERS = ("supervisor", "auditor")

PERMISSIONS = (
    Permission("core.webhook.list", _("List webhooks"), _READERS),
    Permission("core.webhook.view", _("See a webhook and its deliveries"), _READERS),
    Permission("core.webhook.create", _("Make webhooks")),
    Permission("core.webhook.edit", _("Change webhooks and their secrets")),
    Permission("core.webhook.disable", _("Switch webhooks off and on"), ("supervisor",)),
    Permission("core.webhook.delete", _("Remove webhooks")),
    Permission("core.webhook.run", _("Send test messages to webhooks"), ("supervisor",)),
    Permission("core.webhook.retry", _("Send deliveries again"), ("supervisor",)),
)
SEARCH_KINDS = (WEBHOOK,)
COMMANDS = (
    Command(_("Webhook deliveries"), "/webhooks/deliveries", "webhook", "core.webhook.view", order=95),
)
LISTS = (
    ListOf("webhooks", "/webhooks", "core.webhook.list", lambda ctx: WEBHOOKS, queries.list_webhooks),
    ListOf(
        "webhook-deliveries",
        "/webhooks/deliveries",
        "core.webhook.view",
        deliveries_table,
        queries.list_deliveries,
    ),
)
MENU = (MenuItem(_("Webhooks"), "/webhooks", "webhook", "core.webhook.list", "Administration", order=62),)
PAGES = (pages,)
SLOTS = (Slot("home.queues", "webhooks", waiting, "core.webhook.list", _("Webhooks"), order=72),)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.webhooks import rest

    return [rest.webhooks]


def health_checks(ctx: Context) -> Sequence[HealthReport]:
    """Whether an endpoint was switched off by itself or missed something for good."""
    name = str(_("Webhooks"))
    missed = (
        select(col(EventDelivery.id))
        .where(
            col(EventDelivery.webhook_id) == col(Webhook.id), col(EventDelivery.state) == DeliveryState.PARKED
        )
        .exists()
    )
    troubled = ctx.session.execute(
        select(col(Webhook.name))
        .where(or_(col(Webhook.stopped_because) != "", missed))
        .order_by(col(Webhook.id))
    ).scalars()
    if names := list(troubled):
        return [
            HealthReport(
                name,
                Health.WARNING,
                str(_("Not everything reached {names}.", names=", ".join(names))),
                str(_("Look at the webhook, mend the other side, then send again what was given up on.")),
            )
        ]
    return []


HEALTH = (health_checks,)
