"""What the catalogue adds to others' pages."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.contracts.models import Contract, ContractStatus
from trunkline.customers.hierarchy import Family
from trunkline.customers.models import Customer
from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job
from trunkline.money import Money
from trunkline.plugin import Slot
from trunkline.web.pages import Page
from trunkline.web.stretches import stretch
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogOrder, CatalogService
from trunkline_catalog.pages import visits
from trunkline_catalog.queries.price_changes import price_changes
from trunkline_catalog.schemas import OrderState, ServiceState, ServiceView
from trunkline_catalog.tables import ACTION_LABELS, KIND_ICONS

_ON_OVERVIEW, _ON_HOME = 8, 5
_OVER = (ServiceState.TERMINATED, ServiceState.CANCELLED)
#: Orders are over within minutes; one that is not after so long waits for something that does not come.
_STUCK_AFTER = timedelta(days=1)


def _services_tab(page: Page, customer: Customer) -> str:
    services = queries.services_of(page.ctx, customer.key, ended=True)
    nested = stretch(page, queries.nested(services), _told, f"/customers/{customer.number}/services")
    return page.fragment(
        "catalog/slots/services.html",
        customer=customer,
        nested=nested,
        orders=queries.orders_of(page.ctx, customer.key, limit=10),
        icons=KIND_ICONS,
        actions=ACTION_LABELS,
        prices=_prices(page, customer, [service for service, _depth in nested.rows]),
    )


def _told(row: tuple[ServiceView, int]) -> Sequence[str]:
    """By what a service is found among those of its customer."""
    service = row[0]
    return (service.product_name, service.number, service.contract, *service.identifiers.values())


def _prices(page: Page, customer: Customer, services: Sequence[ServiceView]) -> dict[int, Money]:
    """What each of these services of the customer costs a month now."""
    return queries.monthly_of(page.ctx, services, customer_id=customer.key)


def _count(page: Page, customer: Customer) -> int:
    return len(queries.services_of(page.ctx, customer.key))


def _summary(page: Page, customer: Customer) -> str:
    services = queries.services_of(page.ctx, customer.key)
    prices = _prices(page, customer, services)
    working = [one for one in services if one.state is ServiceState.ACTIVE]
    monthly: dict[str, Money] = {}
    for price in (prices[one.id] for one in working if one.id in prices and not one.covered):
        sofar = monthly.get(price.currency)
        monthly[price.currency] = sofar + price if sofar else price
    return page.fragment(
        "catalog/slots/summary.html",
        customer=customer,
        active=sum(1 for one in working if not one.suspensions),
        suspended=sum(1 for one in working if one.suspensions),
        failed=sum(1 for one in services if one.state is ServiceState.FAILED),
        all=len(services),
        monthly=list(monthly.values()),
    )


def _overview(page: Page, customer: Customer) -> str:
    services = queries.services_of(page.ctx, customer.key)
    return page.fragment(
        "catalog/slots/overview.html",
        customer=customer,
        nested=queries.nested(services)[:_ON_OVERVIEW],
        services=services[:_ON_OVERVIEW],
        count=len(services),
        icons=KIND_ICONS,
        prices=_prices(page, customer, services),
    )


def _client(page: Page, customer: Customer) -> str:
    """Service codes and plans, for the short pages of a client."""
    services = [one for one in queries.services_of(page.ctx, customer.key) if one.state not in _OVER]
    return page.fragment("catalog/slots/client.html", customer=customer, services=services)


def _family(page: Page, family: Family) -> str:
    rows = page.ctx.session.execute(
        select(col(CatalogService.state), func.count())
        .where(
            col(CatalogService.customer_id).in_(family.keys),
            col(CatalogService.ended_at).is_(None),
            *page.ctx.visible_conditions(CatalogService),
        )
        .group_by(col(CatalogService.state))
    )
    counts: dict[str, int] = dict(rows.all())
    active = counts.get(ServiceState.ACTIVE, 0)
    return page.fragment("catalog/slots/family.html", active=active, all=sum(counts.values()))


def _new_order(page: Page, customer: Customer) -> str | None:
    if customer.status not in ("pending", "active"):
        return None
    return page.fragment("catalog/slots/new_order.html", customer=customer)


def _tiles(page: Page, subject: object) -> str:
    rows = page.ctx.session.execute(
        select(col(CatalogOrder.state), func.count().label("total"))
        .where(
            col(CatalogOrder.state).in_((OrderState.IN_PROGRESS, OrderState.FAILED)),
            *page.ctx.visible_conditions(CatalogOrder),
        )
        .group_by(col(CatalogOrder.state))
    )
    counts = {row.state: row.total for row in rows}
    services = page.ctx.session.scalar(
        select(func.count(col(CatalogService.id))).where(
            col(CatalogService.state) == ServiceState.ACTIVE, *page.ctx.visible_conditions(CatalogService)
        )
    )
    return page.fragment(
        "catalog/slots/tiles.html",
        services=services or 0,
        in_progress=counts.get(OrderState.IN_PROGRESS, 0),
        failed=counts.get(OrderState.FAILED, 0),
    )


def _orders_waiting(page: Page, subject: object) -> str | None:
    failed = page.ctx.session.scalar(
        select(func.count(col(CatalogOrder.id))).where(
            col(CatalogOrder.state) == OrderState.FAILED, *page.ctx.visible_conditions(CatalogOrder)
        )
    )
    return waiting(
        page,
        _("Orders that failed"),
        failed or 0,
        "/catalog/orders?view=failed",
        "shopping-cart",
        bad=True,
    )


def _orders_sold(page: Page, subject: object) -> str | None:
    """Failed orders for who sells and cannot try them again: the customer asks them first."""
    return None if page.can("catalog.order.retry") else _orders_waiting(page, subject)


def _orders_stuck(page: Page, subject: object) -> str | None:
    """Orders that should be over: nothing failed, but they do not come to an end."""
    stuck = page.ctx.session.scalar(
        select(func.count(col(CatalogOrder.id))).where(
            col(CatalogOrder.state) == OrderState.IN_PROGRESS,
            col(CatalogOrder.created_at) < page.ctx.now() - _STUCK_AFTER,
            *page.ctx.visible_conditions(CatalogOrder),
        )
    )
    return waiting(
        page,
        _("Orders in progress for more than a day"),
        stuck or 0,
        "/catalog/orders?view=in_progress&sort=placed_at",
        "hourglass",
    )


def _failed_orders(page: Page, subject: object) -> str | None:
    """Orders that wait for a person."""
    rows = page.ctx.session.scalars(
        page.ctx.visible(CatalogOrder)
        .where(col(CatalogOrder.state) == OrderState.FAILED)
        .order_by(col(CatalogOrder.id).desc())
        .limit(5)
    ).all()
    if not rows:
        return None
    orders = [queries.order(page.ctx, row.number) for row in rows]
    found = page.ctx.session.execute(
        select(col(Customer.id), col(Customer.name)).where(
            col(Customer.id).in_([row.customer_id for row in rows])
        )
    )
    names = {row.id: row.name for row in found}
    return page.fragment("catalog/slots/failed.html", orders=orders, names=names, actions=ACTION_LABELS)


def _price_changes(page: Page, subject: object) -> str | None:
    """What product managers look ahead to."""
    changes = price_changes(page.ctx, _ON_HOME)
    return page.fragment("catalog/slots/price_changes.html", changes=changes) if changes else None


def _contract_services(page: Page, contract: Contract) -> str:
    """What the contract covers. Only to one in force can something be added."""
    services = queries.services_under(page.ctx, contract.key)
    nested = stretch(page, queries.nested(services), _told, f"/contracts/{contract.number}", "services")
    shown = [service for service, _depth in nested.rows]
    return page.fragment(
        "catalog/slots/contract.html",
        contract=contract,
        nested=nested,
        prices=queries.monthly_of(page.ctx, shown, customer_id=contract.customer_id),
        may_cover=contract.status == ContractStatus.ACTIVE and page.can("catalog.service.assign"),
    )


def _job_order(page: Page, job: Job) -> str | None:
    """The order that a line's job belongs to, with all its lines: they go on beside each other."""
    if job.subject_kind != "order_line" or job.subject_id is None:
        return None
    line = queries.line(page.ctx, job.subject_id)
    order = queries.order(page.ctx, line.order_number)
    return page.fragment("catalog/slots/job.html", order=order, own=line, actions=ACTION_LABELS)


