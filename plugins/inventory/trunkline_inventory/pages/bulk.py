"""Several items at once: the list posts what was ticked, a form asks what shall become of it."""

from typing import Any

from starlette.responses import Response

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline_inventory import operations, queries
from trunkline_inventory.forms import BulkMove, BulkState, keys_in
from trunkline_inventory.schemas import RESTING_STATES, ChangeState, MoveItems
from trunkline_inventory.tables import STATE_LABELS, items_table, list_items

pages = Pages()


def _selected(page: Page) -> list[int]:
    table = items_table(queries.templates(page.ctx), queries.stocks(page.ctx))
    chosen = table.selection(page.ctx.session, list_items(page.ctx), page.form_data)
    if not chosen.ids:
        raise Refused(_("Nothing is selected."), remedy=_("Tick at least one row."))
    return list(chosen.ids)


def _ask(page: Page, form: Form[Any], ids: list[int], status: int = 200) -> Response:
    if form.schema is BulkState:
        page.title = ngettext("Set the state of one item", "Set the state of {n} items", len(ids))
    else:
        page.title = ngettext("Move one item", "Move {n} items", len(ids))
    page.crumbs((str(_("Inventory")), "/inventory"), (page.title, ""))
    shown = list(queries.items_by_id(page.ctx, ids[:20]).values())
    return page.render("inventory/bulk.html", status=status, form=form, shown=shown, count=len(ids))


def _back(page: Page, ids: str) -> str:
    """To the item when it was one, else to the list."""
    keys = keys_in(ids)
    only = queries.items_by_id(page.ctx, keys).get(keys[0]) if len(keys) == 1 else None
    return f"/inventory/items/{only.number}" if only is not None else "/inventory"


def state_form(page: Page, ids: list[int]) -> Form[BulkState]:
    """Asks for one state for these items."""
    return page.form(
        BulkState,
        {"ids": ",".join(map(str, ids))},
        action="/inventory/bulk/state/apply",
        id="state-form",
        submit=str(_("Set state")),
        cancel="/inventory",
        choices={"state": [(state.value, STATE_LABELS[state]) for state in RESTING_STATES]},
    )


@pages.post("/inventory/bulk/state", permission="inventory.item.change", reads=True)
def ask_state(page: Page) -> Response:
    ids = _selected(page)
    return _ask(page, state_form(page, ids), ids)


@pages.post("/inventory/bulk/state/apply", permission="inventory.item.change")
def set_state(page: Page) -> Response:
    form = state_form(page, keys_in(str(page.form_data.get("ids", "")))).parse(page.form_data)
    if not form.valid:
        return _ask(page, form, keys_in(str(page.form_data.get("ids", ""))), 422)
    command = form.command
    try:
        count = operations.change_state(
            page.ctx, keys_in(command.ids), ChangeState(state=command.state, note=command.note)
        )
    except Refused as error:
        page.ctx.session.rollback()
        return _ask(page, form.refuse(error.field, str(error)), keys_in(command.ids), 422)
    return page.redirect(
        _back(page, command.ids), ngettext("One item was changed.", "{n} items were changed.", count)
    )


def move_form(page: Page, ids: list[int]) -> Form[BulkMove]:
    """Asks for one stock for these items."""
    return page.form(
        BulkMove,
        {"ids": ",".join(map(str, ids))},
        action="/inventory/bulk/move/apply",
        id="move-form",
        submit=str(_("Move")),
        cancel="/inventory",
        choices={"stock": [(stock.name, stock.name) for stock in queries.stocks(page.ctx)]},
    )


@pages.post("/inventory/bulk/move", permission="inventory.item.move", reads=True)
def ask_stock(page: Page) -> Response:
    ids = _selected(page)
    return _ask(page, move_form(page, ids), ids)


@pages.post("/inventory/bulk/move/apply", permission="inventory.item.move")
def move(page: Page) -> Response:
    form = move_form(page, keys_in(str(page.form_data.get("ids", "")))).parse(page.form_data)
    if not form.valid:
        return _ask(page, form, keys_in(str(page.form_data.get("ids", ""))), 422)
    command = form.command
    try:
        count = operations.move(
            page.ctx, keys_in(command.ids), MoveItems(stock=command.stock, note=command.note)
        )
    except Refused as error:
        page.ctx.session.rollback()
        return _ask(page, form.refuse(error.field, str(error)), keys_in(command.ids), 422)
    return page.redirect(
        _back(page, command.ids), ngettext("One item was moved.", "{n} items were moved.", count)
    )
