"""The cash desk as a way to take money."""

from typing import Literal, cast

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import PaymentRequest, PaymentResult
from trunkline_billing.operations.payments import record_payment
from trunkline_billing.schemas import RecordPayment


class CashDesk:
    """`trunkline.providers.PaymentProvider` of money handed over a counter: settled at once, by staff only."""

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
        )
        return PaymentResult(settled=True, reference=payment.number)
