"""How services, orders and products are found: of identifiers also the last digits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline_catalog.models import CatalogIdentifier, CatalogOrder, CatalogProduct, CatalogService
from trunkline_catalog.schemas import ServiceKind
from trunkline_catalog.tables import KIND_ICONS

# Built once: a rebuild runs them for every few hundred services.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SERVICES: "Select[*tuple[Any, ...]]" = (
    select(
        col(CatalogService.id),
        col(CatalogService.number),
        col(CatalogService.label),
        col(CatalogService.customer_id),
        col(CatalogProduct.name).label("product_name"),
        col(CatalogProduct.service_kind),
        col(Customer.name).label("owner"),
        col(Customer.reseller_id),
    )
    .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
    .join(Customer, col(Customer.id) == col(CatalogService.customer_id))
    .where(col(CatalogService.id).in_(_IDS))
)
_IDENTIFIERS = select(col(CatalogIdentifier.service_id), col(CatalogIdentifier.value)).where(
    col(CatalogIdentifier.service_id).in_(_IDS)
)


def _services(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    had: dict[int, list[str]] = {}
    for service_id, value in ctx.session.connection().execute(_IDENTIFIERS, {"ids": list(ids)}):
        had.setdefault(service_id, []).append(value)
    return [
        SearchDocument(
            kind="service",
            id=row.id,
            title=row.label or row.number,
            subtitle=" · ".join((row.product_name, row.owner, row.number)),
            path=f"/catalog/services/{row.number}",
            permission="catalog.service.view",
            terms=[row.number, *had.get(row.id, ())],
            digits=[row.label, *had.get(row.id, ())],
            customer_id=row.customer_id,
            reseller_id=row.reseller_id,
            icon=KIND_ICONS[ServiceKind(row.service_kind)],
        )
        for row in ctx.session.connection().execute(_SERVICES, {"ids": list(ids)})
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
        "service",
        _("Services"),
        _services,
        lambda ctx: _all(CatalogService, ctx),
        "catalog.service.view",
        page="/catalog/services/{number}",
    ),
    SearchKind(
        "order",
        _("Orders"),
        _orders,
        lambda ctx: _all(CatalogOrder, ctx),
        "catalog.order.view",
        page="/catalog/orders/{number}",
    ),
    SearchKind(
        "product",
        _("Products"),
        _products,
        lambda ctx: _all(CatalogProduct, ctx),
        "catalog.product.view",
        page="/catalog/products/{code}",
    ),
)
