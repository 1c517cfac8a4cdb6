"""Payments and what they pay."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record
from trunkline.db.types import BigKey, Micros, UtcDateTime
from trunkline_billing.models.accounts import account_key, customer_key


class PaymentState(StrEnum):
    RECEIVED = "received"
    REVERSED = "reversed"
    #: Given back, all of it.
    REFUNDED = "refunded"


class BillingPayment(Record, table=True):
    """Money that came in. What no invoice takes stays as the account's credit."""

    __tablename__ = "billing_payment"
    __table_args__ = (
        Index("ix_billing_payment_account", "account_id", "id"),
        # What the list sorts and filters by.
        Index("ix_billing_payment_state", "state", "id"),
        Index("ix_billing_payment_received", "received_at", "id"),
        Index("ix_billing_payment_amount", "amount_micros", "id"),
        Index("ix_billing_payment_method", "method", "state", "id"),
        Index("ix_billing_payment_reference", "reference"),
    )

    number: str = Field(max_length=20, unique=True)
    unique_key: str = Field(max_length=120, unique=True)
    account_id: int = account_key()
    customer_id: int = customer_key()
    amount_micros: int = Field(sa_type=Micros)
    currency: str = Field(max_length=3)
    #: How much of it was given back, or is on its way back.
    refunded_micros: int = Field(default=0, sa_type=Micros)
    method: str = Field(max_length=20)
    #: The name of the provider that took it; empty where nobody said so.
    provider: str = Field(default="", max_length=40)
    desk: str = Field(default="", max_length=60)
    reference: str = Field(default="", max_length=120)
    note: str = Field(default="", max_length=300)
    state: str = Field(default=PaymentState.RECEIVED, max_length=10)
    received_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    taken_by: str = Field(default="", max_length=200)
    reversed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reverse_reason: str = Field(default="", max_length=300)


class BillingAllocation(SQLModel, table=True):
    """How much of a payment pays an invoice. Those of a reversed payment do not count."""

    __tablename__ = "billing_allocation"

    payment_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("billing_payment.id", ondelete="RESTRICT"), primary_key=True)
    )
    invoice_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("billing_invoice.id", ondelete="RESTRICT"), primary_key=True, index=True
        )
    )
    amount_micros: int = Field(sa_type=Micros)


class RefundState(StrEnum):
    #: A provider was asked and has not said yet that the money arrived.
    UNDER_WAY = "under_way"
    PAID = "paid"
    #: The money came back, or never left: it is the account's credit again.
    FAILED = "failed"


class BillingRefund(Record, table=True):
    """Money of a payment that was given back."""

    __tablename__ = "billing_refund"
    __table_args__ = (
        Index("ix_billing_refund_account", "account_id", "id"),
        # What the list sorts and filters by.
        Index("ix_billing_refund_state", "state", "id"),
        Index("ix_billing_refund_made", "made_at", "id"),
        Index("ix_billing_refund_amount", "amount_micros", "id"),
        Index("ix_billing_refund_method", "method", "state", "id"),
        Index("ix_billing_refund_reference", "reference"),
    )

    number: str = Field(max_length=20, unique=True)
    unique_key: str = Field(max_length=120, unique=True)
    payment_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("billing_payment.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    account_id: int = account_key()
    customer_id: int = customer_key()
    amount_micros: int = Field(sa_type=Micros)
    currency: str = Field(max_length=3)
    method: str = Field(max_length=20)
    provider: str = Field(max_length=40)
    reference: str = Field(default="", max_length=120)
    reason: str = Field(max_length=300)
    state: str = Field(default=RefundState.UNDER_WAY, max_length=10)
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    made_by: str = Field(default="", max_length=200)
    #: When it arrived or failed, and why it failed.
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failure: str = Field(default="", max_length=300)
