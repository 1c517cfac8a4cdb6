"""A service that is charged as another product from a day on."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context, operation
from trunkline_billing.models.accounts import BillingAccount, BillingProductChange, BillingSubscription
from trunkline_billing.models.usage import BillingAllowance
from trunkline_billing.operations.charges import charge_month_anew
from trunkline_billing.operations.segments import Segment, by_price, charged
from trunkline_billing.periods import Period, local_day
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import ProductView


@dataclass(frozen=True)
class MonthForeseen:
    """How the month of a change is shared between two products; `day` is the first that counts as the new one."""

    before: Money
    before_days: int
    after: Money
    after_days: int
    day: date


@operation("billing.charge.create")
def change_product(ctx: Context, service_id: int, line_id: int, product_code: str, at: datetime) -> bool:
    """Charge a service as another product from the day of `at` on; False for one that is not charged.

    The same line again changes nothing. Raises Refused when the new product is priced in another currency.
    """
    subscription = _subscription(ctx, service_id)
    if subscription is None:
        return False
    if _of_line(ctx, line_id) is not None:
        return True
    product = catalog.product(ctx, product_code)
    _require_currency(ctx, subscription, product)
    ctx.session.add(
        BillingProductChange(
            service_id=service_id,
            line_id=line_id,
            at=at,
            day=local_day(at, ctx.app.config.zone),
            product_code=subscription.product_code,
            product_name=subscription.product_name,
        )
    )
    _become(ctx, subscription, product, at, str(_("Changed to {product}", product=product.name)))
    return True


@operation("billing.charge.create")
def undo_product_change(ctx: Context, service_id: int, line_id: int) -> bool:
    """Charge a service as if that line had never changed its product; False when it had not."""
    subscription, change = _subscription(ctx, service_id), _of_line(ctx, line_id)
    if subscription is None or change is None:
        return False
    product, at = catalog.product(ctx, change.product_code), change.at
    ctx.session.delete(change)
    _become(ctx, subscription, product, at, str(_("Stays {product}", product=product.name)))
    return True


def _become(
    ctx: Context, subscription: BillingSubscription, product: ProductView, at: datetime, why: str
) -> None:
    subscription.product_code, subscription.product_name = product.code, product.name
    ctx.session.flush()
    period = Period.at(at, ctx.app.config.zone)
    charge_month_anew(ctx, subscription, period, why, give_back=True)
    _include(ctx, subscription.service_id, period, product)
    ctx.note(subscription, label=subscription.service_number, product=product.code)


def _include(ctx: Context, service_id: int, period: Period, product: ProductView) -> None:
    """The month's allowances become the product's; what is used already stays covered."""
    included = Counter(product.included) + Counter(
        catalog.added_allowances(ctx, [service_id]).get(service_id, {})
    )
    for row in ctx.session.scalars(
        select(BillingAllowance).where(
            col(BillingAllowance.service_id) == service_id, col(BillingAllowance.period) == str(period)
        )
    ):
        row.quantity = max(row.used, included.get(row.type, 0))
    ctx.session.flush()


def _subscription(ctx: Context, service_id: int) -> BillingSubscription | None:
    """A service's subscription under its row lock, if it is charged and has not ended."""
    found = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id).with_for_update()
    ).one_or_none()
    return found if found is not None and found.ends_at is None else None


def _of_line(ctx: Context, line_id: int) -> BillingProductChange | None:
    return ctx.session.scalars(
        select(BillingProductChange).where(col(BillingProductChange.line_id) == line_id)
    ).one_or_none()


def _require_currency(ctx: Context, subscription: BillingSubscription, product: ProductView) -> None:
    account = ctx.session.get_one(BillingAccount, subscription.account_id)
    if product.currency != account.currency:
        raise Refused(
            _(
                "{product} is priced in {price}, account {account} is kept in {currency}.",
                product=product.name,
                price=product.currency or "–",
                account=account.number,
                currency=account.currency,
            ),
            field="product_code",
            remedy=_("Choose a product that is priced in the account’s currency."),
        )


def month_foreseen(
    ctx: Context, service_id: int, before: ProductView, after: ProductView, at: datetime
) -> MonthForeseen | None:
    """What the month of `at` comes to when a service changes its product then; None for one that is not charged.

    Raises Refused when the new product is priced in another currency than the account.
    """
    row = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id)
    ).one_or_none()
    if row is None or row.ends_at is not None:
        return None
    _require_currency(ctx, row, after)
    zone = ctx.app.config.zone
    period, day = Period.at(at, zone), local_day(at, zone)
    first = max(period.first_day, local_day(row.starts_at, zone))
    had, rest = max((day - first).days, 0), (period.last_day - max(first, day)).days + 1
    currency = ctx.session.get_one(BillingAccount, row.account_id).currency
    own = catalog.own_prices(ctx, [service_id]).get(service_id, ())

    def share(product: ProductView, since: date, days: int, moment: datetime) -> Money:
        last = since + timedelta(days=days - 1)
        whole = Segment(product.code, product.name, since, last, moment, leads=True)
        parts = by_price(whole, own, zone) if days else ()
        return Money(sum(charged(ctx, part, period.days) for part in parts), currency)

    return MonthForeseen(
        share(before, first, had, max(period.start(zone), row.starts_at)),
        had,
        share(after, max(first, day), rest, at),
        rest,
        day,
    )
