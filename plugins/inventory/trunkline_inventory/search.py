"""How items are found: by any of their identifiers, of numbers also the last digits."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline_inventory import queries
from trunkline_inventory.models import InventoryItem
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


SEARCH_KINDS = (SearchKind(SEARCH_KIND, _("Inventory"), _load, _all_ids, "inventory.item.view"),)
