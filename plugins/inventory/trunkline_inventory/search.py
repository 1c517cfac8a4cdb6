"""How items are found: by any of their identifiers, of numbers also the last digits; and templates and stocks by name."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow
from trunkline_inventory import queries
from trunkline_inventory.models import InventoryItem, InventoryStock, InventoryTemplate
from trunkline_inventory.operations.adding import SEARCH_KIND


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    labels = {template.name: template.label for template in queries.templates(ctx)}
    return [
        SearchDocument(
            kind=SEARCH_KIND,
            id=item.id,
            title=item.label,
            subtitle=" · ".join(filter(None, (labels[item.template], item.number, item.holder_label))),
            path=f"/inventory/items/{item.number}",
            permission="inventory.item.view",
            terms=[item.number, *item.identifiers.values()],
            digits=list(item.identifiers.values()),
            customer_id=item.customer_id,
            icon="device-sim"
            if item.template == "sim"
            else "hash"
            if item.template == "number"
            else "package",
        )
        for item in queries.items_by_id(ctx, ids).values()
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(InventoryItem.id))) if key is not None]


def _templates(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(InventoryTemplate).where(col(InventoryTemplate.id).in_(ids)))
    return [
        SearchDocument(
            kind="inventory_template",
            id=row.key,
            title=row.label,
            subtitle=row.name,
            path=f"/inventory/templates/{row.name}",
            permission="inventory.template.list",
            icon="template",
        )
        for row in rows
    ]


def _stocks(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(InventoryStock).where(col(InventoryStock.id).in_(ids)))
    return [
        SearchDocument(
            kind="inventory_stock",
            id=row.key,
            title=row.name,
            subtitle=row.note,
            path=f"/inventory/stocks/{row.key}",
            permission="inventory.stock.edit",
            icon="building-warehouse",
        )
        for row in rows
    ]


def _all(model: type[InventoryTemplate | InventoryStock], ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(model.id))) if key is not None]


SEARCH_KINDS = (
    SearchKind(
        SEARCH_KIND,
        _("Inventory"),
        _load,
        _all_ids,
        "inventory.item.view",
        page="/inventory/items/{number}",
    ),
    SearchKind(
        "inventory_template",
        _("Templates"),
        _templates,
        lambda ctx: _all(InventoryTemplate, ctx),
        "inventory.template.list",
        page="/inventory/templates/{name}",
        order=400,
    ),
    SearchKind(
        "inventory_stock",
        _("Stocks"),
        _stocks,
        lambda ctx: _all(InventoryStock, ctx),
        "inventory.stock.edit",
        page="/inventory/stocks/{stock_id:int}",
        order=400,
    ),
)
follow(InventoryTemplate, "inventory_template", "name", "label")
follow(InventoryStock, "inventory_stock", "name", "note")
