"""Products and what they cost when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlmodel import col

from trunkline.db.prepared import Found, Prepared, among, columns
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline.operation import Context
from trunkline_catalog.models import CatalogPrice, CatalogProduct
from trunkline_catalog.schemas import (
    Allowance,
    Member,
    Parameter,
    Price,
    PriceView,
    ProductKind,
    ProductView,
    ServiceKind,
    SuspensionTerms,
)

_PRODUCT, _PRICE = columns(CatalogProduct), columns(CatalogPrice)
_IN_FORCE = and_(
    _PRICE.product_id == _PRODUCT.id,
    _PRICE.effective_from <= bindparam("at"),
    or_(_PRICE.effective_to.is_(None), _PRICE.effective_to > bindparam("at")),
)
_WITH_PRICE = (
    select(*_PRODUCT, _PRICE.setup_micros, _PRICE.monthly_micros, _PRICE.currency)
    .outerjoin_from(_PRODUCT.id.table, _PRICE.id.table, _IN_FORCE)
    .order_by(_PRODUCT.name)
)
_BY_CODE = Prepared(_WITH_PRICE.where(_PRODUCT.code == bindparam("code")))
_BY_KEYS = Prepared(_WITH_PRICE.where(_PRODUCT.id.in_(among("keys"))))
_ALL, _SOLD = Prepared(_WITH_PRICE), Prepared(_WITH_PRICE.where(_PRODUCT.retired.is_(False)))


def product(ctx: Context, code: str) -> ProductView:
    """One product by its code, with the price of now. Raises NotFound."""

    def ask() -> ProductView:
        row = _BY_CODE.first(ctx, code=code, at=ctx.now())
        if row is None:
            raise NotFound(_("There is no product “{code}”.", code=code), field="product_code")
        return _view(row)

    return ctx.once(("catalog.product", code), ask)


def product_by_id(ctx: Context, product_id: int) -> ProductView:
    """One product by its key. Raises NotFound."""
    row = _BY_KEYS.first(ctx, keys=[product_id], at=ctx.now())
    if row is None:
        raise NotFound(_("There is no such product."))
    return _view(row)


def products(ctx: Context, *, retired: bool = False) -> list[ProductView]:
    """What is sold, by name; retired products only on request."""
    return [_view(row) for row in (_ALL if retired else _SOLD).rows(ctx, at=ctx.now())]


def offer_price(product: ProductView, known: Mapping[str, ProductView]) -> tuple[int, int]:
    """What an order of a product comes to once and each month, in micro-units; `known` has the products of bundles by code."""
    if not product.priced_by_members:
        return product.setup_price_micros, product.monthly_price_micros
    members = [(known[one.product], one.quantity) for one in product.members]
    return (
        sum(one.setup_price_micros * quantity for one, quantity in members),
        sum(one.monthly_price_micros * quantity for one, quantity in members),
    )


def priced(ctx: Context, product: ProductView) -> ProductView:
    """The product with what an order of it comes to: a bundle that its products price has 0 of its own, and here their sum."""
    if not product.priced_by_members:
        return product
    setup, monthly = offer_price(product, {one.code: one for one in products(ctx, retired=True)})
    return product.model_copy(update={"setup_price_micros": setup, "monthly_price_micros": monthly})


def _view(row: Found) -> ProductView:
    return ProductView(
        id=row.id,
        code=row.code,
        name=row.name,
        description=row.description,
        kind=ProductKind(row.kind),
        service_kind=ServiceKind(row.service_kind),
        retired=row.retired,
        needs=tuple(row.needs),
        parameters=tuple(Parameter.model_validate(one) for one in row.parameters),
        playbook=row.playbook,
        on_failure=OnFailure(row.on_failure),
        tariff=row.tariff,
        allowances=tuple(Allowance.model_validate(one) for one in row.allowances),
        suspension=SuspensionTerms.model_validate(row.suspension),
        members=tuple(Member.model_validate(one) for one in row.members),
        priced_by_members=row.priced_by_members,
        fits=tuple(row.fits),
        most_per_service=row.most_per_service,
        setup_price_micros=row.setup_micros or 0,
        monthly_price_micros=row.monthly_micros or 0,
        currency=row.currency or "",
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
