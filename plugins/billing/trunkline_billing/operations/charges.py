"""Starting, stopping and taking back what a service is charged."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func
from sqlmodel import col, select

from trunkline.db.parts import parts
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, Subject, operation
from trunkline_billing.models.accounts import (
    BillingAccount,
    BillingCharge,
    BillingSubscription,
    ChargeKind,
    ChargeState,
    Ledger,
)
from trunkline_billing.operations.add_ons import exclude_add_on, include_add_on
from trunkline_billing.operations.ledger import post_one
from trunkline_billing.operations.segments import adjustment, changes_of, charged, segments
from trunkline_billing.operations.starting import (
    NewCharge,
    Start,
    segment_key,
    start_charging,
    store_charges,
)
from trunkline_billing.periods import Period
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
    include_add_on(ctx, service, command.starts_at)
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
        ctx.note_each(
            Subject("billing_subscription", None, start.service_number, start.customer_id) for start in starts
        )
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
        service.covered,
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
    charge_month_anew(ctx, subscription, Period.at(at, ctx.app.config.zone), str(_("Service ended")))
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
    charge_month_anew(ctx, subscription, period, str(_("Service goes on")))
    ctx.note(subscription, label=subscription.service_number)


@operation("billing.charge.create")
def charge_anew_since(ctx: Context, service_id: int, since: datetime) -> None:
    """Charge the months from the one of `since` on as the service's prices now are; those not charged yet are left to their runs.

    What is on an invoice is credited with the next one, and charged as it should have been.
    """
    subscription = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id).with_for_update()
    ).one_or_none()
    if subscription is None:
        return
    last = ctx.session.scalar(
        select(func.max(col(BillingCharge.first_day))).where(
            col(BillingCharge.service_id) == service_id, col(BillingCharge.kind) == ChargeKind.MONTHLY
        )
    )
    period = Period.at(since, ctx.app.config.zone)
    while last is not None and period.first_day <= last:
        charge_month_anew(ctx, subscription, period, str(_("Price adjusted")), give_back=True)
        period = period.next
    ctx.note(subscription, label=subscription.service_number)


def charge_month_anew(
    ctx: Context, subscription: BillingSubscription, period: Period, why: str, *, give_back: bool = False
) -> None:
    """Replace a month's charges by those for the days that the service now runs, each as the product it then is.

    A month that was not charged yet is left to its run. What is on an invoice stays; with `give_back` it is credited with the
    next one and charged as it now is, else its days are left as they were invoiced.
    """
    had = _month_charges(ctx, subscription.service_id, period)
    if not had:
        return
    account = ctx.session.get_one(BillingAccount, had[0].account_id)
    wanted = _wanted_charges(ctx, subscription, account, period)
    returns = {charge.unique_key.removesuffix(RETURNED): charge for charge in had if _is_return(charge)}
    back: list[NewCharge] = []
    for charge in [one for one in had if not _is_return(one)]:
        returned = returns.get(charge.unique_key)
        final = returned is not None and returned.state == ChargeState.INVOICED
        same = None if final else next((one for one in wanted if _is_same(one, charge)), None)
        if same is not None:
            wanted.remove(same)
            if returned is not None:
                void(ctx, returned, why)
        elif charge.state == ChargeState.OPEN:
            void(ctx, charge, why)
        elif not give_back and returned is None:
            wanted = [one for one in wanted if not _overlap(one, charge)]
        elif returned is None:
            back.append(_return_of(charge, account))
    ctx.session.flush()
    taken = {charge.unique_key for charge in had if charge.state == ChargeState.INVOICED}
    store_charges(ctx, [*back, *(replace(one, key=_free_key(one.key, taken)) for one in wanted)])


#: How the key of a charge ends that gives another one back.
RETURNED = ":back"


def _is_return(charge: BillingCharge) -> bool:
    return charge.unique_key.endswith(RETURNED)


def _is_same(new: NewCharge, charge: BillingCharge) -> bool:
    return (new.amount, new.first_day, new.last_day, new.description) == (
        charge.amount_micros,
        charge.first_day,
        charge.last_day,
        charge.description,
    )


def _overlap(new: NewCharge, charge: BillingCharge) -> bool:
    return new.first_day <= charge.last_day and charge.first_day <= new.last_day


def _free_key(key: str, taken: Collection[str]) -> str:
    found, number = key, 1
    while found in taken:
        number += 1
        found = f"{key}:{number}"
    return found


def _return_of(charge: BillingCharge, account: BillingAccount) -> NewCharge:
    """What gives back a charge that is on an invoice."""
    return NewCharge(
        charge.service_id or 0,
        charge.service_number,
        str(_("{product}, given back", product=charge.description))[:200],
        account,
        ChargeKind.MONTHLY,
        f"{charge.unique_key}{RETURNED}",
        -charge.amount_micros,
        charge.first_day,
        charge.last_day,
    )


def _wanted_charges(
    ctx: Context, subscription: BillingSubscription, account: BillingAccount, period: Period
) -> list[NewCharge]:
    if subscription.covered:
        return []
    changes = changes_of(ctx, [subscription.service_id], period.first_day).get(subscription.service_id, ())
    found = []
    own = catalog.own_prices(ctx, [subscription.service_id]).get(subscription.service_id, ())
    for part in segments(subscription, changes, period, ctx.app.config.zone, own):
        amount = charged(ctx, part, period.days)
        if amount:
            found.append(
                NewCharge(
                    subscription.service_id,
                    subscription.service_number,
                    part.product_name,
                    account,
                    ChargeKind.MONTHLY,
                    segment_key(subscription.service_id, period, part),
                    amount,
                    part.first_day,
                    part.last_day,
                    adjusted=adjustment(part.own, ctx.app.config.zone),
                )
            )
    return found


def _month_charges(ctx: Context, service_id: int, period: Period) -> list[BillingCharge]:
    """The monthly charges of a month that count, under their row locks."""
    return list(
        ctx.session.scalars(
            select(BillingCharge)
            .where(
                col(BillingCharge.service_id) == service_id,
                col(BillingCharge.kind) == ChargeKind.MONTHLY,
                col(BillingCharge.state) != ChargeState.VOID,
                col(BillingCharge.first_day) >= period.first_day,
                col(BillingCharge.first_day) <= period.last_day,
            )
            .order_by(col(BillingCharge.id))
            .with_for_update()
        )
    )


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
        void(ctx, charge, str(_("Not delivered")))
    exclude_add_on(ctx, catalog.service_by_id(ctx, service_id))
    subscription = ctx.session.scalars(
        select(BillingSubscription).where(col(BillingSubscription.service_id) == service_id)
    ).one_or_none()
    if subscription is not None:
        ctx.session.delete(subscription)
    ctx.session.flush()
    return len(charges)


def void(ctx: Context, charge: BillingCharge, text: str) -> None:
    """The key is set free: what is delivered after all (a retry) is charged again."""
    account = ctx.session.get_one(BillingAccount, charge.account_id)
    sides = [(Ledger.UNBILLED, -charge.amount_micros), (ChargeKind(charge.kind).ledger, charge.amount_micros)]
    post_one(ctx, account, "void", f"void:charge:{charge.id}", text, sides)
    charge.state = ChargeState.VOID
    charge.unique_key = f"{charge.unique_key}:void:{charge.id}"
