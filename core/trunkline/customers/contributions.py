"""What customers declare to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.customers import (
    belonging_pages,
    client_pages,
    field_pages,
    figures_pages,
    hierarchy_pages,
    pages,
    queries,
    row_actions,
)
from trunkline.customers.events import CustomerChanged, CustomerRegistered, CustomerStatusChanged
from trunkline.customers.importer import CUSTOMERS
from trunkline.customers.search import CUSTOMER
from trunkline.i18n import gettext as _
from trunkline.lists import ListColumns
from trunkline.plugin import Command, MenuItem, Permission
from trunkline.web.tables import Column, Kind

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_READERS = (
    "supervisor",
    "customer_care",
    "care_reader",
    "cashier",
    "accountant",
    "provisioning_engineer",
    "field_technician",
    "product_manager",
    "dealer",
    "pbx_administrator",
    "duty_officer",
    "auditor",
)
_EDITORS = ("supervisor", "customer_care", "dealer")

PERMISSIONS = (
    Permission("core.customer.list", _("List customers"), _READERS),
    Permission("core.customer.view", _("View customers"), _READERS),
    Permission("core.customer.create", _("Register customers"), _EDITORS),
    Permission("core.customer.edit", _("Edit customers, their contacts, sites and tags"), _EDITORS),
    Permission(
        "core.customer.assign",
        _("Say which colleague looks after a customer"),
        ("supervisor", "customer_care"),
    ),
    Permission("core.customer.archive", _("Archive and restore customers"), ("supervisor",)),
    Permission("core.customer.export", _("Export customers"), ("supervisor", "accountant", "auditor")),
    Permission("core.customer.import", _("Import customers"), ("supervisor",)),
)
EVENTS = (CustomerRegistered, CustomerChanged, CustomerStatusChanged)
MENU = (MenuItem(_("Customers"), "/customers", "users", "core.customer.list", "Care", order=10, key="c"),)
SEARCH_KINDS = (CUSTOMER,)
COMMANDS = (
    Command(
        _("Add customer"),
        "/customers/add",
        "user-plus",
        "core.customer.create",
        words=_("new register"),
        order=10,
    ),
    Command(
        _("Figures of customers"),
        "/customers/figures",
        "chart-bar",
        "core.customer.list",
        words=_("charts new left churn status"),
        order=90,
    ),
)
IMPORTERS = (CUSTOMERS,)
LISTS = row_actions.LISTS
ROW_ACTIONS = row_actions.ROW_ACTIONS
LIST_COLUMNS = (
    ListColumns(
        "customers",
        (Column("tags", _("Tags"), Kind.TAGS, optional=True, priority=3),),
        queries.tags_by_customer,
        "core.customer.view",
    ),
)
PAGES = (
    figures_pages.pages,
    client_pages.pages,
    hierarchy_pages.pages,
    pages.pages,
    field_pages.pages,
    belonging_pages.pages,
    pages.tab_pages,
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.customers.rest import rest

    return [rest]
