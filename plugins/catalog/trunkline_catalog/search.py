"""How services, orders and products are found: of identifiers also the last digits."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline_catalog.models import CatalogIdentifier, CatalogOrder, CatalogProduct, CatalogService
from trunkline_catalog.queries.services import service_views
from trunkline_catalog.tables import KIND_ICONS


def _services(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(CatalogService).where(col(CatalogService.id).in_(ids))).all()
    labels = {row.key: row.label for row in rows}
    had: dict[int, list[str]] = {}
    for service_id, value in ctx.session.execute(
        select(col(CatalogIdentifier.service_id), col(CatalogIdentifier.value)).where(
            col(CatalogIdentifier.service_id).in_(ids)
        )
    ):
        had.setdefault(service_id, []).append(value)
    owners = {
        row.id: row
        for row in ctx.session.execute(
            select(col(Customer.id), col(Customer.name), col(Customer.reseller_id)).where(
                col(Customer.id).in_({row.customer_id for row in rows})
            )
        )
    }
    return [
        SearchDocument(
            kind="service",
            id=view.id,
            title=labels[view.id] or view.number,
            subtitle=" · ".join((view.product_name, owners[view.customer_id].name, view.number)),
            path=f"/catalog/services/{view.number}",
            permission="catalog.service.view",
            terms=[view.number, view.product_name, owners[view.customer_id].name, *had.get(view.id, ())],
            digits=[labels[view.id], *had.get(view.id, ())],
            customer_id=view.customer_id,
            reseller_id=owners[view.customer_id].reseller_id,
            icon=KIND_ICONS[view.service_kind],
        )
        for view in service_views(ctx, rows)
    ]


def _orders(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.execute(
        select(
            col(CatalogOrder.id),
            col(CatalogOrder.number),
            col(CatalogOrder.customer_id),
            col(Customer.name),
            col(Customer.reseller_id),
        )
        .join(Customer, col(Customer.id) == col(CatalogOrder.customer_id))
        .where(col(CatalogOrder.id).in_(ids))
    )
    return [
        SearchDocument(
            kind="order",
            id=row.id,
            title=row.number,
            subtitle=row.name,
            path=f"/catalog/orders/{row.number}",
            permission="catalog.order.view",
            terms=[row.number],
            digits=[row.number],
            customer_id=row.customer_id,
            reseller_id=row.reseller_id,
            icon="shopping-cart",
        )
        for row in rows
    ]


def _products(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(CatalogProduct).where(col(CatalogProduct.id).in_(ids)))
    return [
        SearchDocument(
            kind="product",
            id=row.key,
            title=row.name,
            subtitle=row.code,
            path=f"/catalog/products/{row.code}",
            permission="catalog.product.view",
            terms=[row.code, row.description],
            icon="package",
        )
        for row in rows
    ]


def _all(model: type[CatalogService | CatalogOrder | CatalogProduct], ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(model.id))) if key is not None]


SEARCH_KINDS = (
    SearchKind(
        "service", _("Services"), _services, lambda ctx: _all(CatalogService, ctx), "catalog.service.view"
    ),
    SearchKind("order", _("Orders"), _orders, lambda ctx: _all(CatalogOrder, ctx), "catalog.order.view"),
    SearchKind(
        "product", _("Products"), _products, lambda ctx: _all(CatalogProduct, ctx), "catalog.product.view"
    ),
)
