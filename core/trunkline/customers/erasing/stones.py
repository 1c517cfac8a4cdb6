"""What is left to say of a customer who was erased."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.erasing.models import CustomerErasure
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.operation import Context


def stone_of(ctx: Context, customer: Customer) -> CustomerErasure | None:
    """The record of the customer's erasure; None for who was not erased."""
    if customer.status != CustomerStatus.ARCHIVED:
        return None
    record = select(CustomerErasure).where(col(CustomerErasure.customer_id) == customer.key)
    return ctx.once(("core.erasure_of", customer.key), lambda: ctx.session.scalars(record).one_or_none())
