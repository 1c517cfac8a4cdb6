"""What single services cost: a price of their own where they have one, else that of their product."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import bindparam, select
from sqlmodel import col

from trunkline.db.parts import parts
from trunkline.db.prepared import Found, Prepared, among, columns
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_catalog.models import CatalogProduct, CatalogService, CatalogServicePrice
from trunkline_catalog.queries.product_terms import Terms, terms_of
from trunkline_catalog.queries.products import price_at
from trunkline_catalog.schemas import OwnPrice, ProductView

_OWN = (
    select(
        col(CatalogServicePrice.service_id),
        col(CatalogProduct.code),
        col(CatalogServicePrice.effective_from),
        col(CatalogServicePrice.monthly_micros),
        col(CatalogServicePrice.currency),
        col(CatalogServicePrice.index_name),
        col(CatalogServicePrice.basis_points),
        col(CatalogServicePrice.effective_until),
    )
    .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogServicePrice.product_id))
    .order_by(col(CatalogServicePrice.effective_from), col(CatalogServicePrice.id))
)
_OWN_OF = Prepared(_OWN.where(col(CatalogServicePrice.service_id).in_(among("keys"))))
_SERVICE = columns(CatalogService)
_OWN_OF_CUSTOMER = Prepared(
    _OWN.where(
        col(CatalogServicePrice.service_id).in_(
            select(_SERVICE.id).where(_SERVICE.customer_id == bindparam("customer_id"))
        )
    )
)


class Priced(Protocol):
    """What is read of a service to tell its price."""

    @property
    def id(self) -> int: ...
    @property
    def product_code(self) -> str: ...
    @property
    def covered(self) -> bool: ...


def own_prices(ctx: Context, service_ids: Sequence[int]) -> dict[int, list[OwnPrice]]:
    """The prices that these services had, have and will have of their own, by service, the earliest first."""
    some_of_all = parts(sorted(set(service_ids)))
    return _by_service(row for some in some_of_all for row in _OWN_OF.rows(ctx, keys=list(some)))


def _by_service(rows: Iterable[Found]) -> dict[int, list[OwnPrice]]:
    found: dict[int, list[OwnPrice]] = {}
    for row in rows:
        found.setdefault(row.service_id, []).append(OwnPrice(*row))
    return found


def in_force(prices: Sequence[OwnPrice], product_code: str, at: datetime) -> OwnPrice | None:
    """The last of a service's own prices that counts at a moment: it has begun, and no change of plan has ended it."""
    return next(
        (
            one
            for one in reversed(prices)
            if one.product_code == product_code
            and one.effective_from <= at
            and (one.effective_until is None or at < one.effective_until)
        ),
        None,
    )


def monthly_of(
    ctx: Context, services: Iterable[Priced], *, customer_id: int | None = None
) -> dict[int, Money]:
    """What these services cost a month now, by key; 0 for one whose bundle pays, none for one whose product has no price.

    `customer_id` says whose they all are, where the caller knows: a page about a customer then asks it together with all else.
    """
    wanted = list(services)
    if not wanted:
        return {}
    if customer_id is None:
        own = own_prices(ctx, [one.id for one in wanted])
    else:
        own = ctx.once(
            ("catalog.own_prices_of_customer", customer_id),
            lambda: _by_service(_OWN_OF_CUSTOMER.rows(ctx, customer_id=customer_id)),
        )
    listed = terms_of(ctx, (one.product_code for one in wanted), customer_id=customer_id)
    return {one.id: price for one in wanted if (price := _now(ctx, one, own, listed)) is not None}


def _now(
    ctx: Context, service: Priced, own: Mapping[int, Sequence[OwnPrice]], listed: Mapping[str, Terms]
) -> Money | None:
    price = in_force(own.get(service.id, ()), service.product_code, ctx.now())
    if price is not None:
        money: Money | None = Money(price.monthly_micros, price.currency)
    else:
        terms = listed.get(service.product_code)
        money = terms.monthly if terms else None
    return Money(0, money.currency) if money is not None and service.covered else money


def as_charged(ctx: Context, service_id: int, product: ProductView) -> ProductView:
    """The product with the monthly price that this service pays for it now."""
    price = in_force(own_prices(ctx, [service_id]).get(service_id, ()), product.code, ctx.now())
    if price is None:
        return product
    return product.model_copy(
        update={"monthly_price_micros": price.monthly_micros, "currency": price.currency}
    )


def monthly_at(ctx: Context, service: Priced, own: Sequence[OwnPrice], at: datetime) -> Money:
    """What a service costs a month at a moment, of its `own` prices or its product's. Raises Refused when there was none."""
    price = in_force(own, service.product_code, at)
    if price is not None:
        return Money(price.monthly_micros, price.currency)
    listed = price_at(ctx, service.product_code, at)
    return Money(listed.monthly_micros, listed.currency)
