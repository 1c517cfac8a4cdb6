"""Adding, editing, moving and revealing items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import insert, select, update
from sqlmodel import col

from trunkline import secrets
from trunkline.db.numbers import take_numbers
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark, mark_all
from trunkline.web.tones import state_label
from trunkline_inventory import queries
from trunkline_inventory.checks import normalise
from trunkline_inventory.models import InventoryIdentifier, InventoryItem, InventoryMovement, InventoryStock
from trunkline_inventory.queries import seal_place
from trunkline_inventory.schemas import (
    RESTING_STATES,
    AddItem,
    ChangeState,
    FieldKind,
    ItemState,
    ItemView,
    MoveItems,
    TemplateView,
)

#: What the search calls an item.
SEARCH_KIND = "inventory_item"
_CHUNK = 500
_INSERT_IDENTIFIERS = insert(InventoryIdentifier.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it
_INSERT_MOVEMENTS = insert(InventoryMovement.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it
T = TypeVar("T")


@operation("inventory.item.create")
def add_item(ctx: Context, command: AddItem) -> ItemView:
    """Put one item on the shelf. Raises Refused naming the field that is wrong, or already identifies another item."""
    template = queries.template(ctx, command.template)
    values = checked(ctx, template, command.values)
    for field in template.identifiers:
        _refuse_known(ctx, template, field.name, [values.get(field.name, "")])
    row = store(ctx, template, [values], command.stock)[0]
    ctx.note(row, label=row.number, template=template.name)
    return queries.views(ctx, [row])[0]


@operation("inventory.item.create")
def add_items(
    ctx: Context, template: str, rows: Sequence[Mapping[str, str]], stock: str = queries.DEFAULT_STOCK
) -> int:
    """Put many items on the shelf at once: all or none. Raises Refused as `add_item` does. Returns how many."""
    kind = queries.template(ctx, template)
    checked_rows = [checked(ctx, kind, row) for row in rows]
    for field in kind.identifiers:
        values = [row[field.name] for row in checked_rows if row.get(field.name)]
        if len(set(values)) != len(values):
            raise Refused(_("{label}: a value occurs twice.", label=field.label), field=field.name)
        _refuse_known(ctx, kind, field.name, values)
    stored = store(ctx, kind, checked_rows, stock)
    if stored:
        ctx.note(stored[0], label=f"{stored[0].number} …", template=template, count=len(stored))
    return len(stored)


def checked(ctx: Context, template: TemplateView, values: Mapping[str, str]) -> dict[str, str]:
    """Every field of the template in the form it is kept, without the blank ones. Raises Refused."""
    known = {field.name for field in template.fields}
    for name in values:
        if name not in known:
            raise Refused(
                _("{template} has no field “{name}”.", template=template.label, name=name),
                field=name,
                remedy=_("Its fields are {names}.", names=", ".join(sorted(known))),
            )
    country = ctx.app.config.country
    kept = {
        field.name: normalise(field, str(values.get(field.name) or ""), country=country)
        for field in template.fields
    }
    return {name: value for name, value in kept.items() if value}


@dataclass(frozen=True)
class Identified:
    """The item that a value identifies: its key, and in words its number, state and holder."""

    item_id: int
    words: str


def identified(ctx: Context, kind: str, values: Sequence[str]) -> dict[str, Identified]:
    """Which of these values identify an item already."""
    found: dict[str, Identified] = {}
    for part in _parts([value for value in values if value]):
        for row in ctx.session.execute(
            select(
                col(InventoryIdentifier.value),
                col(InventoryItem.id),
                col(InventoryItem.number),
                col(InventoryItem.state),
                col(InventoryItem.holder_label),
            )
            .join(InventoryItem, col(InventoryItem.id) == col(InventoryIdentifier.item_id))
            .where(col(InventoryIdentifier.kind) == kind, col(InventoryIdentifier.value).in_(part))
        ):
            words = _("{number}, {state}", number=row.number, state=state_label(row.state).lower())
            if row.holder_label:
                words = _("{number}, held by {holder}", number=row.number, holder=row.holder_label)
            found[row.value] = Identified(row.id, str(words))
    return found


def _refuse_known(ctx: Context, template: TemplateView, kind: str, values: Sequence[str]) -> None:
    label = next(field.label for field in template.fields if field.name == kind)
    for value, known in identified(ctx, kind, values).items():
        raise Conflict(
            _("{label} {value} exists already: {what}.", label=label, value=value, what=known.words),
            field=kind,
            remedy=_("Correct it, or edit that item."),
        )


def stock_row(ctx: Context, name: str) -> InventoryStock:
    """An open stock by its name. Raises Refused naming those there are."""
    row = ctx.session.scalars(
        select(InventoryStock).where(
            col(InventoryStock.name) == name, col(InventoryStock.archived).is_(False)
        )
    ).one_or_none()
    if row is None:
        known = ", ".join(stock.name for stock in queries.stocks(ctx))
        raise Refused(
            _("There is no stock “{name}”.", name=name),
            field="stock",
            remedy=_("Stocks: {known}.", known=known),
        )
    return row


def store(
    ctx: Context, template: TemplateView, rows: Sequence[Mapping[str, str]], stock: str, note: str = ""
) -> list[InventoryItem]:
    """Insert checked rows with identifiers, sealed secrets and their first movement."""
    if not rows:
        return []
    place = stock_row(ctx, stock)
    numbers = take_numbers(ctx.session, "inventory_item", len(rows))
    items = [_item(template, row, number, place.key) for row, number in zip(rows, numbers, strict=True)]
    ctx.session.add_all(items)
    ctx.session.flush()
    connection, now = ctx.session.connection(), ctx.now()
    identifiers = [
        {"kind": field.name, "value": row[field.name], "item_id": item.key}
        for item, row in zip(items, rows, strict=True)
        for field in template.identifiers
        if row.get(field.name)
    ]
    connection.execute(_INSERT_IDENTIFIERS, identifiers)
    movements = [
        {
            "item_id": item.key,
            "at": now,
            "action": "added",
            "from_state": "",
            "to_state": item.state,
            "to_stock_id": place.key,
            "holder_kind": "",
            "holder_label": "",
            "actor": ctx.actor.name,
            "note": note,
        }
        for item in items
    ]
    connection.execute(_INSERT_MOVEMENTS, movements)
    mark_all(ctx, SEARCH_KIND, [item.key for item in items])
    return items


def _item(template: TemplateView, row: Mapping[str, str], number: str, stock_id: int) -> InventoryItem:
    label = row[template.main.name]
    hidden = {field.name for field in template.fields if field.kind is FieldKind.SECRET}
    return InventoryItem(
        number=number,
        template_id=template.id,
        stock_id=stock_id,
        label=label,
        values={name: value for name, value in row.items() if name not in hidden},
        secrets={
            name: secrets.seal(value, bound_to=seal_place(label, name))
            for name, value in row.items()
            if name in hidden
        },
    )


@operation("inventory.item.edit")
def update_item(
    ctx: Context, number: str, values: Mapping[str, str], *, version: int | None = None
) -> ItemView:
    """Correct fields of an item. The main identifier stays; a blank secret keeps the one it has.

    Raises Refused naming the field, Conflict when somebody else edited it first.
    """
    row = _by_number(ctx, number, version)
    template = _template_of(ctx, row)
    kept = dict(row.values)
    kept.update({name: str(value or "") for name, value in values.items()})
    kept.update({name: "" for name in row.secrets if not values.get(name)})
    hidden = {field.name for field in template.fields if field.kind is FieldKind.SECRET}
    replaced = [name for name in hidden if values.get(name)]
    country = ctx.app.config.country
    clean: dict[str, str] = {}
    for field in template.fields:
        if field.name in hidden and field.name not in replaced:
            continue
        clean[field.name] = normalise(field, kept.get(field.name, ""), country=country)
    if clean[template.main.name] != row.label:
        raise Refused(
            _("{label} is what this item is known by; it stays.", label=template.main.label),
            field=template.main.name,
            remedy=_("Retire this item and add another one."),
        )
    _update_identifiers(ctx, row, template, clean)
    row.values = {name: value for name, value in clean.items() if value and name not in hidden}
    if replaced:
        sealed = {name: secrets.seal(clean[name], bound_to=seal_place(row.label, name)) for name in replaced}
        row.secrets = {**row.secrets, **sealed}
    what = _("replaced: {names}", names=", ".join(sorted(replaced))) if replaced else ""
    ctx.session.add(
        InventoryMovement(
            item_id=row.key,
            at=ctx.now(),
            action="edited",
            from_state=row.state,
            to_state=row.state,
            from_stock_id=row.stock_id,
            to_stock_id=row.stock_id,
            actor=ctx.actor.name,
            note=str(what),
        )
    )
    mark(ctx, SEARCH_KIND, row.key)
    ctx.session.flush()
    ctx.note(row, label=row.number)
    return queries.views(ctx, [row])[0]


def _update_identifiers(
    ctx: Context, row: InventoryItem, template: TemplateView, clean: Mapping[str, str]
) -> None:
    for field in template.identifiers[1:]:
        value = clean.get(field.name, "")
        mine = ctx.session.scalars(
            select(InventoryIdentifier).where(
                col(InventoryIdentifier.item_id) == row.id, col(InventoryIdentifier.kind) == field.name
            )
        ).one_or_none()
        if (mine.value if mine else "") == value:
            continue
        if ItemState(row.state).has_holder:
            raise Refused(
                _("{label} cannot change while the item is {state}.", label=field.label, state=row.state),
                field=field.name,
            )
        _refuse_known(ctx, template, field.name, [value])
        if mine is not None:
            ctx.session.delete(mine)
            ctx.session.flush()
        if value:
            ctx.session.add(InventoryIdentifier(kind=field.name, value=value, item_id=row.key))


def _by_number(ctx: Context, number: str, version: int | None = None) -> InventoryItem:
    view = queries.item(ctx, number)
    row = ctx.session.scalars(
        select(InventoryItem)
        .where(col(InventoryItem.id) == view.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if version is not None and row.version != version:
        raise Conflict(
            _("Somebody changed this after you opened it."),
            field="version",
            remedy=_("Compare both and save again."),
        )
    return row


def _template_of(ctx: Context, row: InventoryItem) -> TemplateView:
    return next(template for template in queries.templates(ctx) if template.id == row.template_id)


@operation("inventory.item.change")
def change_state(ctx: Context, ids: Sequence[int], command: ChangeState) -> int:
    """Set the state of items that nobody holds; all or none. Returns how many changed. Raises Refused naming a held one."""
    becomes = ItemState(command.state)
    rows = _chosen(ctx, ids)
    for row in rows:
        if ItemState(row.state).has_holder:
            raise Refused(
                _("{item} is {state} by {holder}.", item=row.label, state=row.state, holder=row.holder_label),
                field="state",
                remedy=_("Only items that nobody holds change their state by hand; leave it out."),
            )
    was = {row.key: row.state for row in rows if row.state != becomes}
    changed: list[int] = []
    for part in _parts(list(was)):
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
    _note_bulk(ctx, rows, state=becomes.value, reason=command.note)
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
    for part in _parts([row.key for row in rows]):
        ctx.session.execute(
            update(InventoryItem)
            .where(col(InventoryItem.id).in_(part))
            .values(stock_id=target.key, version=InventoryItem.version + 1, updated_at=ctx.now())
            .execution_options(synchronize_session=False)
        )
    for row in rows:
        ctx.session.expire(row)
    _note_bulk(ctx, rows, stock=target.name, reason=command.note)
    return len(rows)


def _parts(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]


def _chosen(ctx: Context, ids: Sequence[int]) -> list[InventoryItem]:
    if not ids:
        raise Refused(_("Nothing is selected."), remedy=_("Tick at least one row."))
    rows: list[InventoryItem] = []
    for part in _parts(ids):
        rows += ctx.session.scalars(select(InventoryItem).where(col(InventoryItem.id).in_(part))).all()
    if len(rows) != len(set(ids)):
        raise NotFound(_("One of the items does not exist any more."), remedy=_("Look at the list again."))
    return rows


def _note_bulk(ctx: Context, rows: Sequence[InventoryItem], **details: str) -> None:
    if rows:
        label = rows[0].number if len(rows) == 1 else f"{rows[0].number} …"
        ctx.note(rows[0], label=label, count=len(rows), items=[row.number for row in rows[:200]], **details)


@operation("inventory.secret.reveal")
def reveal(ctx: Context, number: str) -> dict[str, str]:
    """The secret values of an item in clear; the activity log says who looked, never what."""
    row = _by_number(ctx, number)
    ctx.note(row, label=row.number, fields=sorted(row.secrets))
    return {
        name: secrets.unseal(sealed, bound_to=seal_place(row.label, name))
        for name, sealed in row.secrets.items()
    }
