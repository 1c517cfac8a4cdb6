"""What single services cost: a price of their own where they have one, else that of their product."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlmodel import col

from trunkline.db.parts import parts
from trunkline.db.prepared import Prepared, among
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_catalog.models import CatalogProduct, CatalogServicePrice
from trunkline_catalog.queries.products import monthly_prices, price_at
from trunkline_catalog.schemas import OwnPrice, ProductView

_OWN = Prepared(
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
    .where(col(CatalogServicePrice.service_id).in_(among("keys")))
    .order_by(col(CatalogServicePrice.effective_from), col(CatalogServicePrice.id))
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
    found: dict[int, list[OwnPrice]] = {}
    for some in parts(sorted(set(service_ids))):
        for row in _OWN.rows(ctx, keys=list(some)):
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


def monthly_of(ctx: Context, services: Iterable[Priced]) -> dict[int, Money]:
    """What these services cost a month now, by key; 0 for one whose bundle pays, none for one whose product has no price."""
    wanted = list(services)
    keys = tuple(one.id for one in wanted)
    own = ctx.once(("catalog.own_prices", keys), lambda: own_prices(ctx, keys))
    listed = monthly_prices(ctx, (one.product_code for one in wanted))
    return {one.id: price for one in wanted if (price := _now(ctx, one, own, listed)) is not None}


def _now(
    ctx: Context, service: Priced, own: Mapping[int, Sequence[OwnPrice]], listed: Mapping[str, Money]
) -> Money | None:
    price = in_force(own.get(service.id, ()), service.product_code, ctx.now())
    money = Money(price.monthly_micros, price.currency) if price else listed.get(service.product_code)
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
