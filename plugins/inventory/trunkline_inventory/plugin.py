"""Inventory: things that services need, each held by at most one of them."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.plugin import Command, MenuItem, Plugin, SearchKind, Slot, hookimpl
from trunkline_inventory import hookspecs
from trunkline_inventory.events import EVENTS
from trunkline_inventory.permissions import PERMISSIONS, SENSITIVE

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.customers.erasing.parts import Erased, Hindrance, Person
    from trunkline.customers.merging.rows import CustomerRows
    from trunkline.demo.month import DemoMonth
    from trunkline.imports.importer import Importer
    from trunkline.lists import ListOf, RowAction
    from trunkline.operation import Context
    from trunkline.rest.routing import RestRoutes
    from trunkline.web.pages import Pages

plugin = Plugin(
    name="inventory",
    label=_("Inventory"),
    summary=_("SIM cards, numbers and equipment in stocks, held by exactly one service at a time."),
    permissions=PERMISSIONS,
    sensitive=SENSITIVE,
    events=EVENTS,
    hookspecs=(hookspecs,),
    models="trunkline_inventory.models",
)


@hookimpl
def routes() -> "Sequence[Pages]":
    from trunkline_inventory.pages import PAGES

    return PAGES


@hookimpl
def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline_inventory.rest import rest

    return (rest,)


@hookimpl
def menu() -> Sequence[MenuItem]:
    item = MenuItem(
        _("Inventory"), "/inventory", "router", "inventory.item.list", "Network", order=310, key="n"
    )
    return (item,)


@hookimpl
def commands() -> Sequence[Command]:
    entry = partial(Command, order=60)
    return (
        entry(_("Add item"), "/inventory/items/new", "package", "inventory.item.create"),
        entry(
            _("Available items"),
            "/inventory?view=available",
            "packages",
            "inventory.item.list",
            words=_("stock free"),
        ),
        entry(_("Stocks"), "/inventory/stocks", "building-warehouse", "inventory.stock.list"),
        entry(_("Movements"), "/inventory/movements", "transfer", "inventory.item.view"),
        entry(_("Templates"), "/inventory/templates", "template", "inventory.template.list", order=110),
    )


@hookimpl
def slots() -> Sequence[Slot]:
    from trunkline_inventory.slots import SLOTS

    return SLOTS


@hookimpl
def lists() -> "Sequence[ListOf]":
    from trunkline_inventory.lists import LISTS

    return LISTS


@hookimpl
def row_actions() -> "Sequence[RowAction]":
    from trunkline_inventory.row_actions import ROW_ACTIONS

    return ROW_ACTIONS


@hookimpl
def search_kinds() -> Sequence[SearchKind]:
    from trunkline_inventory.search import SEARCH_KINDS

    return SEARCH_KINDS


@hookimpl
def customer_rows() -> "Sequence[CustomerRows]":
    from trunkline_inventory.customer_rows import CUSTOMER_ROWS

    return CUSTOMER_ROWS


@hookimpl
def customer_erasures() -> "Sequence[Erased]":
    from trunkline_inventory.customer_erasures import CUSTOMER_ERASURES

    return CUSTOMER_ERASURES


@hookimpl
def customer_erasure_hindrances(ctx: "Context", person: "Person") -> "Sequence[Hindrance]":
    from trunkline_inventory.customer_erasures import hindrances

    return hindrances(ctx, person)


@hookimpl
def importers() -> "Sequence[Importer]":
    from trunkline_inventory.importing import IMPORTERS

    return IMPORTERS


@hookimpl
def demo_month(app: "App", month: "DemoMonth") -> None:
    from trunkline_inventory.demo import live

    live(app, month)
