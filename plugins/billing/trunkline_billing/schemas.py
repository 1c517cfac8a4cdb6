"""What goes in and comes out of billing: one source for forms, REST and other plugins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, field_validator

from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.money import MICROS, Money
from trunkline.read_model import read_model
from trunkline_billing.words import adjustment_text, charge_text, quantity_text

UsageType = Literal["voice", "sms", "data", "event"]
#: The unit that quantities of a type are counted in.
UNITS: dict[str, str] = {"voice": "s", "sms": "messages", "data": "B", "event": "events"}
#: The largest amount accepted in one go: below it, no sum of a day overflows 64 bits of micro-units.
MAX_AMOUNT = Decimal(1_000_000_000)

Amount = Annotated[Decimal, Field(max_digits=16, decimal_places=6, le=MAX_AMOUNT)]
#: An amount shown as decimal text beside its currency.
DecimalText = Annotated[str, PlainSerializer(lambda value: value, return_type=str)]


def micros(amount: Decimal) -> int:
    """Micro-units of a validated amount (at most six decimals)."""
    return int(amount * MICROS)


class OpenAccount(BaseModel):
    """Open an account for a customer."""

    customer_id: int
    currency: str = Field(default="", pattern="^([A-Z]{3})?$", description="Empty: the operator's currency")
    kind: Literal["postpaid", "prepaid"] = "postpaid"
    name: str = Field(default="", max_length=100)
    tax_scheme: str = Field(default="", description="Name of a tax scheme; empty: the default one")


class NewAccount(BaseModel):
    """The form behind “New account” on a customer."""

    name: str = Field(default="", max_length=100, title=_("Name"), description=_("Such as Office or Family."))
    kind: Literal["postpaid", "prepaid"] = Field(default="postpaid", title=_("Kind"))
    currency: str = Field(
        pattern="^[A-Z]{3}$",
        examples=["BRL"],
        title=_("Currency"),
        description=_("ISO 4217 code, such as BRL."),
    )
    tax_scheme: str = Field(default="", title=_("Tax scheme"))


class _PaymentOf(BaseModel):
    """How much is for which account."""

    account_number: str = Field(
        title=_("Account"),
        max_length=20,
        json_schema_extra={"widget": "lookup", "href": "/billing/payments/accounts"},
    )
    amount: Amount = Field(gt=0, title=_("Amount"), json_schema_extra={"widget": "money"})

    @field_validator("account_number", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.strip().upper() if isinstance(value, str) else value


class _ByProvider(_PaymentOf):
    """By which way it is taken."""

    provider: str = Field(
        default="cash",
        max_length=40,
        title=_("Taken by"),
        description=_("Method and cash desk are noted only for money taken at the desk."),
        json_schema_extra={"widget": "radio"},
    )


class RecordPayment(_PaymentOf):
    """Take note of money that came in. `key` makes a repeat harmless."""

    method: Literal["cash", "card", "bank_transfer"] = Field(default="cash", title=_("Method"))
    desk: str = Field(default="", max_length=60, title=_("Cash desk"))
    reference: str = Field(default="", max_length=120, title=_("Reference"))
    note: str = Field(default="", max_length=300, title=_("Note"))
    invoices: list[str] = Field(
        default=[],
        title=_("Pays these invoices"),
        description=_("Nothing chosen: the oldest first."),
        json_schema_extra={"widget": "checkboxes", "width": "full"},
    )
    key: str = Field(default="", max_length=120, json_schema_extra={"widget": "hidden"})


class TakePayment(RecordPayment, _ByProvider):
    """Take money by one of the ways that plugins offer. `key` makes a repeat harmless."""


@dataclass(frozen=True)
class PaymentTaken:
    """What a provider made of it. `number` is the payment's, when one was recorded; money that is not `settled` counts later."""

    provider: str
    label: str
    settled: bool
    reference: str
    redirect: str
    number: str


class GiveCredit(BaseModel):
    """Take an amount off the next invoices of an account, saying why. `key` makes a repeat harmless."""

    amount: Amount = Field(
        gt=0,
        title=_("Amount"),
        description=_("Before tax, in the account's currency: the tax on it is taken off as well."),
        json_schema_extra={"widget": "money"},
    )
    reason: str = Field(
        min_length=3,
        max_length=200,
        title=_("Reason"),
        description=_("The customer reads it on the invoice."),
    )
    key: str = Field(default="", max_length=60, json_schema_extra={"widget": "hidden"})


class ReversePayment(BaseModel):
    """Take a payment back, saying why."""

    reason: str = Field(min_length=3, max_length=300, title=_("Reason"))


class VoidInvoice(BaseModel):
    """Void an invoice, saying why; its charges wait for the next one."""

    reason: str = Field(min_length=3, max_length=300, title=_("Reason"))


class RunBilling(BaseModel):
    """Invoice every account up to the end of a month."""

    period: str = Field(
        pattern=r"^20\d\d-(0[1-9]|1[0-2])$",
        examples=["2026-10"],
        title=_("Month"),
        description=_("Such as 2026-10."),
    )


