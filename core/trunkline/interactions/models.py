"""The table of contacts with customers, each with the protocol number that the customer is told."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field

from trunkline.clock import utc_now
from trunkline.db.base import REFERS, Record
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _

register("interaction", "", label=_("Protocols of contacts"), by_day=True)


class Channel(StrEnum):
    """How the customer and the operator were in touch."""

    PHONE = "phone"
    EMAIL = "email"
    MESSAGE = "message"
    CHAT = "chat"
    VISIT = "visit"
    OTHER = "other"


class ToldBy(StrEnum):
    """How the customer was told the number."""

    NOBODY = ""
    EMAIL = "email"
    SMS = "sms"


class Interaction(Record, table=True):
    """One contact with a customer. Its number is the day in the operator's zone and a count: `20261122-000123`."""

    __tablename__ = "core_interaction"
    __table_args__ = (Index("ix_core_interaction_customer", "customer_id", "at", "id"),)

    number: str = Field(max_length=20, unique=True)
    customer_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="CASCADE"), nullable=False)
    )
    channel: str = Field(max_length=10)
    subject: str = Field(max_length=200)
    text: str = Field(default="")
    #: Who spoke with the customer, as they were called then.
    agent: str = Field(default="", max_length=200)
    agent_id: int | None = Field(
        default=None, sa_type=BigKey, sa_column_kwargs={"info": {REFERS: "core_user"}}
    )
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    told_by: str = Field(default=ToldBy.NOBODY, max_length=10)
