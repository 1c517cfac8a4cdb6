"""Starting, stopping and taking back what a service is charged."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import col, select

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_billing.models.accounts import (
    BillingAccount,
    BillingCharge,
    BillingSubscription,
    ChargeKind,
    ChargeState,
    Ledger,
)
from trunkline_billing.operations.accounts import default_account, lock_accounts
from trunkline_billing.operations.ledger import post_one
from trunkline_billing.periods import Period, charged_days, local_day, prorated
from trunkline_catalog import queries as catalog


@dataclass(frozen=True)
class ChargeService:
    """Charge a service from `starts_at` on; the set-up price only where it was ordered here."""

    service_id: int
    starts_at: datetime
    setup: bool = True


@operation("billing.charge.create")
def charge_service(ctx: Context, command: ChargeService) -> BillingSubscription:
    """Charge the set-up price and the rest of this month, and the whole price every month from then on.

    Charging a service again changes nothing. Raises Refused when product and account differ in currency.
    """
    existing = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == command.service_id)
    ).one_or_none()
    if existing is not None:
        return existing
    service = catalog.service_by_id(ctx, command.service_id)
    account = default_account(ctx, service.customer_id)
    lock_accounts(ctx, [account.key])
    price = catalog.price_at(ctx, service.product_code, command.starts_at)
    if price.currency != account.currency:
        raise Refused(
            _(
                "{product} is priced in {price}, account {account} is kept in {currency}.",
                product=service.product_name,
                price=price.currency,
                account=account.number,
                currency=account.currency,
            ),
            field="account",
            remedy=_("Open an account in that currency and make it the default."),
        )
    subscription = BillingSubscription(
        service_id=service.id,
        service_number=service.number,
        account_id=account.key,
        customer_id=service.customer_id,
        product_code=service.product_code,
        product_name=service.product_name,
        starts_at=command.starts_at,
        created_at=ctx.now(),
    )
    ctx.session.add(subscription)
    ctx.session.flush()
    day = local_day(command.starts_at, ctx.app.config.zone)
    if command.setup and price.setup_micros:
        _charge(
            ctx,
            account,
            subscription,
            ChargeKind.SETUP,
            f"service:{service.id}:setup",
            price.setup_micros,
            day,
            day,
        )
    if Period.of(day) == Period.at(ctx.now(), ctx.app.config.zone):
        _charge_month(ctx, account, subscription, Period.of(day), price.monthly_micros)
    ctx.note(subscription, label=service.number)
    return subscription


def _charge_month(
    ctx: Context,
    account: BillingAccount,
    subscription: BillingSubscription,
    period: Period,
    monthly_micros: int,
) -> None:
    zone = ctx.app.config.zone
    ends_on = local_day(subscription.ends_at, zone) if subscription.ends_at else None
    days = charged_days(period, local_day(subscription.starts_at, zone), ends_on)
    if days is None or not monthly_micros:
        return
    count = (days[1] - days[0]).days + 1
    amount = prorated(monthly_micros, count, period.days)
    key = monthly_key(subscription.service_id, period)
    _charge(ctx, account, subscription, ChargeKind.MONTHLY, key, amount, *days)


def monthly_key(service_id: int, period: Period) -> str:
    """What makes the monthly charge of a service unique."""
    return f"service:{service_id}:monthly:{period}"


def _charge(
    ctx: Context,
    account: BillingAccount,
    subscription: BillingSubscription,
    kind: ChargeKind,
    key: str,
    amount: int,
    first_day: date,
    last_day: date,
) -> None:
    text = f"{subscription.product_name} · {subscription.service_number}"
    sides = [(Ledger.UNBILLED, amount), (kind.ledger, -amount)]
    entry_id = post_one(ctx, account, kind, f"charge:{key}:{_attempt(ctx, key)}", text, sides)
    ctx.session.add(
        BillingCharge(
            unique_key=key,
            account_id=account.key,
            customer_id=account.customer_id,
            entry_id=entry_id,
            service_id=subscription.service_id,
            service_number=subscription.service_number,
            kind=kind,
            description=subscription.product_name,
            first_day=first_day,
            last_day=last_day,
            quantity=(last_day - first_day).days + 1 if kind is ChargeKind.MONTHLY else 1,
            count=1,
            amount_micros=amount,
            currency=account.currency,
            at=ctx.now(),
        )
    )
    ctx.session.flush()


def _attempt(ctx: Context, key: str) -> int:
    """How often this was charged before and taken back: each time has an entry of its own."""
    voided = select(func.count()).where(
        col(BillingCharge.unique_key).startswith(f"{key}:void:", autoescape=True)
    )
    return ctx.session.scalars(voided).one() + 1


@operation("billing.charge.create")
def stop_charging(ctx: Context, service_id: int, at: datetime) -> None:
    """Charge a service no longer from the day after `at`; what was charged beyond it and not yet invoiced is taken back."""
    subscription = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id).with_for_update()
    ).one_or_none()
    if subscription is None or subscription.ends_at is not None:
        return
    subscription.ends_at = at
    zone = ctx.app.config.zone
    period, day = Period.at(at, zone), local_day(at, zone)
    charge = _open_charge(ctx, monthly_key(service_id, period))
    if charge is not None and charge.last_day > day:
        account = ctx.session.get_one(BillingAccount, charge.account_id)
        price = catalog.price_at(
            ctx, subscription.product_code, max(subscription.starts_at, period.start(zone))
        )
        _void(ctx, charge, str(_("Service ended")))
        ctx.session.flush()
        _charge_month(ctx, account, subscription, period, price.monthly_micros)
    ctx.note(subscription, label=subscription.service_number)


@operation("billing.charge.create")
def undo_charging(ctx: Context, service_id: int) -> int:
    """Take back everything charged for a service that was not delivered; returns how many charges were voided.

    Raises Refused when one of them is on an invoice already.
    """
    charges = ctx.session.scalars(
        select(BillingCharge)
        .where(col(BillingCharge.service_id) == service_id, col(BillingCharge.state) != ChargeState.VOID)
        .with_for_update()
    ).all()
    invoiced = [charge for charge in charges if charge.state == ChargeState.INVOICED]
    if invoiced:
        raise Refused(
            _("{number} is already on an invoice.", number=invoiced[0].service_number),
            remedy=_("Void that invoice first."),
        )
    for charge in charges:
        _void(ctx, charge, str(_("Not delivered")))
    subscription = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id)
    ).one_or_none()
    if subscription is not None:
        ctx.session.delete(subscription)
    ctx.session.flush()
    return len(charges)


def _open_charge(ctx: Context, key: str) -> BillingCharge | None:
    return ctx.session.scalars(
        select(BillingCharge)
        .where(col(BillingCharge.unique_key) == key, col(BillingCharge.state) == ChargeState.OPEN)
        .with_for_update()
    ).one_or_none()


def _void(ctx: Context, charge: BillingCharge, text: str) -> None:
    """The key is set free: what is delivered after all (a retry) is charged again."""
    account = ctx.session.get_one(BillingAccount, charge.account_id)
    sides = [(Ledger.UNBILLED, -charge.amount_micros), (ChargeKind(charge.kind).ledger, charge.amount_micros)]
    post_one(ctx, account, "void", f"void:charge:{charge.id}", text, sides)
    charge.state = ChargeState.VOID
    charge.unique_key = f"{charge.unique_key}:void:{charge.id}"
