"""Lists of stock that have a page of their own."""

from trunkline.lists import ListOf
from trunkline.operation import Context
from trunkline.web.tables import Table
from trunkline_inventory import queries
from trunkline_inventory.tables import MOVEMENTS, STOCKS, items_table, list_items, list_movements, list_stocks
from trunkline_inventory.template_list import TEMPLATES, list_templates

_EXPORT = "inventory.item.export"


def _items(ctx: Context) -> Table:
    return items_table(queries.templates(ctx), queries.stocks(ctx))


LISTS = (
    ListOf("inventory", "/inventory", "inventory.item.list", _items, list_items, export=_EXPORT),
    ListOf(
        "inventory-movements",
        "/inventory/movements",
        "inventory.item.view",
        lambda ctx: MOVEMENTS,
        list_movements,
        export=_EXPORT,
    ),
    ListOf(
        "inventory-stocks",
        "/inventory/stocks",
        "inventory.stock.list",
        lambda ctx: STOCKS,
        lambda ctx: list_stocks(),
    ),
    ListOf(
        "inventory-templates",
        "/inventory/templates",
        "inventory.template.list",
        lambda ctx: TEMPLATES,
        lambda ctx: list_templates(),
    ),
)
