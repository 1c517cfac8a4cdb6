"""Products, orders and services as lists, for pages and REST."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, case, func, literal, literal_column, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.contracts.models import OVER, Contract
from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.table_reading import count_beside
from trunkline.web.table_search import begins_with
from trunkline.web.tables import Column, Empty, Filter, Kind, Statement, Tab, Table
from trunkline_catalog import queries
from trunkline_catalog.models import (
    CatalogIdentifier,
    CatalogOrder,
    CatalogOrderLine,
    CatalogPrice,
    CatalogProduct,
    CatalogService,
)
from trunkline_catalog.schemas import (
    LineAction,
    OrderState,
    ProductKind,
    ProductView,
    ServiceKind,
    ServiceState,
    SuspensionReason,
)

KIND_LABELS = {ServiceKind.MOBILE: _("Mobile"), ServiceKind.OTHER: _("Other")}
PRODUCT_KIND_LABELS = {
    ProductKind.STANDALONE: _("Standalone"),
    ProductKind.BUNDLE: _("Bundle"),
    ProductKind.ADD_ON: _("Add-on"),
    ProductKind.ONE_OFF: _("One-off charge"),
}
ACTION_LABELS = {
    LineAction.NEW: _("Activation"),
    LineAction.CHANGE: _("Change"),
    LineAction.SUSPEND: _("Suspension"),
    LineAction.RESUME: _("Resumption"),
    LineAction.TERMINATE: _("Termination"),
}
REASON_LABELS = {
    SuspensionReason.DEBT: _("Unpaid invoices"),
    SuspensionReason.REQUEST: _("Customer’s request"),
    SuspensionReason.FRAUD: _("Fraud"),
    SuspensionReason.LOST: _("Lost or stolen"),
}
KIND_ICONS = {ServiceKind.MOBILE: "device-mobile", ServiceKind.OTHER: "plug-connected"}


def list_products(ctx: Context) -> Statement:
    """What is and was sold, with the price of now: of a bundle priced by its products their sum."""
    now = ctx.now()
    sums = _sums_by_key(ctx)
    active = (
        select(col(CatalogService.id))
        .where(
            col(CatalogService.product_id) == col(CatalogProduct.id),
            col(CatalogService.state) == ServiceState.ACTIVE,
        )
        .correlate(CatalogProduct)
    )
    statement: Any = select(
        col(CatalogProduct.id),
        col(CatalogProduct.code),
        col(CatalogProduct.name),
        col(CatalogProduct.kind),
        col(CatalogProduct.service_kind),
        col(CatalogProduct.playbook),
        col(CatalogProduct.tariff),
        case((col(CatalogProduct.retired), literal("archived")), else_=literal("active")).label("state"),
        _or_sum(sums, 0, col(CatalogPrice.setup_micros)).label("setup"),
        _or_sum(sums, 1, col(CatalogPrice.monthly_micros)).label("monthly"),
        case(
            (col(CatalogProduct.priced_by_members), literal(str(_("priced by its products")))),
            else_=literal(""),
        ).label("priced_by"),
        col(CatalogPrice.currency).label("currency"),
        col(CatalogProduct.priced_by_members).label("priced_by_members"),
        count_beside(active).label("services"),
    ).outerjoin(
        CatalogPrice,
        and_(
            col(CatalogPrice.product_id) == col(CatalogProduct.id),
            col(CatalogPrice.effective_from) <= now,
            or_(col(CatalogPrice.effective_to).is_(None), col(CatalogPrice.effective_to) > now),
        ),
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def _sums_by_key(ctx: Context) -> dict[int, tuple[int, int]]:
    """What the products of each bundle that has no price of its own cost together, once and each month, in micro-units."""
    known = {one.code: one for one in queries.products(ctx, retired=True)}
    return {one.id: queries.offer_price(one, known) for one in known.values() if one.priced_by_members}


def _or_sum(sums: Mapping[int, tuple[int, int]], place: int, price: Any) -> Any:
    by_key = {key: both[place] for key, both in sums.items()}
    return case(by_key, value=col(CatalogProduct.id), else_=price) if by_key else price


PRODUCTS = Table(
    "catalog-products",
    label=_("Products"),
    columns=(
        Column(
            "name",
            _("Name"),
            sort=True,
            sub="code",
            icon=lambda row: KIND_ICONS[ServiceKind(row["service_kind"])],
        ),
        Column("monthly", _("Monthly"), Kind.MONEY),
        Column("setup", _("Set-up"), Kind.MONEY, priority=2),
        Column("services", _("Active services"), Kind.COUNT, priority=2),
        Column("kind", _("Sold as"), priority=2, labels=PRODUCT_KIND_LABELS, sub="priced_by"),
        Column("service_kind", _("Kind"), priority=3, labels=KIND_LABELS),
        Column("playbook", _("Playbook"), Kind.MONO, priority=3),
        Column("tariff", _("Tariff"), priority=3),
        Column("state", _("State"), Kind.STATUS, labels={"active": _("On sale"), "archived": _("Not sold")}),
    ),
    tabs=(
        Tab("sold", _("On sale"), col(CatalogProduct.retired).is_(False)),
        Tab("retired", _("Not sold"), col(CatalogProduct.retired).is_(True)),
    ),
    filters=(
        Filter("kind", _("Sold as"), list(PRODUCT_KIND_LABELS.items())),
        Filter("service_kind", _("Kind"), list(KIND_LABELS.items())),
    ),
    search=("name", "code"),
    search_label=_("Name or code"),
    sort="name",
    row_href="/catalog/products/{code}",
    empty=Empty(
        _("No product yet"),
        _("A product says what is sold, for how much, and what it needs."),
        icon="package",
        href="/catalog/products/new",
        action=_("Add product"),
        permission="catalog.product.create",
    ),
)


def list_orders(ctx: Context) -> Statement:
    """Orders that the actor may see, each with its first line."""
    each = aliased(CatalogOrderLine)
    lines = (
        select(func.count(col(each.id)))
        .where(col(each.order_id) == col(CatalogOrder.id))
        .correlate(CatalogOrder)
        .scalar_subquery()
    )
    statement: Any = (
        select(
            col(CatalogOrder.id),
            col(CatalogOrder.number),
            col(CatalogOrder.state),
            col(CatalogOrder.created_at).label("placed_at"),
            col(CatalogOrder.placed_by),
            col(Customer.number).label("customer"),
            col(Customer.name).label("customer_name"),
            col(CatalogOrder.action),
            col(CatalogProduct.name).label("product"),
            col(CatalogService.number).label("service"),
            lines.label("lines"),
        )
        .join(Customer, col(Customer.id) == col(CatalogOrder.customer_id))
        # From outside, or SQLite begins with the lines and sorts every order.
        .outerjoin(
            CatalogOrderLine,
            and_(
                col(CatalogOrderLine.order_id) == col(CatalogOrder.id),
                # Written out: a list that joins by a value joins in another way each time.
                col(CatalogOrderLine.position) == literal_column("1"),
            ),
        )
        .outerjoin(CatalogProduct, col(CatalogProduct.id) == col(CatalogOrderLine.product_id))
        .outerjoin(CatalogService, col(CatalogService.id) == col(CatalogOrderLine.service_id))
        .where(*ctx.visible_conditions(CatalogOrder))
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


ORDERS = Table(
    "catalog-orders",
    label=_("Orders"),
    columns=(
        Column("number", _("Order"), Kind.MONO, sort=True),
        Column("customer_name", _("Customer"), href="/customers/{customer}"),
        Column("action", _("What"), labels=ACTION_LABELS, sub="product"),
        Column("service", _("Service"), Kind.MONO, href="/catalog/services/{service}", priority=2),
        Column("lines", _("Lines"), Kind.NUMBER, priority=3),
        Column("placed_at", _("Placed"), Kind.RELATIVE, sort=True, priority=2),
        Column("placed_by", _("By"), priority=3),
        Column("state", _("State"), Kind.STATUS),
    ),
    tabs=(
        Tab("all", _("All")),
        Tab(
            "in_progress",
            _("In progress"),
            col(CatalogOrder.state) == OrderState.IN_PROGRESS,
            count=True,
            tone="info",
        ),
        Tab("failed", _("Failed"), col(CatalogOrder.state) == OrderState.FAILED, count=True, tone="bad"),
        Tab("completed", _("Completed"), col(CatalogOrder.state) == OrderState.COMPLETED),
        Tab("cancelled", _("Cancelled"), col(CatalogOrder.state) == OrderState.CANCELLED),
    ),
    filters=(
        Filter("action", _("What"), list(ACTION_LABELS.items())),
        Filter("placed_at", _("Placed"), kind="dates"),
    ),
    starts=("number",),
    found=(("order", "id"), ("customer", col(CatalogOrder.customer_id))),
    search_label=_("Order or customer"),
    sort="-number",
    row_href="/catalog/orders/{number}",
    empty=Empty(
        _("No order yet"),
        _("Orders appear here from the moment they are placed."),
        icon="shopping-cart",
        href="/catalog/orders/new",
        action=_("New order"),
        permission="catalog.order.create",
    ),
)


_SHOWN_STATE: Any = case(
    (
        and_(col(CatalogService.state) == ServiceState.ACTIVE, col(CatalogService.suspended).is_(True)),
        literal("suspended"),
    ),
    else_=col(CatalogService.state),
)
_OVER = (ServiceState.TERMINATED, ServiceState.CANCELLED)


def _has_identifier(query: str) -> Any:
    """Services that have or had an identifier which begins so."""
    typed = query.replace(" ", "").lstrip("+")
    kinds = select(col(CatalogIdentifier.service_id)).where(begins_with(col(CatalogIdentifier.value), typed))
    return col(CatalogService.id).in_(kinds)


def list_services(ctx: Context) -> Statement:
    """Services that the actor may see."""
    statement: Any = (
        select(
            col(CatalogService.id),
            col(CatalogService.number),
            col(CatalogService.label),
            _SHOWN_STATE.label("state"),
            col(CatalogProduct.code).label("product"),
            col(CatalogProduct.name).label("product_name"),
            col(CatalogProduct.service_kind),
            col(Customer.number).label("customer"),
            col(Customer.name).label("customer_name"),
            col(Contract.number).label("contract"),
            col(Contract.status).label("contract_status"),
            col(CatalogService.activated_at),
            col(CatalogService.ended_at),
        )
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .join(Customer, col(Customer.id) == col(CatalogService.customer_id))
        .outerjoin(Contract, col(Contract.id) == col(CatalogService.contract_id))
        .where(*ctx.visible_conditions(CatalogService))
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def _is_suspended(suspended: bool) -> Any:
    """Active services with or without a suspension, asked so that an index answers."""
    return and_(
        col(CatalogService.state) == ServiceState.ACTIVE, col(CatalogService.suspended).is_(suspended)
    )


def _suspended_or_not(chosen: Sequence[str]) -> Any:
    wanted = chosen[-1] in ("1", "true", "yes", "on")
    # Only active services are suspended, which lets an index answer.
    return _is_suspended(True) if wanted else col(CatalogService.suspended).is_(False)


def _contract(row: RowMapping) -> str | None:
    """The contract under which a service stands, or stood when it ended."""
    over = row["contract_status"] in OVER and row["ended_at"] is None
    return None if over else row["contract"]


def _contract_page(row: RowMapping) -> str | None:
    return f"/contracts/{row['contract']}" if _contract(row) else None


def _under(numbers: Sequence[str]) -> Any:
    """Services that stand under the contract with a number, or did until it ended."""
    named = select(col(Contract.id)).where(col(Contract.number) == numbers[-1].strip().upper())
    return col(CatalogService.contract_id).in_(named)


def _of(products: Sequence[ProductView]) -> Callable[[Sequence[str]], Any]:
    """Services of the products with these codes, asked by key: the database knows of each key how many services have it."""
    keys = {one.code: one.id for one in products}
    return lambda codes: col(CatalogService.product_id).in_([keys[code] for code in codes if code in keys])


def services_table(products: Sequence[ProductView]) -> Table:
    """The list of services with the filters that the products give."""
    return Table(
        "catalog-services",
        label=_("Services"),
        columns=(
            Column(
                "label",
                _("Service"),
                Kind.PHONE,
                sub="product_name",
                icon=lambda row: KIND_ICONS[ServiceKind(row["service_kind"])],
            ),
            Column("number", _("Number"), Kind.MONO, sort=True, priority=2),
            Column("customer_name", _("Customer"), href="/customers/{customer}"),
            Column(
                "contract",
                _("Contract"),
                Kind.MONO,
                value=_contract,
                href=_contract_page,
                priority=3,
                optional=True,
            ),
            Column("activated_at", _("Active since"), Kind.DATE, sort=True, priority=2),
            Column("ended_at", _("Ended"), Kind.DATE, priority=3, optional=True),
            Column("state", _("State"), Kind.STATUS),
        ),
        tabs=(
            Tab("current", _("All"), col(CatalogService.state).not_in(_OVER), count=True),
            Tab("active", _("Active"), _is_suspended(False), count=True),
            Tab("suspended", _("Suspended"), _is_suspended(True), count=True, tone="warn"),
            Tab(
                "provisioning",
                _("Being set up"),
                col(CatalogService.state).in_((ServiceState.DRAFT, ServiceState.PROVISIONING)),
                count=True,
                tone="info",
            ),
            Tab(
                "failed",
                _("Failed"),
                col(CatalogService.state) == ServiceState.FAILED,
                count=True,
                tone="bad",
            ),
            Tab("ended", _("Ended"), col(CatalogService.state).in_(_OVER)),
        ),
        filters=(
            Filter(
                "product",
                _("Product"),
                [(one.code, one.name) for one in products],
                where=_of(products),
                changing=True,
            ),
            Filter("contract", _("Contract"), kind="text", where=_under),
            Filter("activated_at", _("Active since"), kind="dates"),
            Filter("suspended", _("Suspended"), kind="bool", where=_suspended_or_not),
        ),
        starts=("number", "label"),
        found=(("service", "id"), ("customer", col(CatalogService.customer_id))),
        finds=(_has_identifier,),
        search_label=_("Number, identifier or customer"),
        sort="-number",
        row_href="/catalog/services/{number}",
        empty=Empty(
            _("No service yet"),
            _("A service begins with an order."),
            icon="device-mobile",
            href="/catalog/orders/new",
            action=_("New order"),
            permission="catalog.order.create",
        ),
    )
