"""Giving money of a payment back, and what became of it."""

from sqlmodel import col, select

from trunkline.db.numbers import next_number
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context, operation
from trunkline.providers import RefundRequest, RefundResult
from trunkline.search.marking import mark
from trunkline_billing.events import RefundFailed, RefundPaid
from trunkline_billing.models.accounts import BillingAccount, BillingEntry, Ledger
from trunkline_billing.models.payments import BillingPayment, BillingRefund, PaymentState, RefundState
from trunkline_billing.operations.accounts import lock_accounts
from trunkline_billing.operations.credit import release, use_credit
from trunkline_billing.operations.ledger import post_one, reverse
from trunkline_billing.operations.refundable import check, known_refund, unique_key
from trunkline_billing.operations.second_person import REFUND, RETURN
from trunkline_billing.paying import WayBack, asking
from trunkline_billing.refund_schemas import FailRefund, RefundPayment
from trunkline_billing.schemas import micros


@operation("billing.refund.create", approval=REFUND)
def refund_payment(ctx: Context, payment_number: str, command: RefundPayment) -> BillingRefund:
    """Give money of a payment back, by the desk or by the provider that took it. The same `key` gives the refund that exists.

    Never more than is left of the payment, nor than the account's credit: what pays invoices stays. Also of a closed account.
    Raises NotFound, or Refused naming the field: the amount, a way that is not there, what the provider refuses.
    """
    payment = ctx.load_by(BillingPayment, col(BillingPayment.number), payment_number, lock=True)
    lock_accounts(ctx, [payment.account_id])
    known = known_refund(ctx, payment, command.key)
    if known is not None:
        return known
    way = check(ctx, payment, command)
    refund = _kept(ctx, payment, command, way)
    result = _asked(ctx, way, refund, payment)
    refund.reference = result.reference or refund.reference
    account = ctx.session.get_one(BillingAccount, payment.account_id)
    post_one(ctx, account, "refund", f"refund:{refund.key}", refund.number, _sides(refund.amount_micros))
    _give_back(ctx, payment, refund.amount_micros)
    ctx.note(refund, label=refund.number, payment=payment.number, reason=command.reason)
    if result.settled:
        _settle(ctx, refund, payment)
    mark(ctx, "refund", refund.key)
    return refund


def _kept(ctx: Context, payment: BillingPayment, command: RefundPayment, way: WayBack) -> BillingRefund:
    number = next_number(ctx.session, "refund")
    refund = BillingRefund(
        number=number,
        unique_key=unique_key(payment, command.key or number),
        payment_id=payment.key,
        account_id=payment.account_id,
        customer_id=payment.customer_id,
        amount_micros=micros(command.amount),
        currency=payment.currency,
        method=command.method,
        provider=way.name,
        reference=command.reference,
        reason=command.reason,
        made_at=ctx.now(),
        made_by=ctx.actor.name,
        created_at=ctx.now(),
    )
    ctx.session.add(refund)
    ctx.session.flush()
    return refund


def _asked(ctx: Context, way: WayBack, refund: BillingRefund, payment: BillingPayment) -> RefundResult:
    request = RefundRequest(
        payment_number=payment.number,
        payment_reference=payment.reference,
        amount=Money(refund.amount_micros, refund.currency),
        key=refund.number,
        method=refund.method,
        reference=refund.reference,
        reason=refund.reason,
    )
    sorry = _("“{way}” failed, so no money was given back.", way=way.label)
    with asking(ctx, way, field="method", doing="refund by payment provider", failed=sorry):
        result = way.provider.refund(ctx, request)
        if not isinstance(result, RefundResult):
            raise TypeError(f"{type(result).__name__} returned where RefundResult is wanted")
    return result


def _sides(amount: int) -> list[tuple[Ledger, int]]:
    return [(Ledger.RECEIVABLE, amount), (Ledger.CASH, -amount)]


def _give_back(ctx: Context, payment: BillingPayment, amount: int) -> None:
    """Count `amount` as given back; below zero it came back."""
    payment.refunded_micros += amount
    whole = payment.refunded_micros == payment.amount_micros
    payment.state = PaymentState.REFUNDED if whole else PaymentState.RECEIVED
    ctx.session.flush()
    mark(ctx, "payment", payment.key)
    release(ctx, payment)


def _settle(ctx: Context, refund: BillingRefund, payment: BillingPayment) -> None:
    refund.state, refund.settled_at = RefundState.PAID, ctx.now()
    ctx.session.flush()
    ctx.emit(
        RefundPaid(
            entity_id=refund.key,
            customer_id=refund.customer_id,
            number=refund.number,
            payment_number=payment.number,
            account_id=refund.account_id,
            amount_micros=refund.amount_micros,
            currency=refund.currency,
        )
    )


@operation("billing.refund.change")
def settle_refund(ctx: Context, number: str) -> BillingRefund:
    """Take note that a refund under way has arrived; again changes nothing. Raises Refused when it failed."""
    refund, payment = _locked(ctx, number)
    ctx.note(refund, label=number)
    if refund.state == RefundState.UNDER_WAY:
        _settle(ctx, refund, payment)
    elif refund.state == RefundState.FAILED:
        raise Refused(
            _("Refund {number} failed; the money is credit again.", number=number),
            remedy=_("Refund the payment once more."),
        )
    return refund


@operation("billing.refund.change", approval=RETURN)
def fail_refund(ctx: Context, number: str, command: FailRefund) -> BillingRefund:
    """Take note that a refund did not arrive, or came back: its entry is reversed, the money is the account's credit again.

    Raises Refused when it failed before.
    """
    refund, payment = _locked(ctx, number)
    if refund.state == RefundState.FAILED:
        raise Refused(_("Refund {number} failed before.", number=number))
    entry = ctx.session.scalars(
        select(col(BillingEntry.id)).where(col(BillingEntry.unique_key) == f"refund:{refund.key}")
    ).one()
    reverse(ctx, entry or 0, command.reason)
    refund.state, refund.settled_at, refund.failure = RefundState.FAILED, ctx.now(), command.reason
    _give_back(ctx, payment, -refund.amount_micros)
    use_credit(ctx, [refund.account_id])
    ctx.note(refund, label=number, reason=command.reason)
    ctx.emit(
        RefundFailed(
            entity_id=refund.key,
            customer_id=refund.customer_id,
            number=number,
            payment_number=payment.number,
            account_id=refund.account_id,
        )
    )
    return refund


def _locked(ctx: Context, number: str) -> tuple[BillingRefund, BillingPayment]:
    """A refund and its payment, held in the order in which every operation holds them: payment, account, refund."""
    seen = ctx.load_by(BillingRefund, col(BillingRefund.number), number)
    payment = ctx.load(BillingPayment, seen.payment_id, lock=True)
    lock_accounts(ctx, [payment.account_id])
    return ctx.load(BillingRefund, seen.key, lock=True), payment
