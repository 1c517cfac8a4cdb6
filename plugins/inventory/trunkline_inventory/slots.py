"""What inventory adds to others' pages."""

from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.plugin import Slot
from trunkline.web.pages import Page
from trunkline_inventory import queries
from trunkline_inventory.pages.items import holder_path
from trunkline_inventory.tables import STATE_LABELS


def _devices(page: Page, customer: Customer) -> str:
    items = queries.items_of_customer(page.ctx, customer.key)
    return page.fragment(
        "inventory/slots/devices.html",
        items=items,
        labels={template.name: template.label for template in queries.templates(page.ctx)},
        states=STATE_LABELS,
        paths={item.id: holder_path(page, item) for item in items},
    )


def _count(page: Page, customer: Customer) -> int:
    return queries.count_of_customer(page.ctx, customer.key)


SLOTS = (
    Slot(
        "customer.tabs",
        "devices",
        _devices,
        "inventory.item.list",
        label=_("Devices"),
        order=40,
        count=_count,
    ),
)
