"""Which services belong to which: the parts of bundles, and add-ons."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from trunkline.db.parts import parts
from trunkline.db.prepared import Found, Prepared, among, columns
from trunkline.operation import Context
from trunkline_catalog.models import CatalogProduct, CatalogService
from trunkline_catalog.queries.services import services_of
from trunkline_catalog.schemas import ProductKind, ProductView, ServiceState, ServiceView

_SERVICE, _PRODUCT = columns(CatalogService), columns(CatalogProduct)
_ADDED = (
    select(_SERVICE.parent_id, _PRODUCT.needs, _PRODUCT.allowances)
    .join_from(_SERVICE.id.table, _PRODUCT.id.table, _PRODUCT.id == _SERVICE.product_id)
    .where(
        _PRODUCT.kind == ProductKind.ADD_ON,
        _SERVICE.state == ServiceState.ACTIVE,
        _SERVICE.parent_id.is_not(None),
    )
)
_ADDED_TO_ALL = Prepared(_ADDED)
_ADDED_TO = Prepared(_ADDED.where(_SERVICE.parent_id.in_(among("services"))))
_ADDED_OF_CUSTOMER = Prepared(_ADDED.where(_SERVICE.customer_id == bindparam("customer_id")))


def hosts_of(ctx: Context, customer_id: int, add_on: ProductView) -> list[ServiceView]:
    """The customer's active services to which an add-on can be added; empty for any other product."""
    if not add_on.fits:
        return []
    living = services_of(ctx, customer_id)
    had: dict[int, int] = {}
    for one in living:
        if (
            one.parent_id is not None
            and one.product_code == add_on.code
            and one.state is not ServiceState.FAILED
        ):
            had[one.parent_id] = had.get(one.parent_id, 0) + 1
    return [
        one
        for one in living
        if one.state is ServiceState.ACTIVE
        and one.product_code in add_on.fits
        and (not add_on.most_per_service or had.get(one.id, 0) < add_on.most_per_service)
    ]


def extends(product: ProductView) -> bool:
    """Whether what a product includes counts for the service that it is added to, having nothing by which it could be used."""
    return product.kind is ProductKind.ADD_ON and not product.needs


def added_allowances(
    ctx: Context, service_ids: Sequence[int] | None = None, *, customer_id: int | None = None
) -> dict[int, dict[str, int]]:
    """What active add-ons include a month for the services they were added to, beyond those services' own products: quantities
    (bytes, seconds, messages) by service and type of use; of these services, of a customer's, else of all."""
    found: dict[int, dict[str, int]] = {}
    for row in _added(ctx, service_ids, customer_id):
        if not row.needs:
            add_up(found.setdefault(row.parent_id, {}), row.allowances)
    return found


def _added(ctx: Context, service_ids: Sequence[int] | None, customer_id: int | None) -> Iterable[Found]:
    if customer_id is not None:
        return _ADDED_OF_CUSTOMER.rows(ctx, customer_id=customer_id)
    if service_ids is None:
        return _ADDED_TO_ALL.rows(ctx)
    return [row for some in parts(service_ids) for row in _ADDED_TO.rows(ctx, services=list(some))]


def add_up(sums: dict[str, int], allowances: Iterable[Mapping[str, Any]]) -> None:
    """Add allowances to sums by type of use."""
    for one in allowances:
        sums[one["type"]] = sums.get(one["type"], 0) + int(one["quantity"])


def belonging_to(ctx: Context, service: ServiceView, *, ended: bool = False) -> list[ServiceView]:
    """What belongs to a service, and what belongs to that; those that ended only on request."""
    return [
        one for one, depth in nested(services_of(ctx, service.customer_id, ended=ended), service.id) if depth
    ]


def nested(services: Sequence[ServiceView], root: int | None = None) -> list[tuple[ServiceView, int]]:
    """Services with what belongs to each right behind it, and how deep each stands; with `root` that one and what belongs to it.

    One whose parent is not among them stands by itself.
    """
    known = {one.id for one in services}
    below: dict[int | None, list[ServiceView]] = {}
    for one in services:
        below.setdefault(one.parent_id if one.parent_id in known else None, []).append(one)

    def of(one: ServiceView, depth: int) -> list[tuple[ServiceView, int]]:
        return [(one, depth), *(pair for child in below.get(one.id, ()) for pair in of(child, depth + 1))]

    tops = below.get(None, []) if root is None else [one for one in services if one.id == root]
    return [pair for top in tops for pair in of(top, 0)]
