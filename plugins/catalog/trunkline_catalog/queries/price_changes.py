"""Prices that are set and have not begun."""

from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.operation import Context
from trunkline.read_model import read_model
from trunkline_catalog.models import CatalogPrice, CatalogProduct


@read_model
class PriceChange:
    """A monthly price that begins at a moment, and the one that it follows; None where it is the first. In micro-units."""

    code: str
    name: str
    at: datetime
    monthly_micros: int
    currency: str
    before_micros: int | None
    before_currency: str | None


def price_changes(ctx: Context, limit: int) -> list[PriceChange]:
    """The next prices that begin, of products on sale, the first one first."""
    before = aliased(CatalogPrice)
    rows = ctx.session.execute(
        select(
            col(CatalogProduct.code),
            col(CatalogProduct.name),
            col(CatalogPrice.effective_from),
            col(CatalogPrice.monthly_micros),
            col(CatalogPrice.currency),
            col(before.monthly_micros),
            col(before.currency),
        )
        .join_from(CatalogPrice, CatalogProduct, col(CatalogProduct.id) == col(CatalogPrice.product_id))
        .outerjoin(
            before,
            and_(
                col(before.product_id) == col(CatalogPrice.product_id),
                col(before.effective_to) == col(CatalogPrice.effective_from),
            ),
        )
        .where(col(CatalogPrice.effective_from) > ctx.now(), col(CatalogProduct.retired).is_(False))
        .order_by(col(CatalogPrice.effective_from), col(CatalogProduct.name))
        .limit(limit)
    )
    return [PriceChange(*row) for row in rows]
