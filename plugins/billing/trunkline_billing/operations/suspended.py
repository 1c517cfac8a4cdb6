"""Credits for days on which services were suspended, by the terms of their products, for many accounts at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.models.accounts import (
    BillingAccount,
    BillingCharge,
    BillingSubscription,
    ChargeKind,
    ChargeState,
)
from trunkline_billing.operations.charges import RETURNED
from trunkline_billing.operations.segments import changes_of, product_on
from trunkline_billing.operations.starting import NewCharge, store_charges
from trunkline_billing.periods import Period, Span, prorated, whole_days
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import SuspensionTerms


def suspension_key(service_id: int, period: Period) -> str:
    """What makes the credit of a service for a month unique."""
    return f"service:{service_id}:suspension:{period}"


def credit_of(charged_micros: int, days: int, suspended_days: int, charged_percent: int) -> int:
    """What is given back of a charge for `days` days of which some were suspended, in micro-units, never below zero.

    What stays is `charged_percent` of the suspended days and all of the others, rounded half up once, so that charge and credit
    together are exactly the price of what was had.
    """
    shares = (days - suspended_days) * 100 + suspended_days * charged_percent
    return charged_micros - prorated(charged_micros, shares, days * 100)


def credit_month(ctx: Context, account_ids: Sequence[int], period: Period) -> int:
    """Give back what the month's charges of these accounts took for suspended days; returns how many credits were made.

    Only days that were suspended from midnight to midnight count. To be called once the month is over and charged; a service that
    has its credit is left out.
    """
    spans = _spans(ctx, account_ids, period)
    if not spans:
        return 0
    zone = ctx.app.config.zone
    terms: dict[str, SuspensionTerms] = {}
    changes = changes_of(ctx, list(spans), period.first_day)
    found: dict[str, NewCharge] = {}
    for charge in _charges(ctx, account_ids, list(spans), period):
        code = product_on(charge.product_code, changes.get(charge.service_id, ()), charge.first_day)
        if code not in terms:
            terms[code] = catalog.product(ctx, code).suspension
        agreed = [span for reason, span in spans[charge.service_id] if reason in terms[code].reasons]
        days = whole_days(agreed, charge.first_day, charge.last_day, zone)
        all_days = (charge.last_day - charge.first_day).days + 1
        amount = credit_of(charge.amount_micros, all_days, len(days), terms[code].charged_percent)
        if amount:
            key = suspension_key(charge.service_id, period)
            key = f"{key}:{charge.first_day}" if key in found else key
            found[key] = NewCharge(
                charge.service_id,
                charge.service_number,
                str(_("{product}, suspended", product=charge.description)),
                ctx.session.get_one(BillingAccount, charge.account_id),
                ChargeKind.SUSPENSION,
                key,
                -amount,
                days[0],
                days[-1],
                len(days),
            )
    store_charges(ctx, list(found.values()))
    return len(found)


def _spans(ctx: Context, account_ids: Sequence[int], period: Period) -> dict[int, list[tuple[str, Span]]]:
    """(reason, from until) of every suspension that touches the month, by service."""
    zone = ctx.app.config.zone
    start, end = period.start(zone), period.end(zone)
    touching = catalog.suspensions_between(ctx, start, end)
    charged = select(col(BillingSubscription.service_id)).where(
        col(BillingSubscription.account_id).in_(account_ids)
    )
    found: dict[int, list[tuple[str, Span]]] = {}
    for row in ctx.session.execute(
        touching.where(touching.selected_columns.service_id.in_(charged.scalar_subquery()))
    ):
        found.setdefault(row.service_id, []).append((row.reason, (row.started_at, row.ended_at or end)))
    return found


def _charges(
    ctx: Context, account_ids: Sequence[int], service_ids: Sequence[int], period: Period
) -> Sequence[Any]:
    """The month's charges of these services that have no credit yet, without those that were given back."""
    in_month = (
        col(BillingCharge.service_id).in_(service_ids),
        col(BillingCharge.account_id).in_(account_ids),
        col(BillingCharge.state) != ChargeState.VOID,
        col(BillingCharge.first_day) >= period.first_day,
        col(BillingCharge.first_day) <= period.last_day,
    )
    credited = select(col(BillingCharge.service_id)).where(
        col(BillingCharge.kind) == ChargeKind.SUSPENSION, *in_month
    )
    rows = ctx.session.execute(
        select(
            col(BillingCharge.unique_key),
            col(BillingCharge.service_id),
            col(BillingCharge.service_number),
            col(BillingCharge.account_id),
            col(BillingCharge.description),
            col(BillingCharge.first_day),
            col(BillingCharge.last_day),
            col(BillingCharge.amount_micros),
            col(BillingSubscription.product_code),
        )
        .join(BillingSubscription, col(BillingSubscription.service_id) == col(BillingCharge.service_id))
        .where(
            col(BillingCharge.kind) == ChargeKind.MONTHLY,
            col(BillingCharge.service_id).not_in(credited.scalar_subquery()),
            *in_month,
        )
        .order_by(col(BillingCharge.id))
    ).all()
    returned = {row.unique_key.removesuffix(RETURNED) for row in rows if row.unique_key.endswith(RETURNED)}
    return [row for row in rows if row.amount_micros > 0 and row.unique_key not in returned]
