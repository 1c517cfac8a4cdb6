"""What services may still use of what their products include."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from trunkline.db.prepared import Found, Prepared, among, columns
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingSubscription
from trunkline_billing.models.usage import BillingAllowance
from trunkline_billing.periods import Period
from trunkline_billing.queries.accounts import subscriptions_of
from trunkline_billing.schemas import UNITS, AllowanceView
from trunkline_catalog import queries as catalog

_ALLOWANCE = columns(BillingAllowance)
_SUBSCRIPTION = columns(BillingSubscription)
_OF_MONTH = select(_ALLOWANCE.service_id, _ALLOWANCE.type, _ALLOWANCE.quantity, _ALLOWANCE.used).where(
    _ALLOWANCE.period == bindparam("month")
)
_OF_SERVICES = Prepared(_OF_MONTH.where(_ALLOWANCE.service_id.in_(among("services"))), BillingAllowance)
_OF_CUSTOMER = Prepared(
    _OF_MONTH.where(
        _ALLOWANCE.service_id.in_(
            select(_SUBSCRIPTION.service_id).where(_SUBSCRIPTION.customer_id == bindparam("customer_id"))
        )
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


def allowances_of(ctx: Context, service_id: int, period: str = "") -> list[AllowanceView]:
    """What a service may still use of what is included in a month (this one unless given); data first, then calls, then messages.

    A month without any use yet shows what its product and its add-ons include.
    """
    return allowances_of_many(ctx, [service_id], period).get(service_id, [])


def allowances_of_many(
    ctx: Context, service_ids: Sequence[int], period: str = ""
) -> dict[int, list[AllowanceView]]:
    """`allowances_of` for several services at once."""
    if not service_ids:
        return {}
    month = period or _this_month(ctx)
    touched = _OF_SERVICES.rows(ctx, services=service_ids, month=month)
    sold = {row.service_id: row.product_code for row in _PRODUCTS.rows(ctx, services=service_ids)}
    included = catalog.included(ctx, sold.values())
    added = catalog.added_allowances(ctx, list(sold))
    return _allowances(month, touched, sold, included, added)


def allowances_of_customer(ctx: Context, customer_id: int) -> dict[int, list[AllowanceView]]:
    """`allowances_of` this month for each of a customer's services that is charged for."""
    sold = {
        one.service_id: one.product_code
        for one in subscriptions_of(ctx, customer_id)
        if one.monthly is not None
    }
    if not sold:
        return {}
    month = _this_month(ctx)
    touched = [
        row for row in _OF_CUSTOMER.rows(ctx, customer_id=customer_id, month=month) if row.service_id in sold
    ]
    included = catalog.included(ctx, sold.values(), customer_id=customer_id)
    added = catalog.added_allowances(ctx, customer_id=customer_id)
    return _allowances(month, touched, sold, included, added)


def _this_month(ctx: Context) -> str:
    return str(Period.at(ctx.now(), ctx.app.config.zone))


def _allowances(
    month: str,
    touched: Iterable[Found],
    sold: Mapping[int, str],
    included: Mapping[str, Mapping[str, int]],
    added: Mapping[int, Mapping[str, int]],
) -> dict[int, list[AllowanceView]]:
    """What was touched this month, and of the rest what the services' products and their add-ons include."""
    found: dict[int, dict[str, AllowanceView]] = {}
    for row in touched:
        view = AllowanceView(row.service_id, month, row.type, UNITS[row.type], row.quantity, row.used)
        found.setdefault(row.service_id, {})[row.type] = view
    for service_id, product_code in sold.items():
        kinds = found.setdefault(service_id, {})
        whole = Counter(included.get(product_code, {})) + Counter(added.get(service_id, {}))
        for kind, quantity in whole.items():
            kinds.setdefault(kind, AllowanceView(service_id, month, kind, UNITS[kind], quantity, 0))
    return {
        service_id: [kinds[kind] for kind in _TYPES if kind in kinds] for service_id, kinds in found.items()
    }
