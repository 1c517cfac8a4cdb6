"""The catalogue: products with prices, orders whose lines are jobs, and the services they make."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING

from trunkline.customers.events import CustomerStatusChanged
from trunkline.i18n import gettext as _
from trunkline.jobs.events import JobEnded, JobRescheduled
from trunkline.operation import Context
from trunkline.plugin import Command, MenuItem, Plugin, SearchKind, Slot, StepKind, hookimpl
from trunkline_catalog import following, hookspecs, steps
from trunkline_catalog.events import EVENTS, ServiceTerminated
from trunkline_catalog.permissions import PERMISSIONS
from trunkline_catalog.schemas import LineStep, OrderLineView
from trunkline_catalog.settings import CatalogSettings

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.contracts.models import Contract
    from trunkline.contracts.worth import ContractWorth, Indexation
    from trunkline.customers.erasing.parts import Erased, Hindrance, Person
    from trunkline.customers.guided.steps import CustomerStep
    from trunkline.customers.merging.rows import CustomerRows
    from trunkline.customers.models import Customer
    from trunkline.customers.sheets.sections import SheetSection
    from trunkline.demo.month import DemoMonth
    from trunkline.lists import ListColumns, ListOf, RowAction
    from trunkline.rest.routing import RestRoutes
    from trunkline.web.pages import Pages

plugin = Plugin(
    name="catalog",
    label=_("Catalogue"),
    summary=_(
        "Products with prices by time, orders whose lines are jobs, and services with their identifiers."
    ),
    requires=("inventory",),
    settings=CatalogSettings,
    permissions=PERMISSIONS,
    events=EVENTS,
    hookspecs=(hookspecs,),
    models="trunkline_catalog.models",
)


@hookimpl
def routes() -> "Sequence[Pages]":
    from trunkline_catalog.pages import PAGES

    return PAGES


@hookimpl
def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline_catalog.rest import ROUTES

    return ROUTES


@hookimpl
def menu() -> Sequence[MenuItem]:
    return (
        MenuItem(
            _("Orders"), "/catalog/orders", "shopping-cart", "catalog.order.list", "Care", order=20, key="o"
        ),
        MenuItem(
            _("Services"),
            "/catalog/services",
            "device-mobile",
            "catalog.service.list",
            "Care",
            order=30,
            key="s",
        ),
        MenuItem(
            _("Products"), "/catalog/products", "package", "catalog.product.list", "Products", order=210
        ),
    )


@hookimpl
def commands() -> Sequence[Command]:
    return (
        Command(
            _("My visits"),
            "/catalog/visits",
            "map-pin",
            "catalog.visit.list",
            words=_("today technician installation"),
            order=5,
        ),
        Command(
            _("New order"),
            "/catalog/orders/new",
            "shopping-cart",
            "catalog.order.create",
            words=_("place activate sell"),
            order=20,
        ),
        Command(
            _("Failed orders"), "/catalog/orders?view=failed", "shopping-cart", "catalog.order.list", order=30
        ),
        Command(
            _("Suspended services"),
            "/catalog/services?view=suspended",
            "device-mobile",
            "catalog.service.list",
            words=_("blocked"),
            order=40,
        ),
        Command(
            _("Add product"),
            "/catalog/products/new",
            "package",
            "catalog.product.create",
            words=_("new"),
            order=22,
        ),
    )


@hookimpl
def slots() -> Sequence[Slot]:
    from trunkline_catalog.slots import SLOTS

    return SLOTS


@hookimpl
def lists() -> "Sequence[ListOf]":
    from trunkline_catalog.lists import LISTS

    return LISTS


@hookimpl
def list_columns() -> "Sequence[ListColumns]":
    from trunkline_catalog.lists import LIST_COLUMNS

    return LIST_COLUMNS


@hookimpl
def customer_steps() -> "Sequence[CustomerStep]":
    from trunkline_catalog.customer_step import CUSTOMER_STEPS

    return CUSTOMER_STEPS


@hookimpl
def row_actions() -> "Sequence[RowAction]":
    from trunkline_catalog.lists import ROW_ACTIONS

    return ROW_ACTIONS


@hookimpl
def search_kinds() -> Sequence[SearchKind]:
    from trunkline_catalog.search import SEARCH_KINDS

    return SEARCH_KINDS


@hookimpl
def customer_rows() -> "Sequence[CustomerRows]":
    from trunkline_catalog.customer_rows import CUSTOMER_ROWS

    return CUSTOMER_ROWS


@hookimpl
def customer_erasures() -> "Sequence[Erased]":
    from trunkline_catalog.customer_erasures import CUSTOMER_ERASURES

    return CUSTOMER_ERASURES


@hookimpl
def customer_erasure_hindrances(ctx: Context, person: "Person") -> "Sequence[Hindrance]":
    from trunkline_catalog.customer_erasures import hindrances

    return hindrances(ctx, person)


@hookimpl
def customer_sheet(ctx: Context, customer: "Customer") -> "Sequence[SheetSection]":
    from trunkline_catalog.customer_sheet import sections

    return sections(ctx, customer)


@hookimpl
def job_products(ctx: Context, codes: Collection[str]) -> Sequence[tuple[str, str]]:
    from trunkline_catalog import queries

    return [(one.code, one.name) for one in queries.products(ctx, retired=True) if one.code in codes]


@hookimpl
def step_kinds() -> Sequence[StepKind]:
    from trunkline_catalog.operations import trying_changes, trying_out

    return [*steps.STEP_KINDS, *trying_out.STEP_KINDS, *trying_changes.STEP_KINDS]


@hookimpl
def catalog_line_steps(line: OrderLineView) -> Sequence[LineStep]:
    return steps.line_steps(line)


@hookimpl
def before_customer_status_changed(ctx: Context, event: CustomerStatusChanged) -> None:
    following.customer_leaves(ctx, event)


@hookimpl
def before_job_rescheduled(ctx: Context, event: JobRescheduled) -> None:
    following.job_rescheduled(ctx, event)


@hookimpl
def before_job_succeeded(ctx: Context, event: JobEnded) -> None:
    following.job_succeeded(ctx, event)


@hookimpl
def on_job_cancelled(ctx: Context, event: JobEnded) -> None:
    following.job_ended(ctx, event, cancelled=True)


@hookimpl
def on_job_rolled_back(ctx: Context, event: JobEnded) -> None:
    following.job_ended(ctx, event, cancelled=False)


@hookimpl
def on_job_failed(ctx: Context, event: JobEnded) -> None:
    following.job_needs_person(ctx, event)


@hookimpl
def on_job_rollback_failed(ctx: Context, event: JobEnded) -> None:
    following.job_needs_person(ctx, event)


@hookimpl
def on_service_terminated(ctx: Context, event: ServiceTerminated) -> None:
    following.service_ended(ctx, event)


@hookimpl
def inventory_holder_path(kind: str, label: str) -> str | None:
    if kind == "service":
        return f"/catalog/services/{label}"
    return f"/catalog/orders/{label.partition('/')[0]}" if kind == "order_line" else None


@hookimpl
def contract_worth(ctx: Context, contract: "Contract", on: date) -> "Sequence[ContractWorth]":
    from trunkline_catalog import contracts

    return contracts.worth(ctx, contract, on)


@hookimpl
def contract_indexing(ctx: Context, contract: "Contract", indexation: "Indexation") -> None:
    from trunkline_catalog import contracts

    contracts.indexing(ctx, contract, indexation)


@hookimpl
def demo_month(app: "App", month: "DemoMonth") -> None:
    from trunkline_catalog.demo import live

    live(app, month)
