"""The lists of products, orders and services, columns of services on the list of customers, and what is done to many services."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.lists import ListColumns, ListOf, NoValues, RowAction
from trunkline.operation import Context
from trunkline.web.tables import Column, Kind, Table
from trunkline_catalog import operations, queries
from trunkline_catalog.models import CatalogOrder, CatalogProduct, CatalogService
from trunkline_catalog.schemas import (
    LineState,
    RescheduleLine,
    ResumeService,
    ServiceState,
    SuspendService,
    TerminateService,
)
from trunkline_catalog.tables import (
    ORDERS,
    PRODUCTS,
    REASON_LABELS,
    list_orders,
    list_products,
    list_services,
    services_table,
)

_OVER = (ServiceState.TERMINATED, ServiceState.CANCELLED)
_LINE_OVER = (LineState.COMPLETED, LineState.CANCELLED)
#: Of customers with more services the first ones are named.
_NAMED = 3


def services_by_customer(ctx: Context, keys: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """Numbers and products of these customers' present services, as cells of a list."""
    place = (
        func.row_number()
        .over(partition_by=col(CatalogService.customer_id), order_by=col(CatalogService.id))
        .label("place")
    )
    ranked = (
        select(
            col(CatalogService.customer_id),
            col(CatalogService.number),
            col(CatalogProduct.name).label("product"),
            place,
        )
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .where(
            col(CatalogService.customer_id).in_(keys),
            col(CatalogService.state).not_in(_OVER),
            *ctx.visible_conditions(CatalogService),
        )
        .subquery()
    )
    rows = ctx.session.execute(
        select(ranked).where(ranked.c.place <= _NAMED + 1).order_by(ranked.c.customer_id, ranked.c.place)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for customer, number, product, _place in rows:
        found.setdefault(customer, []).append((number, product))
    return {
        customer: {
            "service_number": _in_short([number for number, _product in services]),
            "plan": _in_short(list(dict.fromkeys(product for _number, product in services))),
        }
        for customer, services in found.items()
    }


def _in_short(words: Sequence[str]) -> str:
    return ", ".join(words[:_NAMED]) + (", …" if len(words) > _NAMED else "")


def _services(ctx: Context) -> Table:
    return services_table(queries.products(ctx, retired=True))


def _number(ctx: Context, key: int) -> str:
    return ctx.load(CatalogService, key).number


def _suspend(ctx: Context, key: int, command: SuspendService) -> None:
    operations.suspend_service(ctx, _number(ctx, key), command)


def _resume(ctx: Context, key: int, command: ResumeService) -> None:
    operations.resume_service(ctx, _number(ctx, key), command)


def _reschedule(ctx: Context, key: int, command: RescheduleLine) -> None:
    operations.reschedule_order(ctx, ctx.load(CatalogOrder, key).number, command)


def _terminate(ctx: Context, key: int, command: TerminateService) -> None:
    operations.terminate_service(ctx, _number(ctx, key), command)


def _retry(ctx: Context, key: int, command: NoValues) -> None:
    failed = _lines(ctx, key, LineState.FAILED)
    if not failed:
        raise Refused(_("No line of this order has failed."))
    for number in failed:
        operations.retry_order_line(ctx, number)


def _cancel(ctx: Context, key: int, command: NoValues) -> None:
    open_lines = _lines(ctx, key, *(state for state in LineState if state not in _LINE_OVER))
    if not open_lines:
        raise Refused(_("No line of this order can be cancelled any more."))
    for number in open_lines:
        operations.cancel_order_line(ctx, number)


def _lines(ctx: Context, key: int, *states: LineState) -> list[str]:
    order = queries.order(ctx, ctx.load(CatalogOrder, key).number)
    return [line.number for line in order.lines if line.state in states]


def _retire(ctx: Context, key: int, command: NoValues) -> None:
    operations.retire_product(ctx, queries.product_by_id(ctx, key).code)


def _reinstate(ctx: Context, key: int, command: NoValues) -> None:
    operations.reinstate_product(ctx, queries.product_by_id(ctx, key).code)


def _reasons(ctx: Context) -> Mapping[str, Any]:
    return {"reason": [(reason.value, label) for reason, label in REASON_LABELS.items()]}


LISTS = (
    ListOf(
        "catalog-products", "/catalog/products", "catalog.product.list", lambda ctx: PRODUCTS, list_products
    ),
    ListOf(
        "catalog-orders",
        "/catalog/orders",
        "catalog.order.list",
        lambda ctx: ORDERS,
        list_orders,
        export="catalog.order.export",
    ),
    ListOf(
        "catalog-services",
        "/catalog/services",
        "catalog.service.list",
        _services,
        list_services,
        export="catalog.service.export",
    ),
)
LIST_COLUMNS = (
    ListColumns(
        "customers",
        (
            Column("service_number", _("Service code"), Kind.MONO, priority=3, optional=True),
            Column("plan", _("Plan"), priority=3, optional=True),
        ),
        services_by_customer,
        "catalog.service.list",
    ),
)
ROW_ACTIONS = (
    RowAction(
        "catalog.order_reschedule",
        "catalog-orders",
        _("Reschedule"),
        "catalog.order.move",
        _reschedule,
        RescheduleLine,
        icon="clock",
        effect=_("Lines that have not begun get another date. Others stay as they are."),
        order=105,
    ),
    RowAction(
        "catalog.order_retry",
        "catalog-orders",
        _("Try again"),
        "catalog.order.retry",
        _retry,
        icon="refresh",
        effect=_("Every failed line of an order gets a new job. Orders without one stay as they are."),
        order=106,
    ),
    RowAction(
        "catalog.order_cancel",
        "catalog-orders",
        _("Cancel"),
        "catalog.order.cancel",
        _cancel,
        icon="x",
        tone="danger",
        effect=_(
            "Lines that wait end now, those at work are undone, failed ones are given up. What works stays."
        ),
        order=107,
    ),
    RowAction(
        "catalog.product_retire",
        "catalog-products",
        _("Take off the market"),
        "catalog.product.archive",
        _retire,
        icon="archive",
        tone="danger",
        effect=_("Nobody can order them any more; services of them live on."),
        order=108,
    ),
    RowAction(
        "catalog.product_reinstate",
        "catalog-products",
        _("Sell again"),
        "catalog.product.archive",
        _reinstate,
        icon="arrow-back-up",
        effect=_("They can be ordered again."),
        order=109,
    ),
    RowAction(
        "catalog.service_suspend",
        "catalog-services",
        _("Suspend"),
        "catalog.service.suspend",
        _suspend,
        SuspendService,
        choices=_reasons,
        icon="player-pause",
        tone="danger",
        effect=_("Each service gets an order of its own, which the network carries out."),
        order=110,
    ),
    RowAction(
        "catalog.service_resume",
        "catalog-services",
        _("Resume"),
        "catalog.service.resume",
        _resume,
        ResumeService,
        choices=_reasons,
        icon="player-play",
        effect=_("Each service gets an order of its own, which the network carries out."),
        order=120,
    ),
    RowAction(
        "catalog.service_terminate",
        "catalog-services",
        _("Terminate"),
        "catalog.service.terminate",
        _terminate,
        TerminateService,
        icon="ban",
        tone="danger",
        effect=_("Each service ends for good by an order of its own; its number and SIM go to quarantine."),
        order=140,
    ),
)
