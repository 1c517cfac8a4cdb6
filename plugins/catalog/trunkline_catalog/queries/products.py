"""Products and what they cost when."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlmodel import col

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.models import CatalogPrice, CatalogProduct
from trunkline_catalog.schemas import (
    Allowance,
    Parameter,
    Price,
    PriceView,
    ProductKind,
    ProductView,
    ServiceKind,
)


def product(ctx: Context, code: str) -> ProductView:
    """One product by its code, with the price of now. Raises NotFound."""
    row = ctx.session.scalars(select(CatalogProduct).where(col(CatalogProduct.code) == code)).one_or_none()
    if row is None:
        raise NotFound(_("There is no product “{code}”.", code=code), field="product_code")
    return product_views(ctx, [row])[0]


def product_by_id(ctx: Context, product_id: int) -> ProductView:
    """One product by its key. Raises NotFound."""
    row = ctx.session.get(CatalogProduct, product_id)
    if row is None:
        raise NotFound(_("There is no such product."))
    return product_views(ctx, [row])[0]


def products(ctx: Context, *, retired: bool = False) -> list[ProductView]:
    """What is sold, by name; retired products only on request."""
    statement = select(CatalogProduct).order_by(col(CatalogProduct.name))
    if not retired:
        statement = statement.where(col(CatalogProduct.retired).is_(False))
    return product_views(ctx, ctx.session.scalars(statement).all())


def product_views(ctx: Context, rows: Sequence[CatalogProduct]) -> list[ProductView]:
    """Products as others see them, their prices read in one go."""
    found = ctx.session.scalars(_at([row.key for row in rows], ctx.now()))
    current = {price.product_id: price for price in found}
    return [_view(row, current.get(row.key)) for row in rows]


def _view(row: CatalogProduct, price: CatalogPrice | None) -> ProductView:
    return ProductView(
        id=row.key,
        code=row.code,
        name=row.name,
        description=row.description,
        kind=ProductKind(row.kind),
        service_kind=ServiceKind(row.service_kind),
        retired=row.retired,
        needs=tuple(row.needs),
        parameters=tuple(Parameter.model_validate(one) for one in row.parameters),
        playbook=row.playbook,
        tariff=row.tariff,
        allowances=tuple(Allowance.model_validate(one) for one in row.allowances),
        setup_price_micros=price.setup_micros if price else 0,
        monthly_price_micros=price.monthly_micros if price else 0,
        currency=price.currency if price else "",
        version=row.version,
    )


def _at(product_ids: Sequence[int], at: datetime) -> "Select[CatalogPrice]":
    return select(CatalogPrice).where(
        col(CatalogPrice.product_id).in_(product_ids),
        col(CatalogPrice.effective_from) <= at,
        or_(col(CatalogPrice.effective_to).is_(None), col(CatalogPrice.effective_to) > at),
    )


def price_at(ctx: Context, product_code: str, at: datetime) -> Price:
    """What a product costs at a moment. Raises Refused when it had no price then."""
    product_id = ctx.session.scalar(
        select(col(CatalogProduct.id)).where(col(CatalogProduct.code) == product_code)
    )
    row = ctx.session.scalars(_at([product_id or 0], at)).one_or_none()
    if row is None:
        raise Refused(
            _("“{code}” has no price at {at}.", code=product_code, at=f"{at:%Y-%m-%d %H:%M}"),
            field="product_code",
            remedy=_("Give it a price that begins before."),
        )
    return Price(row.setup_micros, row.monthly_micros, row.currency)


def prices(ctx: Context, product_id: int) -> list[PriceView]:
    """Every price a product had, has and will have, newest first."""
    rows = ctx.session.scalars(
        select(CatalogPrice)
        .where(col(CatalogPrice.product_id) == product_id)
        .order_by(col(CatalogPrice.effective_from).desc())
    )
    return [
        PriceView(
            id=row.key,
            effective_from=row.effective_from,
            effective_to=row.effective_to,
            setup_micros=row.setup_micros,
            monthly_micros=row.monthly_micros,
            currency=row.currency,
        )
        for row in rows
    ]


def known_playbooks(ctx: Context) -> list[str] | None:
    """Names a product's playbook may have; None when no plugin knows."""
    return _known(ctx, "catalog_playbooks")


def known_tariffs(ctx: Context) -> list[str] | None:
    """Names a product's tariff may have; None when no plugin knows."""
    return _known(ctx, "catalog_tariffs")


def _known(ctx: Context, hook: str) -> list[str] | None:
    if not any(True for _one in ctx.app.hooks.implementations(hook)):
        return None
    return sorted({str(name) for _plugin, name in ctx.app.hooks.gather(hook, ctx=ctx)})
