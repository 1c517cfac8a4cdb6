"""Usage and allowances."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select
from sqlmodel import col

from trunkline.db.prepared import Prepared, among, columns
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount, BillingSubscription
from trunkline_billing.models.usage import BillingAllowance, BillingUsage
from trunkline_billing.periods import Period
from trunkline_billing.schemas import UNITS, AllowanceView, UsageView
from trunkline_catalog import queries as catalog

_ALLOWANCE = columns(BillingAllowance)
_SUBSCRIPTION = columns(BillingSubscription)
_OF_MONTH = Prepared(
    select(_ALLOWANCE.service_id, _ALLOWANCE.type, _ALLOWANCE.quantity, _ALLOWANCE.used).where(
        _ALLOWANCE.service_id.in_(among("services")), _ALLOWANCE.period == bindparam("month")
    ),
    BillingAllowance,
)
_PRODUCTS = Prepared(
    select(_SUBSCRIPTION.service_id, _SUBSCRIPTION.product_code).where(
        _SUBSCRIPTION.service_id.in_(among("services"))
    ),
    BillingSubscription,
)
_TYPES = ("data", "voice", "sms", "event")


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


def allowances_of(ctx: Context, service_id: int, period: str = "") -> list[AllowanceView]:
    """What a service may still use of what is included in a month (this one unless given); data first, then calls, then messages.

    A month without any use yet shows what its product and its add-ons include.
    """
    month = period or str(Period.at(ctx.now(), ctx.app.config.zone))
    return allowances_of_many(ctx, [service_id], month).get(service_id, [])


def allowances_of_many(
    ctx: Context,
    service_ids: Sequence[int],
    period: str = "",
    *,
    products: Iterable[tuple[int, str]] | None = None,
) -> dict[int, list[AllowanceView]]:
    """`allowances_of` for several services at once; `products` are their (service, product code), where the caller knows them."""
    if not service_ids:
        return {}
    month = period or str(Period.at(ctx.now(), ctx.app.config.zone))
    found: dict[int, dict[str, AllowanceView]] = {}
    for row in _OF_MONTH.rows(ctx, services=service_ids, month=month):
        view = AllowanceView(row.service_id, month, row.type, UNITS[row.type], row.quantity, row.used)
        found.setdefault(row.service_id, {})[row.type] = view
    if products is None:
        products = [(row.service_id, row.product_code) for row in _PRODUCTS.rows(ctx, services=service_ids)]
    _add_untouched(ctx, products, month, found)
    return {
        service_id: [kinds[kind] for kind in _TYPES if kind in kinds] for service_id, kinds in found.items()
    }


def _add_untouched(
    ctx: Context, products: Iterable[tuple[int, str]], month: str, found: dict[int, dict[str, AllowanceView]]
) -> None:
    sold = list(products)
    included = catalog.included(ctx, [code for _service, code in sold])
    added = catalog.added_allowances(ctx, [service_id for service_id, _code in sold])
    for service_id, product_code in sold:
        kinds = found.setdefault(service_id, {})
        whole = Counter(included.get(product_code, {})) + Counter(added.get(service_id, {}))
        for kind, quantity in whole.items():
            kinds.setdefault(kind, AllowanceView(service_id, month, kind, UNITS[kind], quantity, 0))


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
