"""Correcting items, and looking at their secrets."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlmodel import col

from trunkline import secrets
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline.versions import require_version
from trunkline_inventory import queries
from trunkline_inventory.checks import held_back, normalise
from trunkline_inventory.events import ItemsChanged
from trunkline_inventory.models import InventoryIdentifier, InventoryItem, InventoryMovement
from trunkline_inventory.operations.adding import SEARCH_KIND, refuse_known
from trunkline_inventory.queries import seal_place
from trunkline_inventory.schemas import FieldKind, ItemState, ItemView, TemplateView


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
    ctx.emit(ItemsChanged(entity_id=row.key, what="fields", count=1, numbers=(row.number,)))
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
            raise Refused(held_back(field, ItemState(row.state)), field=field.name)
        refuse_known(ctx, template, field.name, [value])
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
    require_version(row, version)
    return row


def _template_of(ctx: Context, row: InventoryItem) -> TemplateView:
    return next(template for template in queries.templates(ctx) if template.id == row.template_id)


@operation("inventory.secret.reveal")
def reveal(ctx: Context, number: str) -> dict[str, str]:
    """The secret values of an item in clear; the activity log says who looked, never what."""
    row = _by_number(ctx, number)
    ctx.note(row, label=row.number, fields=sorted(row.secrets))
    return {
        name: secrets.unseal(sealed, bound_to=seal_place(row.label, name))
        for name, sealed in row.secrets.items()
    }
