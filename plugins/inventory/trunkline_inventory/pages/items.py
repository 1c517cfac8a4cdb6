"""Items: the list, one item with its history, adding and editing, and revealing what is secret."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline.web.writing import identifier_text
from trunkline_inventory import operations, queries
from trunkline_inventory.checks import held_back
from trunkline_inventory.forms import VALUE, item_schema, values_in
from trunkline_inventory.row_actions import state_choices, stock_choices
from trunkline_inventory.schemas import AddItem, ChangeState, FieldKind, ItemView, MoveItems, TemplateView
from trunkline_inventory.tables import (
    ACTION_LABELS,
    MOVEMENTS,
    STATE_LABELS,
    items_table,
    list_items,
    list_movements,
)

pages = Pages()

#: What happened to an item, as an icon.
ICONS = {
    "added": "plus",
    "held": "lock",
    "assigned": "link",
    "handed_over": "arrows-exchange",
    "freed": "arrow-back-up",
    "state": "tag",
    "moved": "transfer",
    "edited": "pencil",
}


def home() -> tuple[str, str]:
    """The first breadcrumb, in the reader's language."""
    return str(_("Inventory")), "/inventory"


@pages.get("/inventory", permission="inventory.item.list")
def index(page: Page) -> Response:
    page.title = str(_("Inventory"))
    page.crumbs((page.title, ""))
    table = items_table(queries.templates(page.ctx), queries.stocks(page.ctx))
    return page.table("inventory/list.html", table, list_items(page.ctx))


def _chosen_template(page: Page) -> TemplateView:
    names = [template.name for template in queries.templates(page.ctx)]
    asked = page.query.get("template", "")
    return queries.template(page.ctx, asked if asked in names else "sim" if "sim" in names else names[0])


def _new_schema(page: Page) -> type[BaseModel]:
    return item_schema(_chosen_template(page))


def _new_initial(page: Page) -> Mapping[str, Any]:
    page.crumbs(home(), (str(_("Add item")), ""))
    stocks = [(stock.name, stock.name) for stock in queries.stocks(page.ctx)]
    return {
        "stock": queries.DEFAULT_STOCK,
        "form_options": {"cancel": "/inventory", "choices": {"stock": stocks}},
    }


def _new_extra(page: Page) -> Mapping[str, Any]:
    return {"templates": queries.templates(page.ctx), "chosen": _chosen_template(page)}


@pages.form(
    "/inventory/items/new",
    permission="inventory.item.create",
    schema=_new_schema,
    template="inventory/new.html",
    title=_("Add item"),
    initial=_new_initial,
    extra=_new_extra,
    submit=_("Add item"),
)
def new(page: Page, command: Any) -> Response:
    adding = AddItem(template=_chosen_template(page).name, values=values_in(command), stock=command.stock)
    item = operations.add_item(page.ctx, adding)
    return page.redirect(
        f"/inventory/items/{item.number}", str(_("{item} was added.", item=identifier_text(item.label)))
    )


def _state_form(page: Page, number: str) -> Form[ChangeState]:
    return page.form(
        ChangeState,
        action=f"/inventory/items/{number}/state",
        id="state-form",
        submit=str(_("Set state")),
        cancel=f"/inventory/items/{number}",
        choices=state_choices(page.ctx),
    )


def _move_form(page: Page, number: str) -> Form[MoveItems]:
    return page.form(
        MoveItems,
        action=f"/inventory/items/{number}/move",
        id="move-form",
        submit=str(_("Move")),
        cancel=f"/inventory/items/{number}",
        choices=stock_choices(page.ctx),
    )


def _again(page: Page, number: str, title: str, form: Form[Any]) -> Response:
    """A form of the item's dialogs on a page of its own, with what is wrong beside its fields."""
    item = queries.item(page.ctx, number)
    page.title = title
    page.crumbs(home(), (identifier_text(item.label), f"/inventory/items/{number}"), (title, ""))
    return page.render("inventory/form.html", status=422, form=form)


@pages.post("/inventory/items/{number}/state", permission="inventory.item.change")
def set_state(page: Page, number: str) -> Response:
    item, form = queries.item(page.ctx, number), _state_form(page, number).parse(page.form_data)
    if form.valid:
        try:
            operations.change_state(page.ctx, [item.id], form.command)
        except Refused as error:
            page.ctx.session.rollback()
            form.refuse(error.field, str(error))
    if not form.valid:
        return _again(page, number, str(_("Set the state of {item}", item=identifier_text(item.label))), form)
    return page.redirect(f"/inventory/items/{number}", str(_("Saved.")))


