"""Customers as a list, for the page and for REST."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import false, select
from sqlmodel import col

from trunkline.customers.assignment import in_charge, in_charge_of
from trunkline.customers.identity import shown_tax_id
from trunkline.customers.models import Customer, CustomerKind, CustomerStatus, CustomerTag
from trunkline.customers.queries import tag_texts
from trunkline.i18n import gettext as _
from trunkline.i18n import pgettext
from trunkline.operation import Context
from trunkline.web.tables import Column, Empty, Filter, Kind, Preset, Tab, Table
from trunkline.web.tones import lazy_state_label

KIND_LABELS = {CustomerKind.INDIVIDUAL: _("Individual"), CustomerKind.BUSINESS: _("Business")}
#: The same states as white-label operators know them, who have one word less.
CLIENT_LABELS = {
    CustomerStatus.PENDING: pgettext("customer", "Pending"),
    CustomerStatus.ACTIVE: pgettext("customer", "Active"),
    CustomerStatus.SUSPENDED: pgettext("customer", "Inactive"),
    CustomerStatus.CLOSED: pgettext("customer", "Removed"),
    CustomerStatus.ARCHIVED: pgettext("customer", "Removed"),
}


def _wears(texts: Sequence[str]) -> Any:
    """Customers who wear one of these tags."""
    return col(Customer.id).in_(
        select(col(CustomerTag.customer_id)).where(col(CustomerTag.text).in_(list(texts)))
    )


CUSTOMERS = Table(
    "customers",
    label=_("Customers"),
    columns=(
        Column("name", _("Name"), sort=True, sub="legal_name"),
        Column("number", _("Number"), Kind.MONO, sort=True),
        Column("kind", _("Kind"), priority=3, labels=KIND_LABELS, optional=True),
        Column(
            "tax_id",
            _("Tax id"),
            Kind.MONO,
            priority=3,
            value=lambda row: shown_tax_id(row["tax_id"], row["country"]),
        ),
        Column("phone", _("Phone"), Kind.PHONE, priority=2),
        Column("email", _("E-mail"), priority=3),
        Column("created_at", _("Since"), Kind.DATE, sort=True, priority=2),
        Column("assigned_to", _("Looked after by"), priority=3, optional=True),
        Column("status", _("Status"), Kind.STATUS),
        Column(
            "client_status",
            _("Client status"),
            Kind.STATUS,
            value=lambda row: row["status"],
            labels=CLIENT_LABELS,
            optional=True,
            export=False,
        ),
    ),
    tabs=(
        Tab("current", _("All"), col(Customer.status) != CustomerStatus.ARCHIVED, count=True),
        Tab("active", _("Active"), col(Customer.status) == CustomerStatus.ACTIVE, count=True),
        Tab("pending", _("Pending"), col(Customer.status) == CustomerStatus.PENDING, count=True, tone="info"),
        Tab(
            "suspended",
            _("Suspended"),
            col(Customer.status) == CustomerStatus.SUSPENDED,
            count=True,
            tone="warn",
        ),
        Tab("closed", _("Closed"), col(Customer.status) == CustomerStatus.CLOSED),
        Tab("archived", _("Archived"), col(Customer.status) == CustomerStatus.ARCHIVED),
    ),
    filters=(
        Filter("kind", _("Kind"), [(kind.value, label) for kind, label in KIND_LABELS.items()]),
        Filter(
            "status", _("Status"), [(status.value, lazy_state_label(status)) for status in CustomerStatus]
        ),
        Filter("created_at", _("Customer since"), kind="dates"),
        Filter("assigned", _("Looked after by"), where=in_charge_of),
        Filter("tag", _("Tag"), kind="tag", where=_wears, icon="tag"),
        # Whom it names is for the reader to see: `below_as_seen`.
        Filter("parent", _("Stands under"), kind="text", where=lambda numbers: false(), icon="sitemap"),
    ),
    starts=("number", "name", "email", "tax_id"),
    found=(("customer", "id"),),
    presets=(
        Preset(
            _("Clients"),
            (
                "row_number",
                "number",
                "name",
                "email",
                "portal_role",
                "service_number",
                "plan",
                "client_status",
            ),
        ),
    ),
    counted=True,
    search_label=_("Search name, number, tax id, phone, e-mail"),
    sort="name",
    row_href="/customers/{number}",
    empty=Empty(
        _("No customers yet"),
        _("Add the first one, or import a file."),
        icon="users",
        href="/customers/add",
        action=_("Add customer"),
        permission="core.customer.create",
    ),
)


def customers_table(ctx: Context) -> Table:
    """The list with the colleagues and tags that there are to choose from."""
    choices = {"assigned": in_charge(ctx), "tag": [(text, text) for text in tag_texts(ctx)]}
    filters = [
        replace(item, choices=choices[item.key]) if item.key in choices else item
        for item in CUSTOMERS.filters
    ]
    return below_as_seen(ctx, replace(CUSTOMERS, filters=filters))


def below_as_seen(ctx: Context, table: Table) -> Table:
    """The list whose filter `parent` takes the number of a customer that the actor sees, and leaves those directly below."""

    def below(numbers: Sequence[str]) -> Any:
        named = col(Customer.number) == numbers[-1].upper()
        parent = ctx.session.scalar(select(col(Customer.id)).where(named, *ctx.visible_conditions(Customer)))
        return false() if parent is None else col(Customer.parent_id) == parent

    filters = [replace(item, where=below) if item.key == "parent" else item for item in table.filters]
    return replace(table, filters=filters)
