"""Whether money of a payment may be given back, and by which way."""

from sqlmodel import col, select

from trunkline.errors import Refused
from trunkline.i18n import format_money
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing.models.payments import BillingPayment, BillingRefund, PaymentState
from trunkline_billing.paying import WayBack, way_back
from trunkline_billing.queries.refunds import refundable_of
from trunkline_billing.refund_schemas import RefundPayment
from trunkline_billing.schemas import micros

#: The provider behind cash, card and bank transfer.
_DESK = "cash"


def known_refund(ctx: Context, payment: BillingPayment, key: str) -> BillingRefund | None:
    """The refund of this payment that was made with `key` before."""
    if not key:
        return None
    return ctx.session.scalars(
        select(BillingRefund).where(col(BillingRefund.unique_key) == unique_key(payment, key))
    ).one_or_none()


def unique_key(payment: BillingPayment, key: str) -> str:
    """How a refund's key is kept: it counts within its payment."""
    return f"{payment.number}:{key}"


def check(ctx: Context, payment: BillingPayment, command: RefundPayment) -> WayBack:
    """The way by which this may be given back. Raises Refused naming the field when it may not."""
    possible = refundable_of(ctx, payment)
    if payment.state == PaymentState.REVERSED:
        raise Refused(_("Payment {number} was reversed before.", number=payment.number))
    if micros(command.amount) > possible.left.micros:
        raise Refused(
            _("Of {number}, {amount} is left.", number=payment.number, amount=_shown(possible.left)),
            field="amount",
            remedy=_("Refund at most that."),
        )
    if micros(command.amount) > possible.credit.micros:
        raise Refused(
            _("The account has {amount} of credit; the rest pays invoices.", amount=_shown(possible.credit)),
            field="amount",
            remedy=_("Refund at most that, or void the invoice first that should not have been paid."),
        )
    return _way(ctx, payment, command.method)


def _shown(amount: Money) -> str:
    return format_money(amount.micros, amount.currency)


def _way(ctx: Context, payment: BillingPayment, method: str) -> WayBack:
    way = way_back(ctx, payment.provider if method == "provider" else _DESK)
    if way is None or (method == "provider" and way.name == _DESK):
        raise Refused(
            _("No provider that took {number} can give it back.", number=payment.number),
            field="method",
            remedy=_("Choose cash, card or bank transfer."),
        )
    return way
