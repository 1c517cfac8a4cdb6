"""Accounts, the double-entry ledger below them, and the charges that are waiting to be invoiced."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record, key_field
from trunkline.db.partial import rows
from trunkline.db.types import BigKey, Micros, UtcDateTime


def customer_key() -> Any:
    """The customer that a row belongs to; a customer with billing data is archived, never deleted."""
    return Field(
        sa_column=Column(
            BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )


def account_key(**options: Any) -> Any:
    """The account that a row belongs to."""
    return Field(
        sa_column=Column(
            BigKey, ForeignKey("billing_account.id", ondelete="RESTRICT"), nullable=False, **options
        )
    )


class AccountKind(StrEnum):
    POSTPAID = "postpaid"
    PREPAID = "prepaid"


class AccountState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class BillingAccount(Record, table=True):
    """What a customer owes and is owed, in one currency."""

    __tablename__ = "billing_account"
    __table_args__ = (
        Index(
            "uq_billing_account_default",
            "customer_id",
            unique=True,
            info=rows("is_default"),
        ),
    )

    number: str = Field(max_length=20, unique=True)
    customer_id: int = customer_key()
    name: str = Field(default="", max_length=100)
    kind: str = Field(default=AccountKind.POSTPAID, max_length=10)
    currency: str = Field(max_length=3)
    state: str = Field(default=AccountState.OPEN, max_length=10)
    is_default: bool = False
    credit_limit_micros: int = Field(default=0, sa_type=Micros)
    tax_scheme_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("billing_tax_scheme.id", ondelete="RESTRICT"))
    )


class Ledger(StrEnum):
    """The books. A debit is positive, a credit negative; the postings of an entry sum to zero per currency."""

    #: Invoiced and not paid; below zero it is the customer's credit.
    RECEIVABLE = "receivable"
    #: Charged and not yet invoiced.
    UNBILLED = "unbilled"
    REVENUE_RECURRING = "revenue:recurring"
    REVENUE_SETUP = "revenue:setup"
    REVENUE_USAGE = "revenue:usage"
    #: What contracts that ended before their term cost.
    REVENUE_PENALTIES = "revenue:penalties"
    #: What was given back out of goodwill or to put a mistake right; below the other revenue.
    REVENUE_CREDITS = "revenue:credits"
    TAX_PAYABLE = "tax:payable"
    CASH = "cash"
    ROUNDING = "rounding"


class BillingEntry(SQLModel, table=True):
    """One business fact in the books. Rows are only ever added; a correction is a further entry."""

    __tablename__ = "billing_entry"
    __table_args__ = (Index("ix_billing_entry_account", "account_id", "id"),)

    id: int | None = key_field()
    unique_key: str = Field(max_length=160, unique=True)
    account_id: int = account_key()
    customer_id: int = customer_key()
    kind: str = Field(max_length=20)
    text: str = Field(default="", max_length=200)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    reverses_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("billing_entry.id", ondelete="RESTRICT"), unique=True),
    )


class BillingPosting(SQLModel, table=True):
    """One side of an entry. The account leads the key, so that the table can be partitioned later."""

    __tablename__ = "billing_posting"
    __table_args__ = (Index("ix_billing_posting_ledger", "ledger", "currency", "account_id"),)

    account_id: int = account_key(primary_key=True)
    entry_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("billing_entry.id", ondelete="RESTRICT"), primary_key=True, index=True
        )
    )
    seq: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    ledger: str = Field(max_length=30)
    amount_micros: int = Field(sa_type=Micros)
    currency: str = Field(max_length=3)


class ChargeKind(StrEnum):
    SETUP = "setup"
    MONTHLY = "monthly"
    #: What a monthly charge gives back for suspended days; below zero.
    SUSPENSION = "suspension"
    USAGE = "usage"
    #: For a contract that ended before its term.
    PENALTY = "penalty"
    #: Money off that somebody gave; below zero.
    CREDIT = "credit"

    @property
    def ledger(self) -> Ledger:
        """The revenue book it is credited to."""
        return _REVENUE[self]


_REVENUE = {
    ChargeKind.SETUP: Ledger.REVENUE_SETUP,
    ChargeKind.MONTHLY: Ledger.REVENUE_RECURRING,
    ChargeKind.SUSPENSION: Ledger.REVENUE_RECURRING,
    ChargeKind.USAGE: Ledger.REVENUE_USAGE,
    ChargeKind.PENALTY: Ledger.REVENUE_PENALTIES,
    ChargeKind.CREDIT: Ledger.REVENUE_CREDITS,
}


class ChargeState(StrEnum):
    OPEN = "open"
    INVOICED = "invoiced"
    VOID = "void"


class BillingCharge(SQLModel, table=True):
    """Something to be invoiced once. `unique_key` says what it is for."""

    __tablename__ = "billing_charge"
    __table_args__ = (
        Index("ix_billing_charge_account", "account_id", "state", "at"),
        Index("ix_billing_charge_service", "service_id", "id"),
    )

    id: int | None = key_field()
    unique_key: str = Field(max_length=120, unique=True)
    account_id: int = account_key()
    customer_id: int = customer_key()
    entry_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("billing_entry.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    invoice_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("billing_invoice.id", ondelete="RESTRICT"), index=True),
    )
    service_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"))
    )
    service_number: str = Field(default="", max_length=20)
    kind: str = Field(max_length=12)
    state: str = Field(default=ChargeState.OPEN, max_length=10)
    description: str = Field(max_length=200)
    #: The contract that it is for by itself; that of a service's charges stands with the service.
    contract_number: str = Field(default="", max_length=20)
    #: By what a service's own price came about: `index`, `basis_points` and `since`; else empty.
    adjusted: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Voice, sms, data or event for usage; else empty.
    usage_type: str = Field(default="", max_length=10)
    #: First day and last day that it is for.
    first_day: date
    last_day: date
    #: Seconds, bytes, messages or events used; days for recurring charges.
    quantity: int = Field(default=0, sa_type=Micros)
    #: How many uses it sums up.
    count: int = 0
    amount_micros: int = Field(sa_type=Micros)
    currency: str = Field(max_length=3)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)


class BillingSubscription(Record, table=True):
    """That a service is charged, to which account, from when till when."""

    __tablename__ = "billing_subscription"
    __table_args__ = (Index("ix_billing_subscription_account", "account_id", "starts_at"),)

    service_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), unique=True, nullable=False
        )
    )
    service_number: str = Field(max_length=20)
    account_id: int = account_key()
    customer_id: int = customer_key()
    product_code: str = Field(max_length=60, index=True)
    product_name: str = Field(max_length=120)
    #: Its price is in that of its bundle; what it uses is rated and counted all the same.
    covered: bool = False
    starts_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BillingProductChange(SQLModel, table=True):
    """That a service was charged as another product until a moment. The subscription has what it is charged as now."""

    __tablename__ = "billing_product_change"
    __table_args__ = (Index("ix_billing_product_change_service", "service_id", "at"),)

    id: int | None = key_field()
    service_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), nullable=False)
    )
    #: The order line that changed it.
    line_id: int = Field(sa_type=BigKey, unique=True)
    at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: The first day, where the operator is, that is charged at the new price.
    day: date
    #: What it was until then.
    product_code: str = Field(max_length=60)
    product_name: str = Field(max_length=120)


class BillingChargingAccount(SQLModel, table=True):
    """That an account is known to a charging engine. `opened_by` is the idempotency key of whoever did it."""

    __tablename__ = "billing_charging_account"
    __table_args__ = (CheckConstraint("length(engine) > 0", name="engine"),)

    account_id: int = account_key(primary_key=True)
    engine: str = Field(max_length=40)
    opened_by: str = Field(max_length=160)
    prepaid: bool = False
    opened_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
