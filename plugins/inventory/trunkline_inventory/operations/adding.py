"""Putting new items on the shelf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlmodel import col

from trunkline import secrets
from trunkline.db.numbers import take_numbers
from trunkline.db.parts import parts
from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark_all
from trunkline.web.tones import state_label
from trunkline_inventory import queries
from trunkline_inventory.checks import normalise
from trunkline_inventory.events import ItemsAdded
from trunkline_inventory.models import InventoryIdentifier, InventoryItem, InventoryMovement, InventoryStock
from trunkline_inventory.queries import seal_place
from trunkline_inventory.schemas import AddItem, FieldKind, ItemView, TemplateView

#: What the search calls an item.
SEARCH_KIND = "inventory_item"
_INSERT_IDENTIFIERS = insert(InventoryIdentifier.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it
_INSERT_MOVEMENTS = insert(InventoryMovement.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it


@operation("inventory.item.create")
def add_item(ctx: Context, command: AddItem) -> ItemView:
    """Put one item on the shelf. Raises Refused naming the field that is wrong, or already identifies another item."""
    template = queries.template(ctx, command.template)
    values = checked(ctx, template, command.values)
    for field in template.identifiers:
        refuse_known(ctx, template, field.name, [values.get(field.name, "")])
    row = store(ctx, template, [values], command.stock)[0]
    ctx.note(row, label=row.number, template=template.name)
    ctx.emit(ItemsAdded(entity_id=row.key, number=row.number, template=template.name, count=1))
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
        refuse_known(ctx, kind, field.name, values)
    stored = store(ctx, kind, checked_rows, stock)
    if stored:
        ctx.note(stored[0], label=f"{stored[0].number} …", template=template, count=len(stored))
        first = stored[0]
        ctx.emit(ItemsAdded(entity_id=first.key, number=first.number, template=template, count=len(stored)))
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
    for part in parts([value for value in values if value]):
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


def refuse_known(ctx: Context, template: TemplateView, kind: str, values: Sequence[str]) -> None:
    """Raise Conflict for the first of these values that identifies an item already."""
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
