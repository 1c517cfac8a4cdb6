"""What a list's page adds for its reader: their views as tabs, the columns they keep, and what they may do to many rows."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.lists import runs, views
from trunkline.lists.declared import ListOf
from trunkline.operation import Context
from trunkline.web.tables import Bulk, MoreColumns, Table

if TYPE_CHECKING:
    from trunkline.web.pages import Page
    from trunkline.web.table_view import TableView


def list_at(page: "Page", table: Table) -> ListOf | None:
    """The declared list whose page this is; None for a table inside another page and in the portal."""
    if page.user is None or page.user.kind == "portal":
        return None
    found = page.app.lists.get(table.name)
    return found if found is not None and found.path == page.request.url.path else None


def for_reader(ctx: Context, found: ListOf, table: Table, kept: Sequence[str] = ()) -> Table:
    """The table with the columns that others bring and the actions on many rows, as far as the reader may use them."""
    more = [
        MoreColumns(brought.columns, partial(brought.values, ctx))
        for brought in ctx.app.list_columns.get(found.name, ())
        if ctx.actor.may(brought.permission)
    ]
    bulk = [
        Bulk(
            action.label,
            action.page or f"/lists/{found.name}/do/{action.name}",
            action.icon,
            action.tone,
        )
        for action in ctx.app.row_actions.values()
        if action.of == found.name and ctx.actor.may(action.permission) and ctx.actor.may(runs.ACT)
    ]
    may_export = table.export and (not found.export or ctx.actor.may(found.export))
    if may_export and (bulk or table.bulk or found.export):
        bulk.append(Bulk(_("Export"), f"/lists/{found.name}/chosen", "download"))
    return replace(table, more=more, kept=kept, bulk=(*table.bulk, *bulk), export=may_export)


def opening(page: "Page", personal: views.Personal) -> str | None:
    """Where a list opened without a word of what to show leads: to the reader's own view of it."""
    if page.request.query_params or page.is_fragment or personal.opens_with is None:
        return None
    view = next(view for view in personal.views if view.id == personal.opens_with)
    return address(page.request.url.path, view)


def address(path: str, view: views.ViewOf) -> str:
    """The address of a saved view."""
    return f"{path}?{view.query}&saved={view.id}" if view.query else f"{path}?saved={view.id}"


def dress(page: "Page", view: "TableView", found: ListOf, personal: views.Personal) -> None:
    """Hand the reader's views to what is drawn."""
    view.listed = found.name
    view.saved = [(one, address(view.path, one)) for one in personal.views]
    view.opens_with = personal.opens_with
    view.may_save = page.can(views.OWN)
    view.may_share = page.can(views.SHARED)
    view.by_worker = page.can(runs.WRITE)
