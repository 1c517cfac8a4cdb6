"""Starting, stopping and taking back what a service is charged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from trunkline.db.parts import parts
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
from trunkline_billing.operations.ledger import post_one
from trunkline_billing.operations.starting import (
    Start,
    monthly_charge,
    monthly_key,
    start_charging,
    store_charges,
)
from trunkline_billing.periods import Period, charged_days, local_day
from trunkline_catalog import queries as catalog

_SUBSCRIBED = select(col(BillingSubscription.id)).where(
    col(BillingSubscription.service_id) == bindparam("of_service")
)


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
    start_charging(ctx, [_start(service, command)])
    subscription = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == command.service_id)
    ).one()
    ctx.note(subscription, label=service.number)
    return subscription


@operation("billing.charge.create")
def charge_services(ctx: Context, commands: Sequence[ChargeService]) -> int:
    """The same for many, all or none; returns how many are charged that were not before."""
    wanted = {command.service_id: command for command in commands}
    services = catalog.active_services(ctx)
    starts: list[Start] = []
    for ids in parts(list(wanted)):
        charged = set(
            ctx.session.scalars(
                select(col(BillingSubscription.service_id)).where(
                    col(BillingSubscription.service_id).in_(ids)
                )
            )
        )
        column = services.selected_columns.id
        found = {row.id: row for row in ctx.session.execute(services.where(column.in_(ids)))}
        starts += [
            _start(found[key] if key in found else catalog.service_by_id(ctx, key), wanted[key])
            for key in ids
            if key not in charged
        ]
    if starts:
        start_charging(ctx, starts)
        ctx.note(None, label=f"{starts[0].service_number} …", count=len(starts))
    return len(starts)


def is_charged(ctx: Context, service_id: int) -> bool:
    """Whether a service is charged, or was until it ended."""
    return ctx.session.scalar(_SUBSCRIBED, {"of_service": service_id}) is not None


def _start(service: Any, command: ChargeService) -> Start:
    return Start(
        service.id,
        service.number,
        service.customer_id,
        service.product_code,
        service.product_name,
        command.starts_at,
        command.setup,
    )


@operation("billing.charge.create")
def stop_charging(ctx: Context, service_id: int, at: datetime) -> None:
    """Charge a service no longer from the day after `at`; what was charged beyond it and not yet invoiced is taken back."""
    subscription = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id).with_for_update()
    ).one_or_none()
    if subscription is None or subscription.ends_at is not None:
        return
    subscription.ends_at = at
    _charge_month_anew(ctx, subscription, Period.at(at, ctx.app.config.zone), str(_("Service ended")))
    ctx.note(subscription, label=subscription.service_number)


@operation("billing.charge.create")
def continue_charging(ctx: Context, service_id: int) -> None:
    """Charge a service on that could not be ended: this month to its last day again."""
    subscription = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id).with_for_update()
    ).one_or_none()
    if subscription is None or subscription.ends_at is None:
        return
    period = Period.at(subscription.ends_at, ctx.app.config.zone)
    subscription.ends_at = None
    _charge_month_anew(ctx, subscription, period, str(_("Service goes on")))
    ctx.note(subscription, label=subscription.service_number)


def _charge_month_anew(ctx: Context, subscription: BillingSubscription, period: Period, why: str) -> None:
    """Replace the month's charge, unless it is invoiced, by one for the days that the service now runs."""
    zone = ctx.app.config.zone
    ends_on = local_day(subscription.ends_at, zone) if subscription.ends_at else None
    days = charged_days(period, local_day(subscription.starts_at, zone), ends_on)
    charge = _open_charge(ctx, monthly_key(subscription.service_id, period))
    if charge is None or (days is not None and charge.last_day == days[1]):
        return
    account = ctx.session.get_one(BillingAccount, charge.account_id)
    price = catalog.price_at(ctx, subscription.product_code, max(subscription.starts_at, period.start(zone)))
    _void(ctx, charge, why)
    ctx.session.flush()
    again = monthly_charge(subscription, account, period, days, price.monthly_micros)
    store_charges(ctx, [again] if again is not None else [])


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
