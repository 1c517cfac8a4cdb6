"""Items, movements and stocks as lists, for pages and REST."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, or_, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.table_params import figure
from trunkline.web.table_reading import count_beside
from trunkline.web.table_search import begins_with
from trunkline.web.tables import Column, Empty, Filter, Kind, Statement, Tab, Table
from trunkline_inventory.models import (
    InventoryIdentifier,
    InventoryItem,
    InventoryMovement,
    InventoryStock,
    InventoryTemplate,
)
from trunkline_inventory.queries import movement_select
from trunkline_inventory.schemas import ItemState, StockView, TemplateView

#: A stock with more items than this has enough.
_COUNTED = 1_000
STATE_LABELS = {
    ItemState.AVAILABLE: _("Available"),
    ItemState.HELD: _("Held"),
    ItemState.ASSIGNED: _("In use"),
    ItemState.QUARANTINE: _("Quarantine"),
    ItemState.FAULTY: _("Faulty"),
    ItemState.RETIRED: _("Retired"),
}
ACTION_LABELS = {
    "added": _("Added"),
    "held": _("Held"),
    "assigned": _("Put to use"),
    "handed_over": _("Handed over"),
    "freed": _("Given back"),
    "state": _("State changed"),
    "moved": _("Moved"),
    "edited": _("Edited"),
}


def list_items(ctx: Context) -> Statement:
    """What is in stock, and what is held for customers the actor may see."""
    visible = ctx.visible_conditions(InventoryItem)
    statement: Any = (
        select(
            col(InventoryItem.id),
            col(InventoryItem.number),
            col(InventoryItem.label),
            col(InventoryTemplate.name).label("template"),
            col(InventoryTemplate.label).label("template_label"),
            col(InventoryItem.state),
            col(InventoryStock.name).label("stock"),
            col(InventoryItem.holder_kind),
            col(InventoryItem.holder_label),
            col(Customer.number).label("customer"),
            col(Customer.name).label("customer_name"),
            col(InventoryItem.updated_at),
        )
        .join(InventoryTemplate, col(InventoryTemplate.id) == col(InventoryItem.template_id))
        .join(InventoryStock, col(InventoryStock.id) == col(InventoryItem.stock_id))
        .outerjoin(Customer, col(Customer.id) == col(InventoryItem.customer_id))
    )
    if visible:
        statement = statement.where(or_(col(InventoryItem.customer_id).is_(None), and_(*visible)))
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


_TEMPLATE: Any = col(InventoryTemplate.name)
_STOCK: Any = col(InventoryStock.name)


def items_table(templates: Sequence[TemplateView], stocks: Sequence[StockView]) -> Table:
    """The list of items with the filters that this operator's templates and stocks give."""
    return Table(
        "inventory",
        label=_("Items"),
        columns=(
            Column("label", _("Identifier"), Kind.IDENTIFIER, sort=True),
            Column("template_label", _("Kind"), priority=2),
            Column("state", _("State"), Kind.STATUS, labels=STATE_LABELS),
            Column("stock", _("Stock"), priority=2),
            Column("customer_name", _("Customer"), href=lambda row: _customer_path(row["customer"])),
            Column("holder_label", _("Held by"), Kind.MONO, priority=3),
            Column("number", _("Item"), Kind.MONO, sort=True, priority=3),
            Column("updated_at", _("Changed"), Kind.RELATIVE, sort=True, priority=3),
        ),
        tabs=(
            Tab("all", _("All")),
            *(
                Tab(state.value, STATE_LABELS[state], col(InventoryItem.state) == state, count=True)
                for state in (ItemState.AVAILABLE, ItemState.HELD, ItemState.ASSIGNED)
            ),
            Tab(
                "quarantine",
                _("Quarantine"),
                col(InventoryItem.state) == ItemState.QUARANTINE,
                count=True,
                tone="warn",
            ),
            Tab("faulty", _("Faulty"), col(InventoryItem.state) == ItemState.FAULTY, count=True, tone="bad"),
            Tab("retired", _("Retired"), col(InventoryItem.state) == ItemState.RETIRED),
        ),
        filters=(
            Filter(
                "template",
                _("Kind"),
                [(one.name, one.label) for one in templates],
                column=_TEMPLATE,
                changing=True,
            ),
            Filter("state", _("State"), [(state.value, label) for state, label in STATE_LABELS.items()]),
            Filter(
                "stock", _("Stock"), [(one.name, one.name) for one in stocks], column=_STOCK, changing=True
            ),
            Filter("updated_at", _("Changed"), kind="dates"),
        ),
        starts=("number", "holder_label"),
        found=(("inventory_item", "id"), ("customer", col(InventoryItem.customer_id))),
        finds=(_has_identifier,),
        search_label=_("ICCID, IMSI, number, holder"),
        sort="-number",
        row_href="/inventory/items/{number}",
        empty=Empty(
            _("Nothing in stock yet"),
            _("Import a file of SIM cards or numbers, or add an item."),
            icon="package",
            href="/inventory/items/new",
            action=_("Add item"),
            permission="inventory.item.create",
        ),
    )


