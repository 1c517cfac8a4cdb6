"""REST: items, templates, stocks, movements and imports."""

import tempfile
from datetime import datetime
from pathlib import Path

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.imports.importer import ImportOptions
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.web.tables import Table
from trunkline_inventory import operations, queries
from trunkline_inventory.importing import read_into
from trunkline_inventory.schemas import (
    AddItem,
    ChangeState,
    ChangeTemplate,
    CreateStock,
    CreateTemplate,
    ItemView,
    MoveItems,
    StockView,
    TemplateView,
)
from trunkline_inventory.tables import MOVEMENTS, STOCKS, items_table, list_items, list_movements, list_stocks
from trunkline_inventory.template_list import TEMPLATES, list_templates

rest = RestRoutes("/inventory", "inventory")


class ItemRow(BaseModel):
    """An item as lists show it."""

    number: str
    label: str
    template: str
    state: str
    stock: str
    holder_kind: str
    holder_label: str
    customer: str | None
    updated_at: datetime


class MovementRow(BaseModel):
    """One thing that happened to an item."""

    id: int
    item: str
    item_label: str
    at: datetime
    action: str
    from_state: str
    to_state: str
    from_stock: str
    to_stock: str
    holder_label: str
    actor: str
    note: str


class StockRow(BaseModel):
    """A stock with how many items lie in it, and how many of these are free."""

    id: int
    name: str
    note: str
    archived: bool
    items: int
    available: int
    version: int


class EditItem(BaseModel):
    """New values by field name; fields that are not named stay."""

    values: dict[str, str]


class ImportItems(BaseModel):
    """A file's text, as `trunkline import inventory` takes it."""

    template: str
    csv: str = Field(max_length=20_000_000)
    file_name: str = Field(default="items.csv", max_length=120)
    dry_run: bool = False


class RefusedOut(BaseModel):
    line: int
    column: str
    reason: str


class ItemImportOut(BaseModel):
    """What the import did, or with `dry_run` would do."""

    read: int
    created: int
    unchanged: int
    refused: list[RefusedOut]


def _items_table(ctx: Context) -> Table:
    return items_table(queries.templates(ctx), queries.stocks(ctx, archived=True))


@rest.get("/items", permission="inventory.item.list", table=_items_table)
def items(ctx: Context, params: ListParams = list_params) -> Listing[ItemRow]:
    """Items. `q` looks into every identifier. Filters: `template`, `state`, `stock`, `updated_at_from`, `updated_at_to`."""
    return read_list(ctx, _items_table(ctx), list_items(ctx), params, ItemRow)


@rest.post("/items", permission="inventory.item.create")
def add_item(ctx: Context, command: AddItem) -> ItemView:
    """Put one item on the shelf."""
    return operations.add_item(ctx, command)


@rest.get("/items/{number}", permission="inventory.item.view")
def item(ctx: Context, number: str) -> ItemView:
    """One item, without its secrets."""
    return queries.item(ctx, number)


@rest.patch("/items/{number}", permission="inventory.item.edit")
def edit_item(ctx: Context, number: str, command: EditItem, version: int | None = if_match) -> ItemView:
    """Correct fields. The main identifier stays."""
    return operations.update_item(ctx, number, command.values, version=version)


@rest.post("/items/{number}/state", permission="inventory.item.change", status=200)
def set_state(ctx: Context, number: str, command: ChangeState) -> ItemView:
    """Set the state of an item that nobody holds."""
    operations.change_state(ctx, [queries.item(ctx, number).id], command)
    return queries.item(ctx, number)


@rest.post("/items/{number}/move", permission="inventory.item.move", status=200)
def move_item(ctx: Context, number: str, command: MoveItems) -> ItemView:
    """Bring an item to another stock."""
    operations.move(ctx, [queries.item(ctx, number).id], command)
    return queries.item(ctx, number)


