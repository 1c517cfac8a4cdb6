"""What an add-on includes counts for the service that it is added to, from the month in which it begins."""

from datetime import datetime

from sqlmodel import col, select

from trunkline.operation import Context
from trunkline_billing.models.usage import BillingAllowance
from trunkline_billing.periods import Period
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import ServiceView


def include_add_on(ctx: Context, service: ServiceView, at: datetime) -> None:
    """Add what an add-on includes to the month of its service, whole; a month without use has it from its first use on."""
    _add(ctx, service, at, 1)


def exclude_add_on(ctx: Context, service: ServiceView) -> None:
    """Take it off this month again, but for what is used already: the add-on was not delivered."""
    _add(ctx, service, ctx.now(), -1)


def _add(ctx: Context, service: ServiceView, at: datetime, sign: int) -> None:
    if service.parent_id is None:
        return
    product = catalog.product(ctx, service.product_code)
    if not product.included or not catalog.extends(product):
        return
    for row in ctx.session.scalars(
        select(BillingAllowance)
        .where(
            col(BillingAllowance.service_id) == service.parent_id,
            col(BillingAllowance.period) == str(Period.at(at, ctx.app.config.zone)),
            col(BillingAllowance.type).in_(product.included),
        )
        .with_for_update()
    ):
        row.quantity = max(row.used, row.quantity + sign * product.included[row.type])
    ctx.session.flush()
