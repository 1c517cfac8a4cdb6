"""What the REST routes of use and its tariffs give."""

from datetime import datetime

from pydantic import BaseModel

from trunkline_billing.rest_schemas.amounts import MoneyRow


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


class TariffOut(BaseModel):
    """A tariff without its rates."""

    name: str
    currency: str
    rates: int
    updated_at: datetime


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
