"""What data sheets contribute to the trunk."""

from typing import TYPE_CHECKING

from trunkline.customers.sheets import pages
from trunkline.i18n import gettext as _
from trunkline.plugin import Permission, Sensitive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (
    Permission(
        pages.VIEW,
        _("Print a customer's data sheet"),
        ("supervisor", "customer_care", "care_reader", "accountant", "dealer", "auditor"),
    ),
)
SENSITIVE = (Sensitive("core.customer_sheet", _("A customer's data sheet")),)
PAGES = (pages.pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.customers.sheets.rest import rest

    return (rest,)