@pages.post("/inventory/items/{number}/move", permission="inventory.item.move")
def move(page: Page, number: str) -> Response:
    item, form = queries.item(page.ctx, number), _move_form(page, number).parse(page.form_data)
    if form.valid:
        try:
            operations.move(page.ctx, [item.id], form.command)
        except Refused as error:
            page.ctx.session.rollback()
            form.refuse(error.field, str(error))
    if not form.valid:
        return _again(page, number, str(_("Move {item}", item=identifier_text(item.label))), form)
    return page.redirect(
        f"/inventory/items/{number}", str(_("{item} was moved.", item=identifier_text(item.label)))
    )


@pages.get("/inventory/items/{number}", permission="inventory.item.view")
def show(page: Page, number: str) -> Response:
    item = queries.item(page.ctx, number)
    template = queries.template(page.ctx, item.template)
    page.title = identifier_text(item.label)
    page.crumbs(home(), (identifier_text(item.label), ""))
    return page.render(
        "inventory/item.html",
        item=item,
        kind=template,
        secret_fields=[field for field in template.fields if field.kind is FieldKind.SECRET],
        customer=page.ctx.session.get(Customer, item.customer_id) if item.customer_id is not None else None,
        holder_path=holder_path(page, item),
        movements=queries.movements(page.ctx, item.id),
        actions=ACTION_LABELS,
        icons=ICONS,
        states=STATE_LABELS,
        state_form=_state_form(page, number),
        move_form=_move_form(page, number),
    )


def holder_path(page: Page, item: ItemView) -> str | None:
    """Where an item's holder has its page."""
    if not item.holder_kind:
        return None
    hooks = page.app.hooks
    found = hooks.each("inventory_holder_path", kind=item.holder_kind, label=item.holder_label)
    return next((result.value for result in found), None)


@pages.post("/inventory/items/{number}/reveal", permission="inventory.secret.reveal")
def reveal(page: Page, number: str) -> Response:
    """The secret values, once, for this screen only; the activity log says who looked."""
    values = operations.reveal(page.ctx, number)
    item = queries.item(page.ctx, number)
    template = queries.template(page.ctx, item.template)
    shown = [(field.label, values[field.name]) for field in template.fields if field.name in values]
    page.title = identifier_text(item.label)
    page.crumbs(
        home(), (identifier_text(item.label), f"/inventory/items/{number}"), (str(_("Secret values")), "")
    )
    response = page.render("inventory/secrets.html", item=item, shown=shown)
    response.headers["Cache-Control"] = "no-store"
    return response


def _edit_schema(page: Page, number: str) -> type[BaseModel]:
    item = queries.item(page.ctx, number)
    return item_schema(queries.template(page.ctx, item.template), item.state)


def _edit_initial(page: Page, number: str) -> Mapping[str, Any]:
    item = queries.item(page.ctx, number)
    page.crumbs(home(), (identifier_text(item.label), f"/inventory/items/{number}"), (str(_("Edit")), ""))
    values = {VALUE + name: value for name, value in {**item.fields, **item.identifiers}.items()}
    return {**values, "version": item.version, "form_options": {"cancel": f"/inventory/items/{number}"}}


def _edit_extra(page: Page, number: str) -> Mapping[str, Any]:
    item = queries.item(page.ctx, number)
    settled = queries.template(page.ctx, item.template).settled(item.state)
    return {
        "settled": [(field.label, item.identifiers.get(field.name, "")) for field in settled],
        "why": [
            str(_("{label} is what this item is known by; it stays.", label=settled[0].label)),
            *(held_back(field, item.state) for field in settled[1:]),
        ],
    }


@pages.form(
    "/inventory/items/{number}/edit",
    permission="inventory.item.edit",
    schema=_edit_schema,
    template="inventory/edit.html",
    title=_("Edit item"),
    initial=_edit_initial,
    extra=_edit_extra,
)
def edit(page: Page, command: BaseModel, number: str) -> Response:
    version = str(page.form_data.get("version") or "")
    operations.update_item(
        page.ctx, number, values_in(command), version=int(version) if version.isdecimal() else None
    )
    return page.redirect(f"/inventory/items/{number}", str(_("Saved.")))


@pages.get("/inventory/movements", permission="inventory.item.view")
def movements(page: Page) -> Response:
    page.title = str(_("Movements"))
    page.crumbs(home(), (page.title, ""))
    return page.table("inventory/movements.html", MOVEMENTS, list_movements(page.ctx))