@rest.post("/items/{number}/reveal", permission="inventory.secret.reveal", status=200, reads=True)
def reveal(ctx: Context, number: str) -> JSONResponse:
    """The secret values in clear; the activity log says who looked. The answer is kept nowhere, not even for a repeat."""
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id) as writing:
        values = operations.reveal(writing, number)
    return JSONResponse(values, headers={"Cache-Control": "no-store"})


@rest.get("/templates", permission="inventory.template.list", table=TEMPLATES)
def templates(ctx: Context, params: ListParams = list_params) -> Listing[TemplateView]:
    """Kinds of things with their typed fields. The view `low` has those of which fewer are available than there shall be."""
    return read_list(ctx, TEMPLATES, list_templates(), params, TemplateView)


@rest.post("/templates", permission="inventory.template.create")
def create_template(ctx: Context, command: CreateTemplate) -> TemplateView:
    """Add a kind of thing."""
    return operations.create_template(ctx, command)


@rest.get("/templates/{name}", permission="inventory.template.list")
def template(ctx: Context, name: str) -> TemplateView:
    """One template."""
    return queries.template(ctx, name)


@rest.patch("/templates/{name}", permission="inventory.template.edit")
def edit_template(
    ctx: Context, name: str, command: ChangeTemplate, version: int | None = if_match
) -> TemplateView:
    """Change label, fields and the minimum in stock; what is left out stays."""
    found = queries.template(ctx, name)
    wanted = CreateTemplate(
        name=name,
        label=found.label if command.label is None else command.label,
        fields=list(found.fields) if command.fields is None else command.fields,
        minimum=found.minimum if command.minimum is None else command.minimum,
    )
    return operations.update_template(ctx, name, wanted, version=version)


@rest.get("/stocks", permission="inventory.stock.list", table=STOCKS)
def stocks(ctx: Context, params: ListParams = list_params) -> Listing[StockRow]:
    """Places where items lie, with how many items are in each."""
    return read_list(ctx, STOCKS, list_stocks(), params, StockRow)


@rest.post("/stocks", permission="inventory.stock.create")
def create_stock(ctx: Context, command: CreateStock) -> StockView:
    """Open a stock."""
    return operations.create_stock(ctx, command)


@rest.patch("/stocks/{stock_id}", permission="inventory.stock.edit")
def edit_stock(
    ctx: Context, stock_id: int, command: CreateStock, version: int | None = if_match
) -> StockView:
    """Rename a stock or change its note."""
    return operations.update_stock(ctx, stock_id, command, version=version)


@rest.post("/stocks/{stock_id}/close", permission="inventory.stock.edit", status=200)
def close_stock(ctx: Context, stock_id: int) -> StockView:
    """Close an empty stock; its history stays."""
    return operations.archive_stock(ctx, stock_id)


@rest.get("/movements", permission="inventory.item.view", table=MOVEMENTS)
def movements(ctx: Context, params: ListParams = list_params) -> Listing[MovementRow]:
    """What happened to items, newest first. Filters: `action`, `at_from`, `at_to`."""
    return read_list(ctx, MOVEMENTS, list_movements(ctx), params, MovementRow)


@rest.post("/import", permission="inventory.item.import", status=200)
def import_items(ctx: Context, command: ImportItems) -> ItemImportOut:
    """Read a file of one template: good rows go in together, the others are named."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(command.file_name).name or "items.csv")
        path.write_text(command.csv, encoding="utf-8")
        options = ImportOptions(template=command.template, dry_run=command.dry_run)
        savepoint = ctx.session.begin_nested()
        report = read_into(ctx, path, options)
        if command.dry_run:
            savepoint.rollback()
    if report.read and report.exit_status == 2:
        first = report.refused[0]
        raise Refused(
            _(
                "Nothing was imported. Line {line}, {column}: {reason}",
                line=first.line,
                column=first.column,
                reason=first.reason,
            ),
            field="csv",
        )
    refused = [RefusedOut(line=row.line, column=row.column, reason=row.reason) for row in report.refused]
    return ItemImportOut(
        read=report.read, created=report.created, unchanged=report.unchanged, refused=refused
    )
