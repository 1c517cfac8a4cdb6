"""The cash desk as a way to take money and to give it back."""

from typing import Literal, cast

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import PaymentRequest, PaymentResult, RefundRequest, RefundResult
from trunkline_billing.operations.payments import record_payment
from trunkline_billing.schemas import RecordPayment


class CashDesk:
    """`trunkline.providers.PaymentProvider` of money handed over a counter: settled at once, by staff only.

    A `RefundingProvider` as well, of cash, card terminal and bank transfer.
    """

    name: str = "cash"
    label: str = _("Cash desk")
    self_service: bool = False

    def take(self, ctx: Context, request: PaymentRequest) -> PaymentResult:
        payment = record_payment(
            ctx,
            RecordPayment(
                account_number=request.account_number,
                amount=request.amount.decimal(),
                method=cast(Literal["cash", "card", "bank_transfer"], request.method or "cash"),
                desk=request.desk,
                reference=request.reference,
                note=request.note,
                invoices=list(request.invoices),
                key=request.key,
            ),
            provider=self.name,
        )
        return PaymentResult(settled=True, reference=payment.number)

    def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        """Whoever asks hands the money over, or has sent it by the terminal or the bank."""
        return RefundResult(settled=True, reference=request.reference)
