"""Who holds what: each change is one conditional UPDATE, so that nothing is ever held twice."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline.web.tones import state_within
from trunkline.web.writing import identifier_text
from trunkline_inventory import queries
from trunkline_inventory.events import ItemAssigned, ItemReleased
from trunkline_inventory.models import InventoryIdentifier, InventoryItem, InventoryMovement
from trunkline_inventory.operations.adding import SEARCH_KIND
from trunkline_inventory.schemas import Holder, ItemState, ItemView


@operation("inventory.item.assign")
def hold(
    ctx: Context,
    *,
    template: str,
    holder: Holder,
    key: str,
    item_number: str | None = None,
    match: dict[str, str] | None = None,
) -> ItemView:
    """Promise one available item of a template to `holder`: the named one, or the oldest (whose identifiers `match`).

    The same `key` gives the item that it got before. Raises Refused (field `picks.<template>`) when none is free or the named
    one is taken.
    """
    if (before := _held_under(ctx, key)) is not None:
        return before
    try:
        with ctx.session.begin_nested():
            taken = _take(ctx, template, holder, key, item_number, match or {})
    except IntegrityError:
        # Somebody used the same key at the same moment, and was first.
        if (before := _held_under(ctx, key)) is not None:
            return before
        raise
    if taken is None:
        raise none_free(ctx, template, item_number, match)
    row = _fresh(ctx, [taken])[0]
    view = queries.views(ctx, [row])[0]
    _record(ctx, row, "held", ItemState.AVAILABLE, holder)
    ctx.note(row, label=row.number, template=template, holder=holder.label)
    return view


def _held_under(ctx: Context, key: str) -> ItemView | None:
    row = ctx.session.scalars(select(InventoryItem).where(col(InventoryItem.hold_key) == key)).one_or_none()
    return queries.views(ctx, [row])[0] if row is not None else None


def _take(
    ctx: Context,
    template: str,
    holder: Holder,
    key: str,
    item_number: str | None,
    match: dict[str, str],
) -> int | None:
    free_item = queries.available_ids(template)
    if item_number is not None:
        free_item = free_item.where(col(InventoryItem.number) == item_number)
    for kind, value in match.items():
        free_item = free_item.where(
            exists().where(
                col(InventoryIdentifier.item_id) == col(InventoryItem.id),
                col(InventoryIdentifier.kind) == kind,
                col(InventoryIdentifier.value) == value,
            )
        )
    # On PostgreSQL those who pick at the same time step over each other's choice instead of waiting for it.
    chosen = (
        free_item.order_by(col(InventoryItem.id)).limit(1).with_for_update(skip_locked=True, of=InventoryItem)
    )
    statement = (
        update(InventoryItem)
        .where(
            col(InventoryItem.id) == chosen.scalar_subquery(), col(InventoryItem.state) == ItemState.AVAILABLE
        )
        .values(**_held_by(holder), state=ItemState.HELD, hold_key=key, **_touched(ctx))
        .returning(col(InventoryItem.id))
        .execution_options(synchronize_session=False)
    )
    found: int | None = ctx.session.execute(statement).scalar_one_or_none()
    return found


def none_free(
    ctx: Context, template: str, item_number: str | None, match: dict[str, str] | None = None
) -> Refused:
    """Why nothing could be held: an empty shelf, an unknown item, one of another kind, or who has it."""
    label = queries.template(ctx, template).label
    field = f"picks.{template}"
    if item_number is None:
        wanted = ", ".join((match or {}).values())
        message = _("No {what} is free.", what=f"{label} {wanted}".strip())
        return Refused(message, field=field, remedy=_("Import or add some, or free one that is not needed."))
    row = ctx.session.scalars(
        select(InventoryItem).where(col(InventoryItem.number) == item_number)
    ).one_or_none()
    if row is None:
        return Refused(_("There is no inventory item {number}.", number=item_number), field=field)
    kind = queries.views(ctx, [row])[0].template
    if kind != template:
        message = _(
            "{item} is a {kind}, not a {wanted}.", item=identifier_text(row.label), kind=kind, wanted=template
        )
        return Refused(message, field=field)
    if row.state == ItemState.AVAILABLE:
        taken = _("{item} is being taken at this moment, or wanted twice.", item=identifier_text(row.label))
        return Refused(taken, field=field, remedy=_("Pick another one."))
    by = _(" by {holder}", holder=row.holder_label) if row.holder_label else ""
    message = _(
        "{item} is {state}{by}.", item=identifier_text(row.label), state=state_within(row.state), by=by
    )
    return Refused(message, field=field, remedy=_("Pick another one."))


def _held_by(holder: Holder) -> dict[str, Any]:
    return {
        "holder_kind": holder.kind,
        "holder_id": holder.id,
        "holder_label": holder.label,
        "customer_id": holder.customer_id,
    }


def _touched(ctx: Context) -> dict[str, Any]:
    return {"version": InventoryItem.version + 1, "updated_at": ctx.now()}


def _fresh(ctx: Context, ids: Sequence[int]) -> Sequence[InventoryItem]:
    statement = select(InventoryItem).where(col(InventoryItem.id).in_(ids)).order_by(col(InventoryItem.id))
    return ctx.session.scalars(statement.execution_options(populate_existing=True)).all()


def _record(
    ctx: Context, row: InventoryItem, action: str, was: str, holder: Holder | None = None, note: str = ""
) -> None:
    held = _held_by(holder) if holder is not None else {}
    mark(ctx, SEARCH_KIND, row.key)
    ctx.session.add(
        InventoryMovement(
            item_id=row.key,
            at=ctx.now(),
            action=action,
            from_state=was,
            to_state=row.state,
            from_stock_id=row.stock_id,
            to_stock_id=row.stock_id,
            actor=ctx.actor.name,
            note=note,
            **held,
        )
    )


def _change(
    ctx: Context,
    holder: Holder,
    states: Sequence[ItemState],
    *,
    only: Sequence[int] | None = None,
    **values: Any,
) -> Sequence[InventoryItem]:
    """The one conditional UPDATE behind every change of what a holder has; gives the rows that it changed."""
    ctx.session.flush()
    chosen = [col(InventoryItem.id).in_(only)] if only is not None else []
    rows = ctx.session.scalars(
        update(InventoryItem)
        .where(
            col(InventoryItem.holder_kind) == holder.kind,
            col(InventoryItem.holder_id) == holder.id,
            col(InventoryItem.state).in_(states),
            *chosen,
        )
        .values(**values, **_touched(ctx))
        .returning(InventoryItem)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(rows, key=lambda row: row.key)


@operation("inventory.item.assign")
def assign(ctx: Context, *, holder: Holder) -> list[ItemView]:
    """Whatever `holder` holds is in use from now on; what is in use already stays so."""
    rows = _change(ctx, holder, (ItemState.HELD,), state=ItemState.ASSIGNED)
    for row in rows:
        _record(ctx, row, "assigned", ItemState.HELD, holder)
    held = queries.items_of(ctx, holder)
    views = {view.id: view for view in held}
    for row in rows:
        ctx.emit(assigned_event(views[row.key], holder))
    _note_all(ctx, rows, holder)
    return held


def assigned_event(item: ItemView, holder: Holder) -> ItemAssigned:
    """What is told when an item comes into use."""
    return ItemAssigned(
        entity_id=item.id,
        customer_id=holder.customer_id,
        number=item.number,
        template=item.template,
        label=item.label,
        holder_kind=holder.kind,
        holder_id=holder.id,
    )


@operation("inventory.item.release")
def free(
    ctx: Context, *, holder: Holder, quarantine: bool = False, only: Sequence[int] | None = None
) -> list[ItemView]:
    """`holder` gives back all it holds (or `only` these keys), to the shelf or to quarantine. That it holds nothing is fine."""
    becomes = ItemState.QUARANTINE if quarantine else ItemState.AVAILABLE
    was = {view.id: view.state for view in queries.items_of(ctx, holder)}
    rows = _change(
        ctx,
        holder,
        (ItemState.HELD, ItemState.ASSIGNED),
        only=only,
        state=becomes,
        holder_kind="",
        holder_id=None,
        holder_label="",
        hold_key=None,
        customer_id=None,
    )
    views = queries.views(ctx, rows)
    for row, view in zip(rows, views, strict=True):
        _record(ctx, row, "freed", was.get(row.key, ItemState.HELD), holder)
        ctx.emit(
            ItemReleased(
                entity_id=view.id,
                customer_id=holder.customer_id,
                number=view.number,
                template=view.template,
                label=view.label,
                state=view.state,
            )
        )
    _note_all(ctx, rows, holder)
    return views


@operation("inventory.item.assign")
def rehold(
    ctx: Context, from_holder: Holder, to_holder: Holder, *, only: Sequence[int] | None = None
) -> None:
    """Hand everything (or `only` these keys) from one holder to another in the state it is in; again changes nothing."""
    rows = _change(ctx, from_holder, (ItemState.HELD, ItemState.ASSIGNED), only=only, **_held_by(to_holder))
    for row in rows:
        _record(ctx, row, "handed_over", row.state, to_holder, note=from_holder.label)
    _note_all(ctx, rows, to_holder)


@operation("inventory.item.assign")
def take_back(ctx: Context, ids: Sequence[int], *, holder: Holder) -> list[ItemView]:
    """Items that `holder` gave back are in use by it again; what it has already stays.

    Raises Refused naming the item when somebody else has it by now.
    """
    own = {item.id for item in queries.items_of(ctx, holder)}
    for row in _fresh(ctx, [key for key in ids if key not in own]):
        was = row.state
        changed = ctx.session.scalars(
            update(InventoryItem)
            .where(
                col(InventoryItem.id) == row.key,
                col(InventoryItem.state).in_((ItemState.QUARANTINE, ItemState.AVAILABLE)),
            )
            .values(**_held_by(holder), state=ItemState.ASSIGNED, **_touched(ctx))
            .returning(col(InventoryItem.id))
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if changed is None:
            raise Refused(_("{item} is {state} by now.", item=identifier_text(row.label), state=was))
        [row] = _fresh(ctx, [row.key])
        _record(ctx, row, "assigned", was, holder)
        ctx.note(row, label=row.number, holder=holder.label)
        ctx.emit(assigned_event(queries.views(ctx, [row])[0], holder))
    return queries.items_of(ctx, holder)


def _note_all(ctx: Context, rows: Sequence[InventoryItem], holder: Holder) -> None:
    if rows:
        ctx.note(rows[0], label=rows[0].number, items=[row.number for row in rows], holder=holder.label)
