"""Templates and stocks: what an operator sets up."""

from sqlalchemy import exists, func, select
from sqlmodel import col

from trunkline.errors import Conflict, NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.versions import require_version
from trunkline_inventory import queries
from trunkline_inventory.events import (
    StockArchived,
    StockChanged,
    StockCreated,
    TemplateChanged,
    TemplateCreated,
)
from trunkline_inventory.models import InventoryItem, InventoryStock, InventoryTemplate
from trunkline_inventory.schemas import CreateStock, CreateTemplate, StockView, TemplateView


@operation("inventory.template.create")
def create_template(ctx: Context, command: CreateTemplate) -> TemplateView:
    """Add a kind of thing. Raises Conflict when the name is taken."""
    taken = select(exists().where(col(InventoryTemplate.name) == command.name))
    if ctx.session.scalar(taken):
        raise Conflict(_("There is a template “{name}” already.", name=command.name), field="name")
    row = InventoryTemplate(
        name=command.name,
        label=command.label,
        minimum=command.minimum,
        definition=[field.model_dump(mode="json") for field in command.fields],
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.note(row, label=row.name)
    ctx.emit(TemplateCreated(entity_id=row.key, template=row.name))
    return queries.template_view(row)


@operation("inventory.template.edit")
def update_template(
    ctx: Context, name: str, command: CreateTemplate, *, version: int | None = None
) -> TemplateView:
    """Change label, fields, and the minimum in stock.

    Fields of a template in use may be added or relabelled, not removed or turned into others.
    """
    row = ctx.session.scalars(
        select(InventoryTemplate).where(col(InventoryTemplate.name) == name).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no template “{name}”.", name=name))
    require_version(row, version, {"label": command.label, "minimum": command.minimum})
    before = queries.template_view(row)
    in_use = bool(ctx.session.scalar(select(exists().where(col(InventoryItem.template_id) == row.id))))
    if in_use or row.built_in:
        _keep_fields(before, command)
    row.label, row.minimum = command.label, command.minimum
    row.definition = [field.model_dump(mode="json") for field in command.fields]
    ctx.session.flush()
    ctx.note(row, label=row.name)
    ctx.emit(TemplateChanged(entity_id=row.key, template=row.name))
    return queries.template_view(row)


def _keep_fields(before: TemplateView, command: CreateTemplate) -> None:
    after = {field.name: field for field in command.fields}
    for field in before.fields:
        new = after.pop(field.name, None)
        if new is None:
            raise Refused(
                _("The field “{name}” cannot go: items have it.", name=field.name),
                field="fields",
                remedy=_("Keep it, or make another template."),
            )
        if (new.kind, new.unique, new.check) != (field.kind, field.unique, field.check):
            raise Refused(
                _("The field “{name}” must stay what it is: items have it.", name=field.name),
                field="fields",
                remedy=_("Add another field, or make another template."),
            )
    for new in after.values():
        if new.required:
            raise Refused(
                _("The new field “{name}” cannot be required: items that exist lack it.", name=new.name),
                field="fields",
            )
    if [f.name for f in command.fields if f.unique][:1] != [before.main.name]:
        raise Refused(
            _("{label} stays the main identifier: keep it first.", label=before.main.label), field="fields"
        )


@operation("inventory.stock.create")
def create_stock(ctx: Context, command: CreateStock) -> StockView:
    """Open a stock. Raises Conflict when the name is taken."""
    _free_name(ctx, command.name)
    row = InventoryStock(name=command.name, note=command.note)
    ctx.session.add(row)
    ctx.session.flush()
    ctx.note(row, label=row.name)
    ctx.emit(StockCreated(entity_id=row.key, stock=row.name))
    return StockView(id=row.key, name=row.name, note=row.note)


@operation("inventory.stock.edit")
def update_stock(
    ctx: Context, stock_id: int, command: CreateStock, *, version: int | None = None
) -> StockView:
    """Rename a stock or change its note. Raises Conflict when it is another version by now, or the name is taken."""
    row = _stock(ctx, stock_id)
    require_version(row, version, {"name": command.name, "note": command.note})
    if row.name != command.name:
        if row.name == queries.DEFAULT_STOCK:
            raise Refused(
                _("The stock “{name}” keeps its name: imports use it.", name=row.name), field="name"
            )
        _free_name(ctx, command.name)
    row.name, row.note = command.name, command.note
    ctx.session.flush()
    queries.forget_names(ctx)
    ctx.note(row, label=row.name)
    ctx.emit(StockChanged(entity_id=row.key, stock=row.name))
    return StockView(id=row.key, name=row.name, note=row.note, archived=row.archived, version=row.version)


@operation("inventory.stock.edit")
def archive_stock(ctx: Context, stock_id: int) -> StockView:
    """Close an empty stock; its history stays. Raises Refused while items lie there."""
    row = _stock(ctx, stock_id)
    if row.name == queries.DEFAULT_STOCK:
        raise Refused(_("The stock “{name}” stays open: imports use it.", name=row.name))
    left = ctx.session.scalar(select(func.count()).where(col(InventoryItem.stock_id) == row.id)) or 0
    if left:
        raise Refused(
            _("{n} items lie in “{name}”.", n=left, name=row.name),
            remedy=_("Move them to another stock first."),
        )
    row.archived = True
    ctx.session.flush()
    ctx.note(row, label=row.name)
    ctx.emit(StockArchived(entity_id=row.key, stock=row.name))
    return StockView(id=row.key, name=row.name, note=row.note, archived=True, version=row.version)


def _stock(ctx: Context, stock_id: int) -> InventoryStock:
    row = ctx.session.get(InventoryStock, stock_id)
    if row is None:
        raise NotFound(_("There is no such stock."))
    return row


def _free_name(ctx: Context, name: str) -> None:
    if ctx.session.scalar(select(exists().where(col(InventoryStock.name) == name))):
        raise Conflict(_("There is a stock “{name}” already.", name=name), field="name")