def _customer_path(number: str | None) -> str | None:
    return f"/customers/{number}" if number else None


def _has_identifier(query: str) -> Any:
    """Items with an identifier that begins so: the search index knows a new one only a moment later."""
    typed = query.replace(" ", "").lstrip("+")
    keys = select(col(InventoryIdentifier.item_id)).where(begins_with(col(InventoryIdentifier.value), typed))
    return col(InventoryItem.id).in_(keys)


def _of_item(query: str) -> Any:
    """Movements of items whose number or identifier begins so."""
    keys = select(col(InventoryItem.id)).where(
        or_(begins_with(col(InventoryItem.number), query), begins_with(col(InventoryItem.label), query))
    )
    return col(InventoryMovement.item_id).in_(keys)


MOVEMENTS = Table(
    "inventory-movements",
    label=_("Movements"),
    columns=(
        Column("at", _("When"), Kind.DATETIME),
        Column("action", _("What"), labels=ACTION_LABELS),
        Column("item_label", _("Item"), Kind.IDENTIFIER, href="/inventory/items/{item}"),
        Column("to_state", _("State after"), Kind.STATUS, labels=STATE_LABELS, priority=2),
        Column("to_stock", _("Stock"), priority=2),
        Column("holder_label", _("Holder"), Kind.MONO, priority=2),
        Column("actor", _("By"), priority=3),
        Column("note", _("Note"), priority=3),
        Column("item", _("Number"), Kind.MONO, priority=3),
    ),
    filters=(
        Filter("action", _("What"), list(ACTION_LABELS.items())),
        Filter("at", _("When"), kind="dates"),
    ),
    finds=(_of_item, lambda query: begins_with(col(InventoryMovement.holder_label), query)),
    search_label=_("Item or holder"),
    sort="-id",
    empty=Empty(_("No movement yet"), _("Whatever happens to an item is written here."), icon="transfer"),
)


def list_movements(ctx: Context) -> Statement:
    """What happened to items that the actor may see."""
    statement = movement_select()
    visible = ctx.visible_conditions(InventoryItem)
    return (
        statement.where(or_(col(InventoryItem.customer_id).is_(None), and_(*visible)))
        if visible
        else statement
    )


def list_stocks() -> Statement:
    """Stocks with how much lies in each, counted as far as `_COUNTED`."""
    items = select(col(InventoryItem.id)).where(col(InventoryItem.stock_id) == col(InventoryStock.id))
    available = items.where(col(InventoryItem.state) == ItemState.AVAILABLE)
    statement: Any = select(
        col(InventoryStock.id),
        col(InventoryStock.name),
        col(InventoryStock.note),
        col(InventoryStock.archived),
        col(InventoryStock.version),
        count_beside(items.correlate(InventoryStock), _COUNTED).label("items"),
        count_beside(available.correlate(InventoryStock), _COUNTED).label("available"),
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def _counted(name: str) -> Callable[[RowMapping], str]:
    return lambda row: figure(row[name], _COUNTED)


STOCKS = Table(
    "inventory-stocks",
    label=_("Stocks"),
    columns=(
        Column("name", _("Name"), sort=True),
        Column("note", _("Note"), priority=2),
        Column("items", _("Items"), align="end", value=_counted("items"), named=True),
        Column("available", _("Available"), align="end", value=_counted("available"), named=True),
    ),
    tabs=(
        Tab("open", _("Open"), col(InventoryStock.archived).is_(False)),
        Tab("closed", _("Closed"), col(InventoryStock.archived).is_(True)),
    ),
    search=("name",),
    sort="name",
    row_href="/inventory/stocks/{id}",
)
