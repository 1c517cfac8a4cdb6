"""What the REST routes of billing take and give: amounts as decimal text beside their currency."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field, model_validator

from trunkline.money import Money
from trunkline_billing.schemas import AccountView, InvoiceView, PaymentView
from trunkline_billing.tax import percent_text


class AmountOut(BaseModel):
    """An amount as decimal text beside its currency."""

    amount: str
    currency: str

    @classmethod
    def of(cls, money: Money) -> "AmountOut":
        return cls(amount=str(money), currency=money.currency)


class MoneyRow(BaseModel):
    """A row whose amounts come as micro-units of the currency beside them."""

    @model_validator(mode="before")
    @classmethod
    def _as_decimal_text(cls, row: dict[str, Any]) -> dict[str, Any]:
        amounts = ("balance", "amount", "total", "due", "cost")
        shown = {
            name: str(Money(int(row[name]), str(row["currency"])))
            for name in amounts
            if name in row and not isinstance(row[name], str)
        }
        return {**row, **shown}


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


class UsageRow(MoneyRow):
    """A rated use; quantities are in `unit`, `included` of it was covered by an allowance."""

    id: int
    start: datetime
    type: str
    direction: str
    identifier: str
    other: str
    destination: str
    quantity: int
    included: int
    unit: str
    cost: str
    currency: str
    account_number: str


class InvoiceRow(MoneyRow):
    """An invoice as lists show it."""

    number: str
    customer_number: str
    customer_name: str
    account_number: str
    period: str
    issued_on: date
    due_date: date
    status: str
    total: str
    due: str
    currency: str


class AdjustmentOut(BaseModel):
    """By which index a price was adjusted: hundredths of a per cent, and the first day of it."""

    index: str
    basis_points: int
    since: date


class InvoiceLineOut(BaseModel):
    """One line of an invoice."""

    kind: str
    usage_type: str
    service_number: str
    description: str
    first_day: date
    last_day: date
    quantity: int
    net: str
    tax: str
    contract_number: str
    adjusted: AdjustmentOut | None


class InvoiceTaxOut(BaseModel):
    """One tax of an invoice; the rate in per cent, a decimal text."""

    name: str
    percent: str
    tax: str


class InvoiceOut(BaseModel):
    """An invoice with its lines; amounts are decimal texts of its currency."""

    number: str
    account_number: str
    period: str
    issued_on: date
    due_date: date
    status: str
    currency: str
    net: str
    tax: str
    total: str
    paid: str
    due: str
    customer: dict[str, Any]
    lines: list[InvoiceLineOut]
    taxes: list[InvoiceTaxOut]

    @classmethod
    def of(cls, view: InvoiceView) -> "InvoiceOut":
        return cls(
            number=view.number,
            account_number=view.account_number,
            period=view.period,
            issued_on=view.issued_on,
            due_date=view.due_date,
            status=view.status,
            currency=view.total.currency,
            net=str(view.net),
            tax=str(view.tax),
            total=str(view.total),
            paid=str(view.paid),
            due=str(view.due),
            customer=view.customer,
            lines=[
                InvoiceLineOut(
                    kind=line.kind,
                    usage_type=line.usage_type,
                    service_number=line.service_number,
                    description=line.description,
                    first_day=line.first_day,
                    last_day=line.last_day,
                    quantity=line.quantity,
                    net=str(line.net),
                    tax=str(line.tax),
                    contract_number=line.contract_number,
                    adjusted=AdjustmentOut.model_validate(line.adjusted) if line.adjusted else None,
                )
                for line in view.lines
            ],
            taxes=[
                InvoiceTaxOut(name=tax.name, percent=percent_text(tax.rate_millionths), tax=str(tax.tax))
                for tax in view.taxes
            ],
        )


class IssueInvoiceIn(BaseModel):
    """Invoice everything that is open on an account now."""

    account_number: str


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


class RunOut(BaseModel):
    """A billing run."""

    period: str
    state: str
    invoices: int
    started_at: datetime
    finished_at: datetime | None


class RunQueued(BaseModel):
    """The job that does a run."""

    period: str
    job_number: str


class TariffOut(BaseModel):
    """A tariff without its rates."""

    name: str
    currency: str
    rates: int


class RateRow(BaseModel):
    """One tier of one prefix; money in nano-units (1e-9) of the tariff's currency."""

    type: str
    prefix: str
    destination: str
    connect_fee_nanos: int
    rate_nanos: int
    rate_unit: int
    increment: int
    interval_start: int
    effective_from: datetime


class SegmentOut(BaseModel):
    """A part of a quote."""

    prefix: str
    destination: str
    quantity: int
    charged_quantity: int
    rate_nanos: int
    rate_unit: int
    cost: str


class QuoteOut(BaseModel):
    """What a use costs and why."""

    cost: str
    currency: str
    segments: list[SegmentOut]
