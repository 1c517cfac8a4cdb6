"""Endpoints and their deliveries as lists, for the pages and for REST."""

from datetime import datetime

from sqlalchemy import RowMapping
from sqlmodel import col

from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table


def state_of(row: RowMapping) -> str:
    """How an endpoint is, in one word."""
    if not row["active"]:
        return "disabled"
    return "failing" if row["failures"] or row["parked"] else "active"


def next_try_of(row: RowMapping) -> datetime | None:
    """When a delivery is tried again; None for one that has its first try before it or its last behind it."""
    return row["next_try_at"] if row["state"] == DeliveryState.PENDING and row["tries"] else None


#: What a delivery's states are called beside the list's tabs.
DELIVERY_LABELS = {
    DeliveryState.PENDING.value: _("Waiting"),
    DeliveryState.DELIVERED.value: _("Delivered"),
    DeliveryState.PARKED.value: _("Given up"),
}

WEBHOOKS = Table(
    "webhooks",
    label=_("Webhooks"),
    columns=(
        Column("name", _("Name"), Kind.LINK, sort=True, sub="number", href="/webhooks/{number}"),
        Column("url", _("Address"), Kind.MONO, priority=2),
        Column("pending", _("Waiting"), Kind.NUMBER, priority=2),
        Column("parked", _("Given up"), Kind.NUMBER, priority=2),
        Column("last_delivered_at", _("Last delivered"), Kind.RELATIVE, priority=3),
        Column("state", _("Status"), Kind.STATUS, value=state_of),
    ),
    filters=(Filter("active", _("Switched on"), kind="bool"),),
    search=("name", "url", "number"),
    search_label=_("Search name, address"),
    sort="id",
    row_href="/webhooks/{number}",
    empty=Empty(
        _("No webhooks yet"),
        _("Add the address of another system, and it is told what happens here as it happens."),
        icon="webhook",
        href="/webhooks/new",
        action=_("New webhook"),
        permission="core.webhook.create",
    ),
)

DELIVERIES = Table(
    "webhook-deliveries",
    label=_("Deliveries"),
    columns=(
        Column("event", _("Event"), Kind.LINK, href="/webhooks/{webhook}/deliveries/{id}"),
        Column("occurred_at", _("Happened"), Kind.DATETIME),
        Column("status", _("Answer"), Kind.NUMBER, priority=2),
        Column("took_ms", _("Took, ms"), Kind.NUMBER, priority=3),
        Column("tries", _("Tries"), Kind.NUMBER, priority=3),
        Column("error", _("Error"), priority=3),
        Column("next_try_at", _("Next try"), Kind.RELATIVE, priority=2, value=next_try_of),
        Column("state", _("State"), Kind.STATUS, labels=DELIVERY_LABELS),
    ),
    tabs=(
        Tab("all", _("All"), None),
        Tab("pending", _("Waiting"), col(EventDelivery.state) == DeliveryState.PENDING),
        Tab("parked", _("Given up"), col(EventDelivery.state) == DeliveryState.PARKED),
    ),
    filters=(
        Filter("state", _("State"), [(state, DELIVERY_LABELS[state.value]) for state in DeliveryState]),
        Filter("occurred_at", _("Happened"), kind="dates"),
    ),
    search=("event",),
    search_label=_("Search events"),
    sort="-id",
    row_href="/webhooks/{webhook}/deliveries/{id}",
    empty=Empty(_("Nothing delivered yet"), _("Events appear here as they happen."), icon="webhook"),
)
