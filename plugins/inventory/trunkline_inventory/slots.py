"""What inventory adds to others' pages."""

from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.plugin import Slot
from trunkline.web.pages import Page
from trunkline.web.stretches import stretch
from trunkline.web.table_params import figure
from trunkline_inventory import queries
from trunkline_inventory.levels import held_too_long, levels
from trunkline_inventory.models import InventoryMovement
from trunkline_inventory.pages.items import ICONS, holder_path
from trunkline_inventory.tables import ACTION_LABELS, STATE_LABELS, list_movements

_ON_HOME = 6


def _devices(page: Page, customer: Customer) -> str:
    found = queries.items_of_customer(page.ctx, customer.key)
    items = stretch(
        page, found, lambda item: (item.label, item.number), f"/customers/{customer.number}/devices"
    )
    return page.fragment(
        "inventory/slots/devices.html",
        items=items,
        labels={template.name: template.label for template in queries.templates(page.ctx)},
        states=STATE_LABELS,
        paths={item.id: holder_path(page, item) for item in items.rows},
    )


def _count(page: Page, customer: Customer) -> int:
    return queries.count_of_customer(page.ctx, customer.key)


def _low(page: Page, subject: object) -> str | None:
    low = [one for one in levels(page.ctx) if one.is_low]
    href = f"/inventory/templates/{low[0].template}" if len(low) == 1 else "/inventory/templates?view=low"
    return waiting(page, _("Kinds of items that run low"), len(low), href, "package", bad=True)


def _quarantine(page: Page, subject: object) -> str | None:
    count = sum(one.quarantine for one in levels(page.ctx))
    return waiting(page, _("Items in quarantine"), count, "/inventory?view=quarantine", "hourglass")


def _faulty(page: Page, subject: object) -> str | None:
    count = sum(one.faulty for one in levels(page.ctx))
    return waiting(page, _("Faulty items to repair or retire"), count, "/inventory?view=faulty", "tool")


def _held(page: Page, subject: object) -> str | None:
    count = held_too_long(page.ctx)
    href = "/inventory?view=held&sort=updated_at"
    return waiting(page, _("Items held for more than a day"), count, href, "lock")


def _levels(page: Page, subject: object) -> str:
    return page.fragment("inventory/slots/levels.html", levels=levels(page.ctx), figure=figure)


def _movements(page: Page, subject: object) -> str | None:
    latest = list_movements(page.ctx).order_by(col(InventoryMovement.id).desc()).limit(_ON_HOME)
    rows = page.ctx.session.execute(latest).mappings().all()
    if not rows:
        return None
    return page.fragment("inventory/slots/movements.html", movements=rows, actions=ACTION_LABELS, icons=ICONS)


SLOTS = (
    Slot("home.queues", "low-stock", _low, "inventory.item.import", _("Stock that runs low"), order=50),
    Slot("home.queues", "quarantine", _quarantine, "inventory.item.change", _("Quarantine"), order=51),
    Slot("home.queues", "faulty", _faulty, "inventory.item.change", _("Faulty items"), order=52),
    Slot("home.queues", "held-items", _held, "inventory.item.release", _("Held items"), order=53),
    Slot("home.cards", "stock-levels", _levels, "inventory.item.import", _("Stock"), order=50),
    Slot("home.cards", "movements", _movements, "inventory.item.import", _("Movements"), order=51),
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
