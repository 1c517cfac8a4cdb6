"""Taxes, invoices and the runs that make them. Lines of an issued invoice never change."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record, key_field
from trunkline.db.types import BigKey, Micros, UtcDateTime
from trunkline_billing.models.accounts import account_key, customer_key


class BillingTaxScheme(Record, table=True):
    """A named set of taxes, added to each invoice line and rounded half up to minor units per line."""

    __tablename__ = "billing_tax_scheme"

    name: str = Field(max_length=60, unique=True)
    is_default: bool = False


class BillingTaxRate(SQLModel, table=True):
    """One tax of a scheme."""

    __tablename__ = "billing_tax_rate"
    __table_args__ = (UniqueConstraint("scheme_id", "name"),)

    id: int | None = key_field()
    scheme_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("billing_tax_scheme.id", ondelete="CASCADE"), nullable=False)
    )
    name: str = Field(max_length=40)
    #: Millionths of the net amount: 17 % is 170000.
    rate_millionths: int


class InvoiceState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    VOID = "void"


class BillingInvoice(Record, table=True):
    """What is owed for a period. The customer is kept as it was when the invoice was issued."""

    __tablename__ = "billing_invoice"
    __table_args__ = (
        Index("ix_billing_invoice_account", "account_id", "id"),
        # An account's overdue sum; without it SQLite reads everybody's overdue invoices by the index below.
        Index("ix_billing_invoice_account_due", "account_id", "state", "due_date"),
        Index("ix_billing_invoice_due", "state", "due_date"),
        # What the list sorts and filters by.
        Index("ix_billing_invoice_state", "state", "id"),
        Index("ix_billing_invoice_period", "period", "id"),
        # Void or overdue ones of a month: many have the one, many the other, hardly any both.
        Index("ix_billing_invoice_period_state", "period", "state"),
        Index("ix_billing_invoice_issued", "issued_on", "id"),
        Index("ix_billing_invoice_due_on", "due_date", "id"),
        Index("ix_billing_invoice_total", "total_micros", "id"),
    )

    number: str = Field(max_length=20, unique=True)
    #: Account and period of a run; what makes a second invoice for the same impossible.
    unique_key: str = Field(max_length=60, unique=True)
    account_id: int = account_key()
    customer_id: int = customer_key()
    run_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("billing_run.id", ondelete="RESTRICT"), index=True)
    )
    period: str = Field(max_length=7)
    issued_on: date
    due_date: date
    state: str = Field(default=InvoiceState.OPEN, max_length=8)
    currency: str = Field(max_length=3)
    net_micros: int = Field(sa_type=Micros)
    tax_micros: int = Field(sa_type=Micros)
    total_micros: int = Field(sa_type=Micros)
    paid_micros: int = Field(default=0, sa_type=Micros)
    customer: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    operator: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    void_reason: str = Field(default="", max_length=300)


class BillingInvoiceLine(SQLModel, table=True):
    """One line, rounded to minor units; the totals are sums of lines."""

    __tablename__ = "billing_invoice_line"

    invoice_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("billing_invoice.id", ondelete="RESTRICT"), primary_key=True)
    )
    seq: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(max_length=12)
    usage_type: str = Field(default="", max_length=10)
    service_id: int | None = Field(default=None, sa_type=BigKey)
    service_number: str = Field(default="", max_length=20)
    description: str = Field(max_length=200)
    contract_number: str = Field(default="", max_length=20)
    #: As in the charge.
    adjusted: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    first_day: date
    last_day: date
    quantity: int = Field(default=0, sa_type=Micros)
    count: int = 0
    net_micros: int = Field(sa_type=Micros)
    tax_micros: int = Field(sa_type=Micros)


class BillingInvoiceTax(SQLModel, table=True):
    """What one tax comes to on one invoice."""

    __tablename__ = "billing_invoice_tax"

    invoice_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("billing_invoice.id", ondelete="RESTRICT"), primary_key=True)
    )
    name: str = Field(max_length=40, primary_key=True)
    rate_millionths: int
    base_micros: int = Field(sa_type=Micros)
    tax_micros: int = Field(sa_type=Micros)


class BillingInvoiceDocument(SQLModel, table=True):
    """The PDF as it was first rendered: a digest that names the file in the content-addressed store."""

    __tablename__ = "billing_invoice_document"

    invoice_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("billing_invoice.id", ondelete="RESTRICT"), primary_key=True)
    )
    sha256: str = Field(max_length=64)
    size: int
    rendered_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)


class BillingRun(Record, table=True):
    """The invoicing of one period for everybody. `last_account_id` is how far it has come."""

    __tablename__ = "billing_run"

    period: str = Field(max_length=7, unique=True)
    state: str = Field(default="running", max_length=10)
    last_account_id: int = Field(default=0, sa_type=BigKey)
    invoices: int = 0
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