class CreateTaxScheme(BaseModel):
    """A tax scheme with its rates, as `ICMS 17` per line."""

    name: str = Field(min_length=1, max_length=60, title=_("Name"))
    rates: list[str] = Field(
        default=[],
        title=_("Taxes"),
        description=_("One a line: name and per cent, such as ICMS 17 or PIS 0.65."),
        json_schema_extra={"widget": "lines", "rows": 4},
    )
    is_default: bool = Field(default=False, title=_("Used where an account names none"))


class QuoteUsage(BaseModel):
    """What would this use cost?"""

    model_config = ConfigDict(str_strip_whitespace=True)

    to: str = Field(
        min_length=1, max_length=40, title=_("Number called"), description=_("With country code.")
    )
    type: UsageType = Field(default="voice", title=_("Type"))
    usage: str = Field(
        default="60s",
        title=_("Usage"),
        pattern=r"^\d{1,15} ?(s|m|h|B|kB|MB|GB|messages|events)?$",
        examples=["45s"],
        description=_("Such as 45s, 3m, 20MB or 2."),
    )
    at: datetime | None = Field(default=None, title=_("At"))


@read_model
class AccountView:
    """An account with what it owes: `balance` below zero is credit, `unbilled` comes with the next invoice."""

    id: int
    number: str
    customer_id: int
    name: str
    kind: str
    state: str
    currency: str
    is_default: bool
    balance: Money
    unbilled: Money
    overdue: Money


@dataclass(frozen=True)
class InvoiceLineView:
    """One line of an invoice; `quantity` is in the unit of the usage type."""

    seq: int
    kind: str
    usage_type: str
    service_number: str
    description: str
    first_day: date
    last_day: date
    quantity: int
    count: int
    net: Money
    tax: Money
    #: Of the service that it is for, or that ended early.
    contract_number: str = ""
    #: `BillingCharge.adjusted`.
    adjusted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """Its contract and by what index its price was adjusted, in the reader's words; empty where there is neither."""
        contract = str(_("Contract {number}", number=self.contract_number)) if self.contract_number else ""
        return " · ".join(filter(None, (contract, adjustment_text(self.adjusted))))

    @property
    def text(self) -> str:
        """What the line is for, in the reader's words."""
        return charge_text(self.kind, self.usage_type, self.description)

    @property
    def told(self) -> tuple[str, str, str]:
        """The texts by which it is found among the lines of its invoice."""
        return self.text, self.service_number, self.note

    @property
    def quantity_text(self) -> str:
        """How much of it, in the reader's words: days, a length of time, a volume or a count."""
        if self.kind == "usage":
            return quantity_text(self.usage_type, self.quantity)
        return (
            ngettext("{n} day", "{n} days", self.quantity) if self.kind in ("monthly", "suspension") else "1"
        )


@dataclass(frozen=True)
class TaxView:
    """One tax of an invoice."""

    name: str
    rate_millionths: int
    base: Money
    tax: Money


@read_model
class InvoiceView:
    """An invoice as it was issued. `status` is open, overdue, paid or void."""

    id: int
    number: str
    account_id: int
    account_number: str
    customer_id: int
    period: str
    issued_on: date
    due_date: date
    status: str
    net: Money
    tax: Money
    total: Money
    paid: Money
    customer: dict[str, Any]
    operator: dict[str, Any]
    lines: Sequence[InvoiceLineView] = ()
    taxes: Sequence[TaxView] = ()
    void_reason: str = ""
    version: int = 1

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        if self.status == "void":
            return Money(0, self.total.currency)
        return self.total - self.paid


@dataclass(frozen=True)
class PaymentView:
    """A payment and what it paid, as (invoice number, amount) pairs."""

    id: int
    number: str
    account_number: str
    customer_id: int
    amount: Money
    method: str
    desk: str
    reference: str
    note: str
    state: str
    received_at: datetime
    taken_by: str
    reversed_at: datetime | None
    reverse_reason: str
    refunded: Money
    provider: str
    allocations: Sequence[tuple[str, Money]] = ()


@read_model
class AllowanceView:
    """How much of what is included is used in a period; quantities in the unit of the type."""

    service_id: int
    period: str
    type: str
    unit: str
    quantity: int
    used: int

    @property
    def left(self) -> int:
        return self.quantity - self.used


@dataclass(frozen=True)
class UsageView:
    """One rated use."""

    id: int
    service_id: int
    type: str
    direction: str
    other: str
    destination: str
    start: datetime
    quantity: int
    unit: str
    included: int
    cost: Money


@dataclass(frozen=True)
class RunPreview:
    """What a run would do: accounts with something to invoice, and those that have their invoice already."""

    period: str
    accounts: int
    invoiced: int
    subscriptions: int


@read_model
class SubscriptionView:
    """How a service is charged."""

    service_id: int
    service_number: str
    account_id: int
    account_number: str
    product_code: str
    product_name: str
    starts_at: datetime
    ends_at: datetime | None
    monthly: Money | None
    #: Its price is in that of its bundle.
    covered: bool = False
