"""Tariffs: rates by type of use and prefix, from a moment on, in tiers by how long the use has lasted."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import Record, key_field
from trunkline.db.types import BigKey, Micros, UtcDateTime


class BillingTariff(Record, table=True):
    """A named price list in one currency. `version` rises with every change of its rates."""

    __tablename__ = "billing_tariff"

    name: str = Field(max_length=60, unique=True)
    currency: str = Field(max_length=3)
    #: Raised with every import, so that processes know when to compile the rates again.
    revision: int = 0
    rate_count: int = 0


class BillingRate(SQLModel, table=True):
    """One tier of one prefix. Money is nano-units (1e-9) of the tariff's currency; quantities are the type's own unit."""

    __tablename__ = "billing_rate"
    __table_args__ = (UniqueConstraint("tariff_id", "type", "prefix", "effective_from", "interval_start"),)

    id: int | None = key_field()
    tariff_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("billing_tariff.id", ondelete="CASCADE"), nullable=False)
    )
    #: voice, sms, data or event.
    type: str = Field(max_length=10)
    prefix: str = Field(max_length=20)
    destination: str = Field(max_length=120)
    connect_fee_nanos: int = Field(sa_type=Micros)
    rate_nanos: int = Field(sa_type=Micros)
    #: The rate is per this many seconds (bytes, messages).
    rate_unit: int = Field(sa_type=Micros)
    #: Charged in steps of this many.
    increment: int = Field(sa_type=Micros)
    #: The tier holds from this quantity on.
    interval_start: int = Field(default=0, sa_type=Micros)
    effective_from: datetime = Field(sa_type=UtcDateTime, nullable=False)
