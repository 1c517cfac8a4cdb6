"""What goes in and comes out of refunds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline_billing.schemas import Amount

RefundMethod = Literal["cash", "card", "bank_transfer", "provider"]


class RefundPayment(BaseModel):
    """Give money of a payment back, saying why. `key` makes a repeat harmless; `provider` is the one that took the payment."""

    amount: Amount = Field(gt=0, title=_("Amount"), json_schema_extra={"widget": "money"})
    method: RefundMethod = Field(
        default="cash", title=_("Given back by"), json_schema_extra={"widget": "radio"}
    )
    reference: str = Field(
        default="",
        max_length=120,
        title=_("Reference"),
        description=_("Such as the number of the bank’s transaction or of the card terminal’s slip."),
    )
    reason: str = Field(
        min_length=3, max_length=300, title=_("Reason"), description=_("The customer reads it.")
    )
    key: str = Field(default="", max_length=60, json_schema_extra={"widget": "hidden"})


class FailRefund(BaseModel):
    """Say that a refund did not arrive, and why."""

    reason: str = Field(min_length=3, max_length=300, title=_("Reason"))


@dataclass(frozen=True)
class RefundView:
    """Money of a payment that was given back. `state` is under_way, paid or failed."""

    id: int
    number: str
    payment_number: str
    account_number: str
    customer_id: int
    amount: Money
    method: str
    provider: str
    reference: str
    reason: str
    state: str
    made_at: datetime
    made_by: str
    settled_at: datetime | None
    failure: str


@dataclass(frozen=True)
class Refundable:
    """How much of a payment can be given back: what is left of it, the account's credit, and the smaller of both."""

    left: Money
    credit: Money

    @property
    def most(self) -> Money:
        return min(self.left, self.credit)
