"""Taking many items at once, for services that work already."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import col

from trunkline.db.parts import parts
from trunkline.errors import Conflict, Refused
from trunkline.events.outbox import emit_all
from trunkline.i18n import gettext as _
from trunkline.operation import Context, Subject, operation
from trunkline.search.marking import mark_all
from trunkline_inventory import queries
from trunkline_inventory.models import InventoryItem, InventoryMovement
from trunkline_inventory.operations.adding import SEARCH_KIND
from trunkline_inventory.operations.holding import assigned_event, none_free
from trunkline_inventory.schemas import Holder, ItemState, ItemView

_ITEMS = InventoryItem.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_TAKE = (
    update(_ITEMS)
    .where(_ITEMS.c.id == bindparam("of_item"), _ITEMS.c.state == ItemState.AVAILABLE)
    .values(state=ItemState.ASSIGNED, version=_ITEMS.c.version + 1)
)


@dataclass(frozen=True, slots=True)
class Taking:
    """One item wanted: of a template, for a holder, in use since `at`; a named one or the oldest free."""

    template: str
    holder: Holder
    key: str
    at: datetime
    item_number: str | None = None


@operation("inventory.item.assign")
def take_in_use(ctx: Context, takings: Sequence[Taking]) -> list[ItemView]:
    """Assign one item for each, in their order: all or none. Raises Refused (field `picks.<template>`) as `hold` does."""
    chosen = _choose(ctx, takings)
    if not chosen:
        return []
    now = ctx.now()
    rows = [
        {
            "of_item": key,
            "holder_kind": one.holder.kind,
            "holder_id": one.holder.id,
            "holder_label": one.holder.label,
            "customer_id": one.holder.customer_id,
            "hold_key": one.key,
            "updated_at": now,
        }
        for key, one in zip(chosen, takings, strict=True)
    ]
    ctx.session.flush()
    if ctx.session.connection().execute(_TAKE, rows).rowcount != len(rows):
        raise Conflict(_("Somebody took one of the items just now."), remedy=_("Try again."))
    items = _in_order(ctx, chosen)
    ctx.session.execute(
        insert(InventoryMovement),
        [
            {
                "item_id": item.key,
                "at": one.at,
                "action": "assigned",
                "from_state": ItemState.AVAILABLE,
                "to_state": item.state,
                "from_stock_id": item.stock_id,
                "to_stock_id": item.stock_id,
                "holder_kind": one.holder.kind,
                "holder_id": one.holder.id,
                "holder_label": one.holder.label,
                "customer_id": one.holder.customer_id,
                "actor": ctx.actor.name,
                "note": "",
            }
            for item, one in zip(items, takings, strict=True)
        ],
    )
    views = queries.views(ctx, items)
    emit_all(ctx, [assigned_event(view, one.holder) for view, one in zip(views, takings, strict=True)])
    mark_all(ctx, SEARCH_KIND, chosen)
    ctx.note_each(
        Subject("inventory_item", item.key, item.number, one.holder.customer_id)
        for item, one in zip(items, takings, strict=True)
    )
    return views


def _choose(ctx: Context, takings: Sequence[Taking]) -> list[int]:
    """The key of an available item for each, locked; named ones first, so that no automatic choice takes them."""
    chosen: dict[int, int] = {}
    wanted: dict[str, list[int]] = defaultdict(list)
    for position, one in enumerate(takings):
        if one.item_number is None:
            wanted[one.template].append(position)
            continue
        found = ctx.session.scalars(
            queries.available_ids(one.template)
            .where(
                col(InventoryItem.number) == one.item_number, col(InventoryItem.id).not_in(chosen.values())
            )
            .with_for_update(of=InventoryItem)
        ).one_or_none()
        if found is None:
            raise none_free(ctx, one.template, one.item_number)
        chosen[position] = found
    for template, positions in wanted.items():
        free = ctx.session.scalars(
            queries.available_ids(template)
            .where(col(InventoryItem.id).not_in(chosen.values()))
            .order_by(col(InventoryItem.id))
            .limit(len(positions))
            .with_for_update(skip_locked=True, of=InventoryItem)
        ).all()
        if len(free) < len(positions):
            raise Refused(
                _(
                    "{n} of “{what}” are wanted and {free} are free.",
                    n=len(positions),
                    what=template,
                    free=len(free),
                ),
                field=f"picks.{template}",
                remedy=_("Import or add some."),
            )
        chosen.update(
            {position: key for position, key in zip(positions, free, strict=True) if key is not None}
        )
    return [chosen[position] for position in range(len(takings))]


def _in_order(ctx: Context, keys: Sequence[int]) -> list[InventoryItem]:
    found: dict[int, InventoryItem] = {}
    for part in parts(keys):
        statement = select(InventoryItem).where(col(InventoryItem.id).in_(part))
        rows = ctx.session.scalars(statement.execution_options(populate_existing=True))
        found.update({row.key: row for row in rows})
    return [found[key] for key in keys]
