"""Rated usage, the keys that keep it unique, and the allowances it eats first.

These tables take tens of thousands of rows a second, so they carry only the indexes that a page or a run reads by.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import key_field
from trunkline.db.types import BigKey, Micros, UtcDateTime
from trunkline_billing.models.accounts import account_key, customer_key


class BillingUsageBatch(SQLModel, table=True):
    """What one transaction of an import brought."""

    __tablename__ = "billing_usage_batch"

    id: int | None = key_field()
    source: str = Field(max_length=60)
    name: str = Field(max_length=200)
    rows: int
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False, index=True)


class BillingUsageKey(SQLModel, table=True):
    """Which records of a source were taken: the same one never counts twice."""

    __tablename__ = "billing_usage_key"
    __table_args__ = {"sqlite_with_rowid": False}

    source: str = Field(max_length=60, primary_key=True)
    key: str = Field(max_length=120, primary_key=True)
    usage_id: int = Field(sa_type=BigKey)


class BillingUsage(SQLModel, table=True):
    """One rated use. The account leads the key, so that the table can be partitioned later.

    Service and time follow, so that what a page reads lies together and no index has to be kept beside the key. A query by
    service must therefore name the service's account as well.
    """

    __tablename__ = "billing_usage"
    __table_args__ = {"sqlite_with_rowid": False}

    #: No foreign keys here and below: the import resolves both from the identifiers, and checking them again for each row costs a
    #: third of the speed. Accounts and services are never deleted.
    account_id: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    service_id: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    start: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    id: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    batch_id: int = Field(sa_type=BigKey)
    customer_id: int = Field(sa_type=BigKey)
    type: str = Field(max_length=10)
    direction: str = Field(max_length=3)
    identifier: str = Field(max_length=60)
    #: The other side: the number called or calling, the access point of a data session.
    other: str = Field(default="", max_length=60)
    destination: str = Field(default="", max_length=120)
    origin_area: str = Field(default="", max_length=60)
    carrier: str = Field(default="", max_length=60)
    cell: str = Field(default="", max_length=60)
    quantity: int = Field(sa_type=Micros)
    #: How much of it an allowance covered.
    included: int = Field(default=0, sa_type=Micros)
    cost_micros: int = Field(default=0, sa_type=Micros)


class BillingAllowance(SQLModel, table=True):
    """What a product includes for one service and period, and how much of it is used."""

    __tablename__ = "billing_allowance"
    __table_args__ = (UniqueConstraint("service_id", "period", "type"),)

    id: int | None = key_field()
    account_id: int = account_key(index=True)
    customer_id: int = customer_key()
    service_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), nullable=False)
    )
    #: Calendar month in the operator's zone, as 2026-11.
    period: str = Field(max_length=7, index=True)
    type: str = Field(max_length=10)
    quantity: int = Field(sa_type=Micros)
    used: int = Field(default=0, sa_type=Micros)
