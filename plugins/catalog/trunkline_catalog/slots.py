"""What the catalogue adds to others' pages."""

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.plugin import Slot
from trunkline.web.pages import Page
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogOrder, CatalogService
from trunkline_catalog.schemas import OrderState, ServiceState
from trunkline_catalog.tables import ACTION_LABELS, KIND_ICONS

_ON_OVERVIEW = 8


def _services_tab(page: Page, customer: Customer) -> str:
    return page.fragment(
        "catalog/slots/services.html",
        customer=customer,
        services=queries.services_of(page.ctx, customer.key, ended=True),
        orders=queries.orders_of(page.ctx, customer.key, limit=10),
        icons=KIND_ICONS,
        actions=ACTION_LABELS,
        prices=_prices(page),
    )


def _prices(page: Page) -> dict[str, tuple[int, str]]:
    """The monthly price of each product now."""
    found = queries.products(page.ctx, retired=True)
    return {one.code: (one.monthly_price_micros, one.currency) for one in found if one.currency}


def _count(page: Page, customer: Customer) -> int:
    return len(queries.services_of(page.ctx, customer.key))


def _summary(page: Page, customer: Customer) -> str:
    services = queries.services_of(page.ctx, customer.key)
    prices = _prices(page)
    working = [one for one in services if one.state is ServiceState.ACTIVE]
    monthly: dict[str, int] = {}
    for one in working:
        micros, currency = prices.get(one.product_code, (0, ""))
        if currency:
            monthly[currency] = monthly.get(currency, 0) + micros
    return page.fragment(
        "catalog/slots/summary.html",
        customer=customer,
        active=sum(1 for one in working if not one.suspensions),
        suspended=sum(1 for one in working if one.suspensions),
        failed=sum(1 for one in services if one.state is ServiceState.FAILED),
        all=len(services),
        monthly=monthly,
    )


def _overview(page: Page, customer: Customer) -> str:
    services = queries.services_of(page.ctx, customer.key)
    return page.fragment(
        "catalog/slots/overview.html",
        customer=customer,
        services=services[:_ON_OVERVIEW],
        count=len(services),
        icons=KIND_ICONS,
        prices=_prices(page),
    )


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
    Slot("customer.overview", "services", _overview, "catalog.service.list", order=20),
    Slot("customer.actions", "order", _new_order, "catalog.order.create", order=20),
    Slot("home.tiles", "orders", _tiles, "catalog.order.list", order=20),
    Slot("home.cards", "failed-orders", _failed_orders, "catalog.order.list", order=20),
)
