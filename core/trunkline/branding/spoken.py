"""What customers of a reseller hear of its brand: the language they are spoken to in, and where letters lead."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.branding.brands import Brand, Brands
from trunkline.customers.models import Customer
from trunkline.operation import Context


def brand_for(ctx: Context, reseller_id: int | None) -> Brand:
    """The brand that customers of the reseller know; the operator's own without one."""
    return ctx.app.part(Brands).of_reseller(reseller_id, ctx.session)


def brand_of_customer(ctx: Context, customer_id: int | None) -> Brand:
    """The brand that a customer knows: that of who sold to them."""
    reseller_id: int | None = None
    if customer_id is not None:
        found = ctx.session.execute(select(col(Customer.reseller_id)).where(col(Customer.id) == customer_id))
        reseller_id = found.scalar_one_or_none()
    return brand_for(ctx, reseller_id)


def address_for_customer(ctx: Context, customer_id: int | None, path: str = "") -> str:
    """Where somebody of this customer opens `path` of ours: at the host of the brand that they know. Staff have no customer."""
    return f"{brand_of_customer(ctx, customer_id).address(ctx.app.config.public_url)}{path}"


def language_for(ctx: Context, language: str, reseller_id: int | None) -> str:
    """The language to speak to a customer in: their own, else their brand's, else the operator's."""
    return language or brand_for(ctx, reseller_id).language or ctx.app.config.language


def address_for(ctx: Context, reseller_id: int | None) -> str:
    """Where customers of the reseller find their portal, without a slash at the end: at the brand's own host if it has one."""
    return brand_for(ctx, reseller_id).address(ctx.app.config.public_url)
