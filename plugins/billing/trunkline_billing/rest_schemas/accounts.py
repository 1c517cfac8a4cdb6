"""What the REST routes of accounts take and give."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from trunkline_billing.rest_schemas.amounts import AmountOut, MoneyRow
from trunkline_billing.schemas import AccountView


class AccountRow(MoneyRow):
    """An account as lists show it."""

    number: str
    name: str
    kind: str
    state: str
    currency: str
    customer_number: str
    customer_name: str
    balance: str


class EntryRow(MoneyRow):
    """An entry of the ledger as lists show it."""

    id: int
    at: datetime
    kind: str
    text: str
    account_number: str
    currency: str
    amount: str


class AccountOut(BaseModel):
    """An account with what it owes; below zero it has credit."""

    number: str
    name: str
    kind: str
    state: str
    currency: str
    is_default: bool
    balance: AmountOut
    unbilled: AmountOut
    overdue: AmountOut

    @classmethod
    def of(cls, view: AccountView) -> "AccountOut":
        return cls(
            number=view.number,
            name=view.name,
            kind=view.kind,
            state=view.state,
            currency=view.currency,
            is_default=view.is_default,
            balance=AmountOut.of(view.balance),
            unbilled=AmountOut.of(view.unbilled),
            overdue=AmountOut.of(view.overdue),
        )


class AllowanceOut(BaseModel):
    """What is included in the current month, and how much of it is used."""

    service_number: str
    type: str
    unit: str
    period: str
    quantity: int
    used: int
    left: int


class BalancesOut(BaseModel):
    """Money and allowances of a customer."""

    accounts: list[AccountOut]
    allowances: list[AllowanceOut]


class OpenAccountIn(BaseModel):
    """Open an account for a customer."""

    customer_number: str
    currency: str = Field(default="", pattern="^([A-Z]{3})?$")
    kind: str = Field(default="postpaid", pattern="^(postpaid|prepaid)$")
    name: str = Field(default="", max_length=100)
    tax_scheme: str = ""


class CreditOut(BaseModel):
    """A credit that was given: a charge below zero."""

    id: int
    account_number: str
    amount: str
    currency: str


class ChargeRow(MoneyRow):
    """A charge as lists show it."""

    id: int
    kind: str
    description: str
    service_number: str
    account_number: str
    invoice_number: str | None
    first_day: date
    last_day: date
    state: str
    amount: str
    currency: str
