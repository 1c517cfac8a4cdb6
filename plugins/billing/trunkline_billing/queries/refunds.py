"""Refunds, and how much of a payment can be given back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount
from trunkline_billing.models.payments import BillingPayment, BillingRefund, PaymentState
from trunkline_billing.queries.accounts import balance
from trunkline_billing.refund_schemas import Refundable, RefundView


def refund_select(ctx: Context, customer_id: int | None = None) -> "Select[*tuple[Any, ...]]":
    """Core select of visible refunds, for lists."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(BillingRefund.id).label("id"),
            col(BillingRefund.number).label("number"),
            col(BillingRefund.made_at).label("made_at"),
            col(BillingRefund.amount_micros).label("amount"),
            col(BillingRefund.currency).label("currency"),
            col(BillingRefund.method).label("method"),
            col(BillingRefund.reference).label("reference"),
            col(BillingRefund.reason).label("reason"),
            col(BillingRefund.state).label("state"),
            col(BillingRefund.made_by).label("made_by"),
            col(BillingPayment.number).label("payment_number"),
            col(BillingAccount.number).label("account_number"),
            col(Customer.number).label("customer_number"),
            col(Customer.name).label("customer_name"),
        )
        .join(BillingPayment, col(BillingPayment.id) == col(BillingRefund.payment_id))
        .join(BillingAccount, col(BillingAccount.id) == col(BillingRefund.account_id))
        .join(Customer, col(Customer.id) == col(BillingRefund.customer_id))
        .where(*ctx.visible_conditions(BillingRefund))
    )
    return (
        statement if customer_id is None else statement.where(col(BillingRefund.customer_id) == customer_id)
    )


def refund(ctx: Context, number: str) -> RefundView:
    """One refund. Raises NotFound."""
    found = _views(ctx, col(BillingRefund.number) == number)
    if not found:
        raise NotFound(_("There is no refund {number}.", number=number))
    return found[0]


def refunds_of_payment(ctx: Context, payment_id: int) -> list[RefundView]:
    """What was given back of a payment, oldest first."""
    return _views(ctx, col(BillingRefund.payment_id) == payment_id)


def _views(ctx: Context, *conditions: Any) -> list[RefundView]:
    rows: Sequence[Any] = ctx.session.execute(
        select(
            BillingRefund,
            col(BillingPayment.number).label("payment_number"),
            col(BillingAccount.number).label("account_number"),
        )
        .join(BillingPayment, col(BillingPayment.id) == col(BillingRefund.payment_id))
        .join(BillingAccount, col(BillingAccount.id) == col(BillingRefund.account_id))
        .where(*conditions, *ctx.visible_conditions(BillingRefund))
        .order_by(col(BillingRefund.id))
    ).all()
    return [
        RefundView(
            row.key,
            row.number,
            payment_number,
            account_number,
            row.customer_id,
            Money(row.amount_micros, row.currency),
            row.method,
            row.provider,
            row.reference,
            row.reason,
            row.state,
            row.made_at,
            row.made_by,
            row.settled_at,
            row.failure,
        )
        for row, payment_number, account_number in rows
    ]


def refundable(ctx: Context, payment_number: str) -> Refundable:
    """How much of a payment can be given back now. Raises NotFound."""
    return refundable_of(ctx, ctx.load_by(BillingPayment, col(BillingPayment.number), payment_number))


def refundable_of(ctx: Context, payment: BillingPayment) -> Refundable:
    """What is left of a payment, and the account's credit: no more than the smaller of both goes back."""
    whole = payment.amount_micros if payment.state != PaymentState.REVERSED else 0
    left = max(0, whole - payment.refunded_micros)
    credit = max(0, -balance(ctx, payment.account_id).micros)
    return Refundable(Money(left, payment.currency), Money(credit, payment.currency))
