"""What inventory can be asked."""

from collections.abc import Iterable, Sequence, Set
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline import secrets
from trunkline.db.prepared import Prepared, columns
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_inventory.models import (
    InventoryIdentifier,
    InventoryItem,
    InventoryMovement,
    InventoryStock,
    InventoryTemplate,
)
from trunkline_inventory.schemas import (
    Holder,
    ItemState,
    ItemView,
    MovementView,
    StockView,
    TemplateField,
    TemplateView,
)

_ITEM = columns(InventoryItem)
_COUNT_OF_CUSTOMER = Prepared(
    select(func.count(_ITEM.id).label("held")).where(_ITEM.customer_id == bindparam("customer_id")),
    InventoryItem,
)
# Built once: building costs more than running.
_HELD_BY = (
    select(InventoryItem)
    .where(
        col(InventoryItem.holder_kind) == bindparam("kind"), col(InventoryItem.holder_id) == bindparam("key")
    )
    .order_by(col(InventoryItem.template_id), col(InventoryItem.id))
)
_TEMPLATE, _STOCK = columns(InventoryTemplate), columns(InventoryStock)
_TEMPLATES = Prepared(select(*_TEMPLATE).order_by(_TEMPLATE.label))
_STOCKS = Prepared(select(*_STOCK).order_by(_STOCK.name))
_IDENTIFIERS = (
    select(col(InventoryIdentifier.item_id), col(InventoryIdentifier.kind), col(InventoryIdentifier.value))
    .where(col(InventoryIdentifier.item_id).in_(bindparam("keys", expanding=True)))
    .order_by(col(InventoryIdentifier.id))
)
#: The stocks of a movement. The same each time: other aliases would make it another list.
_BEFORE, _AFTER = aliased(InventoryStock), aliased(InventoryStock)
DEFAULT_STOCK = "Main"


def template_view(row: Any) -> TemplateView:
    """A template as others see it, of its object or of its row."""
    return TemplateView(
        id=row.id,
        name=row.name,
        label=row.label,
        built_in=row.built_in,
        fields=tuple(TemplateField.model_validate(field) for field in row.definition),
        minimum=row.minimum,
        version=row.version,
    )


def templates(ctx: Context) -> list[TemplateView]:
    """Every template, by label."""
    return [template_view(row) for row in _TEMPLATES.rows(ctx)]


def template(ctx: Context, name: str) -> TemplateView:
    """One template by its name. Raises NotFound naming those there are."""
    row = ctx.session.scalars(
        select(InventoryTemplate).where(col(InventoryTemplate.name) == name)
    ).one_or_none()
    if row is None:
        known = ", ".join(
            ctx.session.scalars(select(col(InventoryTemplate.name)).order_by(col(InventoryTemplate.name)))
        )
        raise NotFound(
            _("There is no template “{name}”.", name=name),
            field="template",
            remedy=_("Templates: {known}.", known=known),
        )
    return template_view(row)


def stocks(ctx: Context, *, archived: bool = False) -> list[StockView]:
    """The stocks, by name; closed ones only on request."""
    return [
        StockView(id=row.id, name=row.name, note=row.note, archived=row.archived, version=row.version)
        for row in _STOCKS.rows(ctx)
        if archived or not row.archived
    ]


def item(ctx: Context, number: str) -> ItemView:
    """One item by its number. Raises NotFound."""
    row = ctx.session.scalars(select(InventoryItem).where(col(InventoryItem.number) == number)).one_or_none()
    if row is None or not _visible(ctx, row):
        raise NotFound(_("There is no inventory item {number}.", number=number))
    return views(ctx, [row])[0]


def _visible(ctx: Context, row: InventoryItem) -> bool:
    """What nobody holds is everybody's stock; the rest is seen by those who see its customer."""
    if row.customer_id is None:
        return True
    found = ctx.session.scalar(ctx.visible(InventoryItem).where(col(InventoryItem.id) == row.id))
    return found is not None


def items_of(ctx: Context, holder: Holder) -> list[ItemView]:
    """What `holder` holds, by template."""
    return views(ctx, ctx.session.scalars(_HELD_BY, {"kind": holder.kind, "key": holder.id}).all())


