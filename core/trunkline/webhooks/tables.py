"""Endpoints and their deliveries as lists, for the pages and for REST."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping
from sqlmodel import col

from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table
from trunkline.webhooks import queries


def state_of(row: RowMapping) -> str:
    """How an endpoint is, in one word."""
    if not row["active"]:
        return "disabled"
    return "failing" if row["failures"] or row["parked"] else "active"


def _next_try_of(row: RowMapping, now: datetime) -> datetime | None:
    """When a delivery is tried again; None for one that has its first try before it or its last behind it, is being tried, or
    waits for an endpoint that is spared meanwhile."""
    again = row["state"] == DeliveryState.PENDING and row["tries"] and row["next_try_at"] > now
    return row["next_try_at"] if again else None


#: What a delivery's states are called beside the list's tabs.
DELIVERY_LABELS = {
    DeliveryState.PENDING.value: _("Waiting"),
    DeliveryState.DELIVERED.value: _("Delivered"),
    DeliveryState.PARKED.value: _("Given up"),
}

_OPEN = (DeliveryState.PENDING, DeliveryState.PARKED)

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

_DELIVERIES = Table(
    "webhook-deliveries",
    label=_("Webhook deliveries"),
    columns=(
        Column("event", _("Event"), Kind.LINK, href="/webhooks/{webhook}/deliveries/{id}"),
        Column("webhook_name", _("Webhook"), href="/webhooks/{webhook}"),
        Column("occurred_at", _("Happened"), Kind.DATETIME, sort=True),
        Column("status", _("Answer"), Kind.NUMBER, priority=3),
        Column("took_ms", _("Took, ms"), Kind.NUMBER, priority=3, optional=True),
        Column("tries", _("Tries"), Kind.NUMBER, priority=3),
        Column("at", _("Last tried"), Kind.DATETIME, priority=3, optional=True),
        Column("error", _("Error"), priority=3),
        Column("next_try_at", _("Next try"), Kind.RELATIVE, priority=2),
        Column("state", _("State"), Kind.STATUS, labels=DELIVERY_LABELS),
    ),
    tabs=(
        Tab("all", _("All"), None),
        Tab("undelivered", _("Not delivered"), col(EventDelivery.state).in_(_OPEN)),
        Tab("pending", _("Waiting"), col(EventDelivery.state) == DeliveryState.PENDING),
        Tab(
            "parked",
            _("Given up"),
            col(EventDelivery.state) == DeliveryState.PARKED,
            count=True,
            tone="bad",
        ),
    ),
    starts=(col(EventDelivery.event),),
    search_label=_("Search events"),
    sort="-occurred_at",
    row_href="/webhooks/{webhook}/deliveries/{id}",
    empty=Empty(_("Nothing delivered yet"), _("Events appear here as they happen."), icon="webhook"),
)


def deliveries_table(ctx: Context) -> Table:
    """The list as it is now: its filters know the endpoints and the events there are."""
    endpoints, now = queries.endpoints(ctx), ctx.now()
    keys = {row["number"]: row["id"] for row in endpoints}

    def goes_to(numbers: Sequence[str]) -> ColumnElement[bool]:
        wanted = [keys.get(number, 0) for number in numbers]
        column = col(EventDelivery.webhook_id)
        return column == wanted[0] if len(wanted) == 1 else column.in_(wanted)

    return replace(
        _DELIVERIES,
        columns=tuple(
            replace(one, value=lambda row: _next_try_of(row, now)) if one.key == "next_try_at" else one
            for one in _DELIVERIES.columns
        ),
        filters=(
            Filter(
                "webhook",
                _("Webhook"),
                [(row["number"], row["name"]) for row in endpoints],
                where=goes_to,
                changing=True,
            ),
            Filter("event", _("Event"), queries.event_choices(ctx), "text"),
            Filter("state", _("State"), [(state, DELIVERY_LABELS[state.value]) for state in DeliveryState]),
            Filter("occurred_at", _("Happened"), kind="dates"),
        ),
    )