SLOTS = (
    Slot(
        "customer.tabs",
        "services",
        _services_tab,
        "catalog.service.list",
        label=_("Services"),
        order=20,
        count=_count,
    ),
    Slot("customer.summary", "services", _summary, "catalog.service.list", order=20),
    Slot("client.money", "services", _client, "catalog.service.list", order=20),
    Slot("customer.family", "services", _family, "catalog.service.list", order=20),
    Slot("customer.overview", "services", _overview, "catalog.service.list", order=20),
    Slot("customer.actions", "order", _new_order, "catalog.order.create", order=20),
    Slot("contract.overview", "services", _contract_services, "catalog.service.list", order=20),
    Slot("job.aside", "order", _job_order, "catalog.order.view", order=20),
    Slot(
        "home.queues", "failed-orders", _orders_waiting, "catalog.order.retry", _("Failed orders"), order=30
    ),
    Slot("home.queues", "sold-orders", _orders_sold, "catalog.order.create", _("Failed orders"), order=30),
    Slot("home.queues", "stuck-orders", _orders_stuck, "catalog.order.retry", _("Stuck orders"), order=31),
    Slot("home.queues", "visits", visits.waits, "catalog.visit.list", _("Visits"), order=5),
    Slot(
        "home.queues", "visits-failed", visits.went_wrong, "catalog.visit.list", _("Failed visits"), order=6
    ),
    Slot("home.cards", "visits", visits.card, "catalog.visit.list", _("My visits"), order=5),
    Slot("home.tiles", "orders", _tiles, "catalog.order.list", order=20),
    Slot("home.cards", "failed-orders", _failed_orders, "catalog.order.list", order=20),
    Slot(
        "home.cards",
        "price-changes",
        _price_changes,
        "catalog.price.change",
        _("Prices that change"),
        order=25,
    ),
)