def items_of_many(ctx: Context, kind: str, ids: Sequence[int]) -> dict[int, list[ItemView]]:
    """What each of these holders of one kind holds, in a few statements; at most some hundreds at once."""
    rows = ctx.session.scalars(
        select(InventoryItem)
        .where(col(InventoryItem.holder_kind) == kind, col(InventoryItem.holder_id).in_(ids))
        .order_by(col(InventoryItem.id))
    ).all()
    found: dict[int, list[ItemView]] = {}
    for view in views(ctx, rows):
        if view.holder_id is not None:
            found.setdefault(view.holder_id, []).append(view)
    return found


def items_by_id(ctx: Context, ids: Iterable[int]) -> dict[int, ItemView]:
    """Items by key, for those who keep references to them."""
    rows = ctx.session.scalars(select(InventoryItem).where(col(InventoryItem.id).in_(list(ids)))).all()
    return {view.id: view for view in views(ctx, rows)}


def items_of_customer(ctx: Context, customer_id: int) -> list[ItemView]:
    """What is held for a customer."""
    rows = ctx.session.scalars(
        ctx.visible(InventoryItem)
        .where(col(InventoryItem.customer_id) == customer_id)
        .order_by(col(InventoryItem.template_id), col(InventoryItem.id))
    ).all()
    return views(ctx, rows)


def count_of_customer(ctx: Context, customer_id: int) -> int:
    """How many items are held for a customer."""
    counted = _COUNT_OF_CUSTOMER.first(ctx, customer_id=customer_id)
    return int(counted.held) if counted else 0


def available(ctx: Context, template: str, q: str = "", *, limit: int = 20) -> list[ItemView]:
    """Items of a template that nobody holds, oldest first; `q` is any part of an identifier."""
    statement = available_ids(template).order_by(col(InventoryItem.id)).limit(limit)
    needle = "".join(q.split()).lstrip("+")
    if needle:
        statement = statement.where(matches_identifier(needle))
    ids = ctx.session.scalars(statement).all()
    rows = ctx.session.scalars(
        select(InventoryItem).where(col(InventoryItem.id).in_(ids)).order_by(col(InventoryItem.id))
    )
    return views(ctx, rows.all())


def available_ids(template: str) -> "Select[int | None]":
    """Keys of what can be held of a template."""
    return (
        select(col(InventoryItem.id))
        .join(InventoryTemplate, col(InventoryTemplate.id) == col(InventoryItem.template_id))
        .where(col(InventoryTemplate.name) == template, col(InventoryItem.state) == ItemState.AVAILABLE)
    )


def matches_identifier(needle: str) -> ColumnElement[bool]:
    """Whether any identifier of the item holds `needle`."""
    return exists().where(
        col(InventoryIdentifier.item_id) == col(InventoryItem.id),
        col(InventoryIdentifier.value).contains(needle, autoescape=True),
    )


def find(ctx: Context, value: str) -> ItemView | None:
    """The item that carries an identifier or number, exactly."""
    row = ctx.session.scalars(
        select(InventoryItem).where(
            or_(
                col(InventoryItem.number) == value,
                exists().where(
                    col(InventoryIdentifier.item_id) == col(InventoryItem.id),
                    col(InventoryIdentifier.value) == value,
                ),
            )
        )
    ).first()
    return views(ctx, [row])[0] if row is not None and _visible(ctx, row) else None


def secrets_of(ctx: Context, item_id: int) -> dict[str, str]:
    """The secret values of an item in clear, for whoever holds `inventory.secret.reveal`. Never log or keep them."""
    ctx.require("inventory.secret.reveal")
    row = (
        ctx.load(InventoryItem, item_id)
        if ctx.actor.permissions is not None
        else ctx.session.get(InventoryItem, item_id)
    )
    if row is None:
        raise _no_item(item_id)
    return _unsealed(row)


def _no_item(key: int) -> NotFound:
    return NotFound(_("There is no inventory item with the key {key}.", key=key))


def _unsealed(row: InventoryItem) -> dict[str, str]:
    return {
        name: secrets.unseal(sealed, bound_to=seal_place(row.label, name))
        for name, sealed in row.secrets.items()
    }


