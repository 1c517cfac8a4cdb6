"""Moving items and setting their state by hand, many at once."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlmodel import col

from trunkline.db.parts import parts
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.web.tones import state_within
from trunkline.web.writing import identifier_text
from trunkline_inventory.events import ItemsChanged
from trunkline_inventory.models import InventoryItem, InventoryMovement
from trunkline_inventory.operations.adding import stock_row
from trunkline_inventory.schemas import RESTING_STATES, ChangeState, ItemState, MoveItems


@operation("inventory.item.change")
def change_state(ctx: Context, ids: Sequence[int], command: ChangeState) -> int:
    """Set the state of items that nobody holds; all or none. Returns how many changed. Raises Refused naming a held one."""
    becomes = ItemState(command.state)
    rows = _chosen(ctx, ids)
    for row in rows:
        if ItemState(row.state).has_holder:
            raise Refused(
                _(
                    "{item} is {state} by {holder}.",
                    item=identifier_text(row.label),
                    state=state_within(row.state),
                    holder=row.holder_label,
                ),
                field="state",
                remedy=_("Only items that nobody holds change their state by hand; leave it out."),
            )
    was = {row.key: row.state for row in rows if row.state != becomes}
    changed: list[int] = []
    for part in parts(list(was)):
        changed += [
            key
            for key in ctx.session.scalars(
                update(InventoryItem)
                .where(col(InventoryItem.id).in_(part), col(InventoryItem.state).in_(RESTING_STATES))
                .values(state=becomes, version=InventoryItem.version + 1, updated_at=ctx.now())
                .returning(col(InventoryItem.id))
                .execution_options(synchronize_session=False)
            )
            if key is not None
        ]
    if len(changed) != len(was):
        raise Conflict(_("Somebody took one of them just now."), remedy=_("Look at the list again."))
    for row in rows:
        if row.key in was:
            ctx.session.add(
                InventoryMovement(
                    item_id=row.key,
                    at=ctx.now(),
                    action="state",
                    from_state=was[row.key],
                    to_state=becomes,
                    from_stock_id=row.stock_id,
                    to_stock_id=row.stock_id,
                    actor=ctx.actor.name,
                    note=command.note,
                )
            )
            ctx.session.expire(row)
    _tell_of(ctx, rows, "state", state=becomes.value, reason=command.note)
    return len(changed)


@operation("inventory.item.move")
def move(ctx: Context, ids: Sequence[int], command: MoveItems) -> int:
    """Bring items to another stock; those that lie there already stay. Returns how many moved."""
    target = stock_row(ctx, command.stock)
    rows = [row for row in _chosen(ctx, ids) if row.stock_id != target.key]
    for row in rows:
        ctx.session.add(
            InventoryMovement(
                item_id=row.key,
                at=ctx.now(),
                action="moved",
                from_state=row.state,
                to_state=row.state,
                from_stock_id=row.stock_id,
                to_stock_id=target.key,
                holder_kind=row.holder_kind,
                holder_id=row.holder_id,
                holder_label=row.holder_label,
                customer_id=row.customer_id,
                actor=ctx.actor.name,
                note=command.note,
            )
        )
    for part in parts([row.key for row in rows]):
        ctx.session.execute(
            update(InventoryItem)
            .where(col(InventoryItem.id).in_(part))
            .values(stock_id=target.key, version=InventoryItem.version + 1, updated_at=ctx.now())
            .execution_options(synchronize_session=False)
        )
    for row in rows:
        ctx.session.expire(row)
    _tell_of(ctx, rows, "stock", stock=target.name, reason=command.note)
    return len(rows)


def _chosen(ctx: Context, ids: Sequence[int]) -> list[InventoryItem]:
    if not ids:
        raise Refused(_("Nothing is selected."), remedy=_("Tick at least one row."))
    rows: list[InventoryItem] = []
    for part in parts(ids):
        rows += ctx.session.scalars(select(InventoryItem).where(col(InventoryItem.id).in_(part))).all()
    if len(rows) != len(set(ids)):
        raise NotFound(_("One of the items does not exist any more."), remedy=_("Look at the list again."))
    return rows


def _tell_of(ctx: Context, rows: Sequence[InventoryItem], what: str, **details: str) -> None:
    if rows:
        numbers = [row.number for row in rows[:200]]
        label = numbers[0] if len(rows) == 1 else f"{numbers[0]} …"
        ctx.note(rows[0], label=label, count=len(rows), items=numbers, **details)
        ctx.emit(ItemsChanged(entity_id=rows[0].key, what=what, count=len(rows), numbers=tuple(numbers)))
