"""When billing's operations need a second person: above the amount that the settings name."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.approvals.second_person import Matter, SecondPerson, exceeds
from trunkline.approvals.words import Amount
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount, BillingCharge, ChargeKind, ChargeState
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.models.payments import BillingPayment, BillingRefund, PaymentState, RefundState
from trunkline_billing.operations.accounts import account_by_number
from trunkline_billing.operations.refundable import check, known_refund
from trunkline_billing.refund_schemas import FailRefund, RefundPayment
from trunkline_billing.schemas import GiveCredit, ReversePayment, VoidInvoice, micros
from trunkline_billing.settings import BillingSettings
from trunkline_billing.words import METHOD_LABELS


def _reversal(ctx: Context, number: str, command: ReversePayment) -> Matter | None:
    payment = ctx.session.scalars(
        ctx.visible(BillingPayment).where(col(BillingPayment.number) == number)
    ).one_or_none()
    if payment is None or not _above(ctx, payment.amount_micros, payment.currency):
        return None
    check_reversible(payment)
    amount = Amount(payment.amount_micros, payment.currency)
    return Matter(
        _("Reverse payment {number} of {amount}", number=number, amount=amount),
        ((_("Reason"), command.reason), (_("Taken by"), payment.taken_by)),
        payment.amount_micros,
        payment.currency,
        payment.customer_id,
        f"/billing/payments/{number}",
        once=number,
    )


def check_reversible(payment: BillingPayment) -> None:
    """Raise Refused when a payment was reversed before, or when money of it was given back."""
    if payment.state == PaymentState.REVERSED:
        raise Refused(_("Payment {number} was reversed before.", number=payment.number))
    if payment.refunded_micros:
        raise Refused(
            _("Money of payment {number} was refunded.", number=payment.number),
            remedy=_("Say first of its refunds that they did not arrive."),
        )


def _refund(ctx: Context, payment_number: str, command: RefundPayment) -> Matter | None:
    payment = ctx.session.scalars(
        ctx.visible(BillingPayment).where(col(BillingPayment.number) == payment_number)
    ).one_or_none()
    if payment is None or known_refund(ctx, payment, command.key) is not None:
        return None
    amount_micros, lately = micros(command.amount), _refunded_lately(ctx, payment.account_id)
    # Together with the others: a large refund is not cut into small ones.
    if not _above(ctx, amount_micros + lately, payment.currency):
        return None
    way = check(ctx, payment, command)
    amount = Amount(amount_micros, payment.currency)
    return Matter(
        _("Refund {amount} of payment {number}", amount=amount, number=payment.number),
        (
            (_("Reason"), command.reason),
            (_("Given back by"), METHOD_LABELS.get(command.method, way.label)),
            (_("Taken by"), payment.taken_by),
            (_("Refunded in the 30 days before"), Amount(lately, payment.currency)),
        ),
        amount_micros,
        payment.currency,
        payment.customer_id,
        f"/billing/payments/{payment.number}",
    )


def _refunded_lately(ctx: Context, account_id: int) -> int:
    total = ctx.session.scalar(
        select(func.sum(col(BillingRefund.amount_micros))).where(
            col(BillingRefund.account_id) == account_id,
            col(BillingRefund.state) != RefundState.FAILED,
            col(BillingRefund.made_at) > ctx.now() - timedelta(days=30),
        )
    )
    return int(total or 0)


def _return(ctx: Context, number: str, command: FailRefund) -> Matter | None:
    """Money that is said to have come back can be given out again, so this needs whom the refund needed."""
    refund = ctx.session.scalars(
        ctx.visible(BillingRefund).where(col(BillingRefund.number) == number)
    ).one_or_none()
    if refund is None or not _above(ctx, refund.amount_micros, refund.currency):
        return None
    if refund.state == RefundState.FAILED:
        raise Refused(_("Refund {number} failed before.", number=number))
    amount = Amount(refund.amount_micros, refund.currency)
    return Matter(
        _("Take back refund {number} of {amount}", number=number, amount=amount),
        ((_("Reason"), command.reason), (_("Refunded by"), refund.made_by)),
        refund.amount_micros,
        refund.currency,
        refund.customer_id,
        f"/billing/refunds/{number}",
        once=number,
    )


def _voiding(ctx: Context, number: str, command: VoidInvoice) -> Matter | None:
    invoice = ctx.session.scalars(
        ctx.visible(BillingInvoice).where(col(BillingInvoice.number) == number)
    ).one_or_none()
    if invoice is None or not _above(ctx, invoice.total_micros, invoice.currency):
        return None
    if invoice.state == InvoiceState.VOID:
        raise Refused(_("Invoice {number} is void already.", number=number))
    amount = Amount(invoice.total_micros, invoice.currency)
    return Matter(
        _("Void invoice {number} of {amount}", number=number, amount=amount),
        ((_("Reason"), command.reason),),
        invoice.total_micros,
        invoice.currency,
        invoice.customer_id,
        f"/billing/invoices/{number}",
        once=number,
    )


def _credit(ctx: Context, account_number: str, command: GiveCredit) -> Matter | None:
    account = account_by_number(ctx, account_number)
    amount_micros, given = micros(command.amount), _credited_lately(ctx, account)
    # Together with the others: a large credit is not cut into small ones.
    if not _above(ctx, amount_micros + given, account.currency):
        return None
    amount = Amount(amount_micros, account.currency)
    return Matter(
        _("Give account {number} a credit of {amount}", number=account.number, amount=amount),
        (
            (_("Reason"), command.reason),
            (_("Given in the 30 days before"), Amount(given, account.currency)),
        ),
        amount_micros,
        account.currency,
        account.customer_id,
    )


def _credited_lately(ctx: Context, account: BillingAccount) -> int:
    total = ctx.session.scalar(
        select(func.sum(col(BillingCharge.amount_micros))).where(
            col(BillingCharge.account_id) == account.key,
            col(BillingCharge.kind) == ChargeKind.CREDIT,
            col(BillingCharge.state) != ChargeState.VOID,
            col(BillingCharge.at) > ctx.now() - timedelta(days=30),
        )
    )
    return -int(total or 0)


def _above(ctx: Context, amount_micros: int, currency: str) -> bool:
    limit = ctx.settings(BillingSettings).second_person_above
    limit_micros = None if limit is None else micros(limit)
    return exceeds(amount_micros, currency, limit_micros, ctx.app.config.currency)


REVERSAL = SecondPerson(_("Reverse a payment"), _reversal)
CREDIT = SecondPerson(_("Give a credit"), _credit)
REFUND = SecondPerson(_("Refund a payment"), _refund)
RETURN = SecondPerson(_("Take a refund back"), _return)
VOIDING = SecondPerson(_("Void an invoice"), _voiding)
