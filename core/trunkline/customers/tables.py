"""Customers as a list, for the page and for REST."""

from typing import Any

from sqlalchemy import or_
from sqlmodel import col

from trunkline.customers.assignment import in_charge_of
from trunkline.customers.identity import shown_tax_id
from trunkline.customers.models import Customer, CustomerKind, CustomerStatus
from trunkline.i18n import gettext as _
from trunkline.search.conditions import found_by
from trunkline.web.tables import Column, Empty, Filter, Kind, Statement, Tab, Table

KIND_LABELS = {CustomerKind.INDIVIDUAL: _("Individual"), CustomerKind.BUSINESS: _("Business")}


class CustomerTable(Table):
    """A list whose search box also asks the index, so that accents, sites and contacts count."""

    def matches(self, statement: Statement, query: str) -> list[Any]:
        """Rows that hold the text as it stands, or that the index finds by it."""
        return [or_(*self.matches_word(statement, query), found_by("customer", col(Customer.id), query))]


CUSTOMERS = CustomerTable(
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
            "status", _("Status"), [(status.value, status.value.capitalize()) for status in CustomerStatus]
        ),
        Filter("created_at", _("Customer since"), kind="dates"),
        Filter("assigned", _("Looked after by"), where=in_charge_of),
    ),
    search=("name", "legal_name", "number", "email"),
    search_label=_("Search name, number, tax id, phone, e-mail"),
    sort="name",
    row_href="/customers/{number}",
    empty=Empty(
        _("No customers yet"),
        _("Add the first one, or import a file."),
        icon="users",
        href="/customers/new",
        action=_("Add customer"),
    ),
)
