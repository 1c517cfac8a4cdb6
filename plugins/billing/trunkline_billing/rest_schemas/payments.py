"""What the REST routes of payments take and give."""

from datetime import datetime

from pydantic import BaseModel

from trunkline_billing.rest_schemas.amounts import AmountOut, MoneyRow
from trunkline_billing.schemas import PaymentView


class PaymentRow(MoneyRow):
    """A payment as lists show it."""

    number: str
    customer_number: str
    customer_name: str
    account_number: str
    received_at: datetime
    method: str
    desk: str
    reference: str
    state: str
    amount: str
    currency: str


class PaymentOut(BaseModel):
    """A payment and what it paid."""

    number: str
    account_number: str
    amount: AmountOut
    method: str
    desk: str
    reference: str
    note: str
    state: str
    received_at: datetime
    taken_by: str
    refunded: AmountOut
    allocations: dict[str, str]

    @classmethod
    def of(cls, view: PaymentView) -> "PaymentOut":
        return cls(
            number=view.number,
            account_number=view.account_number,
            amount=AmountOut.of(view.amount),
            method=view.method,
            desk=view.desk,
            reference=view.reference,
            note=view.note,
            state=view.state,
            received_at=view.received_at,
            taken_by=view.taken_by,
            refunded=AmountOut.of(view.refunded),
            allocations={number: str(amount) for number, amount in view.allocations},
        )


class PaymentBegun(BaseModel):
    """Money that a provider takes, without a payment here yet; `reference` is the provider's own."""

    provider: str
    settled: bool
    reference: str
    redirect: str


class WayOut(BaseModel):
    """One way to take money."""

    name: str
    label: str
    self_service: bool
