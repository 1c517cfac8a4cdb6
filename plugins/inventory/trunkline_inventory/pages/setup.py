"""Templates and stocks: what an operator sets up."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_inventory import operations, queries
from trunkline_inventory.forms import EditStock, EditTemplate, NewField, NewTemplate
from trunkline_inventory.pages.items import home
from trunkline_inventory.schemas import (
    CreateStock,
    CreateTemplate,
    FieldKind,
    StockView,
    TemplateField,
    TemplateView,
)
from trunkline_inventory.tables import STOCKS, list_stocks
from trunkline_inventory.template_list import TEMPLATES, list_templates

pages = Pages()


def _of_templates() -> tuple[str, str]:
    return str(_("Templates")), "/inventory/templates"


def _of_stocks() -> tuple[str, str]:
    return str(_("Stocks")), "/inventory/stocks"


@pages.get("/inventory/templates", permission="inventory.template.list")
def templates(page: Page) -> Response:
    page.title = str(_("Templates"))
    page.crumbs(home(), (page.title, ""))
    return page.table("inventory/templates.html", TEMPLATES, list_templates())


def _new_template(page: Page) -> Mapping[str, Any]:
    page.crumbs(home(), _of_templates(), (str(_("Add template")), ""))
    return {"form_options": {"cancel": "/inventory/templates"}}


@pages.form(
    "/inventory/templates/new",
    permission="inventory.template.create",
    schema=NewTemplate,
    template="inventory/form.html",
    title=_("Add template"),
    initial=_new_template,
    submit=_("Add template"),
)
def new_template(page: Page, command: NewTemplate) -> Response:
    identifier = TemplateField(
        name=command.identifier,
        label=command.identifier_label,
        kind=FieldKind.TEXT,
        required=True,
        unique=True,
        check=command.check,
    )
    creating = CreateTemplate(name=command.name, label=command.label, fields=[identifier])
    template = operations.create_template(page.ctx, creating)
    return page.redirect(
        f"/inventory/templates/{template.name}", str(_("{name} was added.", name=template.label))
    )


@pages.get("/inventory/templates/{name}", permission="inventory.template.list")
def template(page: Page, name: str) -> Response:
    found = queries.template(page.ctx, name)
    page.title = found.label
    page.crumbs(home(), _of_templates(), (found.label, ""))
    counted = sum(queries.counts(page.ctx).get(name, {}).values())
    return page.render("inventory/template.html", kind=found, counted=counted)


def _template_initial(page: Page, name: str) -> Mapping[str, Any]:
    found = queries.template(page.ctx, name)
    page.crumbs(home(), _of_templates(), (found.label, f"/inventory/templates/{name}"), (str(_("Edit")), ""))
    return {
        "label": found.label,
        "minimum": found.minimum,
        "version": found.version,
        "form_options": {"cancel": f"/inventory/templates/{name}"},
    }


@pages.form(
    "/inventory/templates/{name}/edit",
    permission="inventory.template.edit",
    schema=EditTemplate,
    template="inventory/form.html",
    title=_("Edit template"),
    initial=_template_initial,
)
def edit_template(page: Page, command: EditTemplate, name: str) -> Response:
    found = queries.template(page.ctx, name)
    changing = CreateTemplate(
        name=name, label=command.label, fields=list(found.fields), minimum=command.minimum
    )
    operations.update_template(page.ctx, name, changing, version=command.version)
    return page.redirect(f"/inventory/templates/{name}", str(_("Saved.")))


def _field_initial(page: Page, name: str) -> Mapping[str, Any]:
    found = queries.template(page.ctx, name)
    page.crumbs(
        home(), _of_templates(), (found.label, f"/inventory/templates/{name}"), (str(_("Add field")), "")
    )
    return {"form_options": {"cancel": f"/inventory/templates/{name}"}}


@pages.form(
    "/inventory/templates/{name}/fields/new",
    permission="inventory.template.edit",
    schema=NewField,
    template="inventory/form.html",
    title=_("Add field"),
    initial=_field_initial,
    submit=_("Add field"),
)
def add_field(page: Page, command: NewField, name: str) -> Response:
    found = queries.template(page.ctx, name)
    if any(field.name == command.name for field in found.fields):
        raise Refused(_("There is a field “{name}” already.", name=command.name), field="name")
    try:
        field = TemplateField.model_validate(command.model_dump())
    except ValueError as error:
        raise Refused(
            str(error).splitlines()[2].strip().removeprefix("Value error, ").partition(" [")[0]
        ) from None
    _set_fields(page, found, [*found.fields, field])
    return page.redirect(f"/inventory/templates/{name}", str(_("{name} was added.", name=field.label)))


@pages.post("/inventory/templates/{name}/fields/{field}/remove", permission="inventory.template.edit")
def remove_field(page: Page, name: str, field: str) -> Response:
    found = queries.template(page.ctx, name)
    left = [one for one in found.fields if one.name != field]
    if not any(one.unique and one.required for one in left):
        raise Refused(_("At least one field must identify the item."))
    _set_fields(page, found, left)
    return page.redirect(f"/inventory/templates/{name}", str(_("The field was removed.")))


def _set_fields(page: Page, found: TemplateView, fields: list[TemplateField]) -> None:
    changing = CreateTemplate(name=found.name, label=found.label, fields=fields, minimum=found.minimum)
    operations.update_template(page.ctx, found.name, changing)


@pages.get("/inventory/stocks", permission="inventory.stock.list")
def stocks(page: Page) -> Response:
    page.title = str(_("Stocks"))
    page.crumbs(home(), (page.title, ""))
    return page.table("inventory/stocks.html", STOCKS, list_stocks())


def _new_stock(page: Page) -> Mapping[str, Any]:
    page.crumbs(home(), _of_stocks(), (str(_("Open stock")), ""))
    return {"form_options": {"cancel": "/inventory/stocks"}}


@pages.form(
    "/inventory/stocks/new",
    permission="inventory.stock.create",
    schema=CreateStock,
    template="inventory/form.html",
    title=_("Open stock"),
    initial=_new_stock,
    submit=_("Open stock"),
)
def new_stock(page: Page, command: CreateStock) -> Response:
    stock = operations.create_stock(page.ctx, command)
    return page.redirect("/inventory/stocks", str(_("{name} was opened.", name=stock.name)))


def _stock(page: Page, stock_id: int) -> StockView:
    found = next((one for one in queries.stocks(page.ctx, archived=True) if one.id == stock_id), None)
    if found is None:
        raise NotFound(_("There is no such stock."))
    return found


def _stock_initial(page: Page, stock_id: int) -> Mapping[str, Any]:
    stock = _stock(page, stock_id)
    page.crumbs(home(), _of_stocks(), (stock.name, ""))
    page.title = stock.name
    return {
        "name": stock.name,
        "note": stock.note,
        "version": stock.version,
        "form_options": {"cancel": "/inventory/stocks"},
    }


@pages.form(
    "/inventory/stocks/{stock_id:int}",
    permission="inventory.stock.edit",
    schema=EditStock,
    template="inventory/stock.html",
    title=_("Stock"),
    initial=_stock_initial,
    extra=lambda page, stock_id: {"stock": _stock(page, stock_id)},
)
def edit_stock(page: Page, command: EditStock, stock_id: int) -> Response:
    stock = operations.update_stock(page.ctx, stock_id, command, version=command.version)
    return page.redirect("/inventory/stocks", str(_("{name} was saved.", name=stock.name)))


@pages.post("/inventory/stocks/{stock_id:int}/close", permission="inventory.stock.edit")
def close_stock(page: Page, stock_id: int) -> Response:
    stock = operations.archive_stock(page.ctx, stock_id)
    return page.redirect("/inventory/stocks", str(_("{name} was closed.", name=stock.name)))