def secrets_by_item(ctx: Context, item_ids: Set[int]) -> dict[int, dict[str, str]]:
    """The same of several items by their keys, read in one go."""
    ctx.require("inventory.secret.reveal")
    if not item_ids:
        return {}
    wanted = ctx.visible(InventoryItem).where(col(InventoryItem.id).in_(item_ids))
    found = {row.key: _unsealed(row) for row in ctx.session.scalars(wanted)}
    for missing in item_ids - found.keys():
        raise _no_item(missing)
    return found


def secret_names(ctx: Context, item_id: int) -> set[str]:
    """Which secret values an item has; none of them is read."""
    row = ctx.session.get(InventoryItem, item_id)
    return set(row.secrets) if row is not None else set()


def seal_place(label: str, field: str) -> str:
    """What a secret value is bound to: its own item and field, so that it opens nowhere else."""
    return f"inventory_item:{label}:{field}"


def movements(ctx: Context, item_id: int, *, limit: int = 200) -> list[MovementView]:
    """An item's history, newest first."""
    rows = ctx.session.execute(
        movement_select()
        .where(col(InventoryMovement.item_id) == item_id)
        .order_by(col(InventoryMovement.id).desc())
        .limit(limit)
    ).mappings()
    return [MovementView.model_validate(dict(row)) for row in rows]


def movement_select() -> "Select[Any]":
    """Movements with the names of item and stocks, for lists."""
    before, after, m = _BEFORE, _AFTER, InventoryMovement
    statement: Any = (
        select(
            col(m.id),
            col(InventoryItem.number).label("item"),
            col(InventoryItem.label).label("item_label"),
            col(m.at),
            col(m.action),
            col(m.from_state),
            col(m.to_state),
            func.coalesce(before.name, "").label("from_stock"),
            func.coalesce(after.name, "").label("to_stock"),
            col(m.holder_kind),
            col(m.holder_id),
            col(m.holder_label),
            col(m.actor),
            col(m.note),
        )
        .join(InventoryItem, col(InventoryItem.id) == col(m.item_id))
        .outerjoin(before, col(before.id) == col(m.from_stock_id))
        .outerjoin(after, col(after.id) == col(m.to_stock_id))
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def views(ctx: Context, rows: Sequence[InventoryItem]) -> list[ItemView]:
    """Items as others see them, their identifiers read in one go."""
    if not rows:
        return []
    identifiers: dict[int, dict[str, str]] = {}
    for found in ctx.session.execute(_IDENTIFIERS, {"keys": [row.key for row in rows]}):
        identifiers.setdefault(found.item_id, {})[found.kind] = found.value
    names = _names(ctx, InventoryTemplate, {row.template_id for row in rows})
    places = _names(ctx, InventoryStock, {row.stock_id for row in rows})
    return [
        ItemView(
            id=row.key,
            number=row.number,
            template=names[row.template_id],
            label=row.label,
            identifiers=identifiers.get(row.key, {}),
            state=ItemState(row.state),
            fields=dict(row.values),
            stock=places[row.stock_id],
            holder_kind=row.holder_kind,
            holder_id=row.holder_id,
            holder_label=row.holder_label,
            customer_id=row.customer_id,
            version=row.version,
        )
        for row in rows
    ]


def _names(ctx: Context, model: type[InventoryTemplate | InventoryStock], wanted: set[int]) -> dict[int, str]:
    """Names by key. They are few and hardly ever change, so that a session reads them once; `forget_names` drops them."""
    known: dict[int, str] = ctx.session.info.setdefault(model.__tablename__, {})
    if not wanted <= known.keys():
        rows = ctx.session.execute(select(col(model.id), col(model.name)))
        known.update({row.id: row.name for row in rows})
    return known


def forget_names(ctx: Context) -> None:
    """Read names of templates and stocks anew: one has changed."""
    for model in (InventoryTemplate, InventoryStock):
        ctx.session.info.pop(model.__tablename__, None)


def counts(ctx: Context) -> dict[str, dict[str, int]]:
    """How many items each template has in each state."""
    found: dict[str, dict[str, int]] = {}
    for row in ctx.session.execute(
        select(col(InventoryTemplate.name), col(InventoryItem.state), func.count())
        .join(InventoryItem, col(InventoryItem.template_id) == col(InventoryTemplate.id))
        .group_by(col(InventoryTemplate.name), col(InventoryItem.state))
    ):
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found
