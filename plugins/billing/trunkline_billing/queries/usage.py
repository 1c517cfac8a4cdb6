"""Rated usage."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlmodel import col

from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount, BillingSubscription
from trunkline_billing.models.usage import BillingUsage
from trunkline_billing.periods import Period
from trunkline_billing.schemas import UNITS, UsageView


def usage_of_services(service_ids: Sequence[int]) -> ColumnElement[bool]:
    """Uses of these services, as a condition of `usage_select`."""
    return col(BillingUsage.service_id).in_(service_ids)


def usage_select(
    ctx: Context, customer_id: int | None = None, service_id: int | None = None
) -> "Select[*tuple[Any, ...]]":
    """Core select of visible rated uses, for lists."""
    statement = (
        select(
            col(BillingUsage.id).label("id"),
            col(BillingUsage.start).label("start"),
            col(BillingUsage.type).label("type"),
            col(BillingUsage.direction).label("direction"),
            col(BillingUsage.identifier).label("identifier"),
            col(BillingUsage.other).label("other"),
            col(BillingUsage.destination).label("destination"),
            col(BillingUsage.quantity).label("quantity"),
            case(UNITS, value=col(BillingUsage.type)).label("unit"),
            col(BillingUsage.included).label("included"),
            col(BillingUsage.cost_micros).label("cost"),
            col(BillingUsage.service_id).label("service_id"),
            col(BillingAccount.currency).label("currency"),
            col(BillingAccount.number).label("account_number"),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingUsage.account_id))
        .where(*ctx.visible_conditions(BillingUsage))
    )
    if customer_id is not None:
        accounts = select(col(BillingAccount.id)).where(col(BillingAccount.customer_id) == customer_id)
        statement = statement.where(col(BillingUsage.account_id).in_(accounts))
    return statement if service_id is None else statement.where(*_of_services([service_id]))


def _of_services(service_ids: Sequence[int]) -> list[ColumnElement[bool]]:
    """Conditions for the uses of services: found by their key, which the account leads."""
    accounts = select(col(BillingSubscription.account_id)).where(
        col(BillingSubscription.service_id).in_(service_ids)
    )
    return [col(BillingUsage.account_id).in_(accounts), col(BillingUsage.service_id).in_(service_ids)]


def usage_of(ctx: Context, service_id: int, limit: int = 100) -> list[UsageView]:
    """The latest uses of a service."""
    rows = ctx.session.execute(
        usage_select(ctx, service_id=service_id)
        .order_by(col(BillingUsage.start).desc(), col(BillingUsage.id))
        .limit(limit)
    )
    return [
        UsageView(
            row.id,
            row.service_id,
            row.type,
            row.direction,
            row.other,
            row.destination,
            row.start,
            row.quantity,
            UNITS[row.type],
            row.included,
            Money(row.cost, row.currency),
        )
        for row in rows
    ]


def used_in(
    ctx: Context, service_ids: Sequence[int], period: str = ""
) -> dict[tuple[int, str], tuple[int, int, Money]]:
    """(service, type) → (count, quantity, cost) of a month's outgoing use."""
    zone = ctx.app.config.zone
    month = Period.parse(period) if period else Period.at(ctx.now(), zone)
    rows = ctx.session.execute(
        select(
            col(BillingUsage.service_id),
            col(BillingUsage.type),
            func.count().label("uses"),
            func.sum(col(BillingUsage.quantity)).label("quantity"),
            func.sum(col(BillingUsage.cost_micros)).label("cost"),
            func.max(col(BillingAccount.currency)).label("currency"),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingUsage.account_id))
        .where(
            *_of_services(service_ids),
            col(BillingUsage.direction) == "out",
            col(BillingUsage.start) >= month.start(zone),
            col(BillingUsage.start) < month.end(zone),
            *ctx.visible_conditions(BillingUsage),
        )
        .group_by(col(BillingUsage.service_id), col(BillingUsage.type))
    )
    return {
        (row.service_id, row.type): (row.uses, int(row.quantity), Money(int(row.cost), row.currency))
        for row in rows
    }
