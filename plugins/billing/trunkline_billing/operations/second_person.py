"""When billing's operations need a second person: above the amount that the settings name."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.approvals.second_person import Matter, SecondPerson, exceeds
from trunkline.errors import Refused
from trunkline.i18n import format_money
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount, BillingCharge, ChargeKind, ChargeState
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.models.payments import BillingPayment, PaymentState
from trunkline_billing.operations.accounts import account_by_number
from trunkline_billing.schemas import GiveCredit, ReversePayment, VoidInvoice, micros
from trunkline_billing.settings import BillingSettings


def _reversal(ctx: Context, number: str, command: ReversePayment) -> Matter | None:
    payment = ctx.session.scalars(
        ctx.visible(BillingPayment).where(col(BillingPayment.number) == number)
    ).one_or_none()
    if payment is None or not _above(ctx, payment.amount_micros, payment.currency):
        return None
    if payment.state == PaymentState.REVERSED:
        raise Refused(_("Payment {number} was reversed before.", number=number))
    amount = format_money(payment.amount_micros, payment.currency)
    return Matter(
        _("Reverse payment {number} of {amount}", number=number, amount=amount),
        ((str(_("Reason")), command.reason), (str(_("Taken by")), payment.taken_by)),
        payment.amount_micros,
        payment.currency,
        payment.customer_id,
        f"/billing/payments/{number}",
    )


def _voiding(ctx: Context, number: str, command: VoidInvoice) -> Matter | None:
    invoice = ctx.session.scalars(
        ctx.visible(BillingInvoice).where(col(BillingInvoice.number) == number)
    ).one_or_none()
    if invoice is None or not _above(ctx, invoice.total_micros, invoice.currency):
        return None
    if invoice.state == InvoiceState.VOID:
        raise Refused(_("Invoice {number} is void already.", number=number))
    amount = format_money(invoice.total_micros, invoice.currency)
    return Matter(
        _("Void invoice {number} of {amount}", number=number, amount=amount),
        ((str(_("Reason")), command.reason),),
        invoice.total_micros,
        invoice.currency,
        invoice.customer_id,
        f"/billing/invoices/{number}",
    )


def _credit(ctx: Context, account_number: str, command: GiveCredit) -> Matter | None:
    account = account_by_number(ctx, account_number)
    amount_micros, given = micros(command.amount), _credited_lately(ctx, account)
    # Together with the others: a large credit is not cut into small ones.
    if not _above(ctx, amount_micros + given, account.currency):
        return None
    amount = format_money(amount_micros, account.currency)
    return Matter(
        _("Give account {number} a credit of {amount}", number=account.number, amount=amount),
        (
            (str(_("Reason")), command.reason),
            (str(_("Given in the 30 days before")), format_money(given, account.currency)),
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
VOIDING = SecondPerson(_("Void an invoice"), _voiding)
