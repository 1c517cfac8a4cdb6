"""Tables of customers and what belongs to each: contacts, sites, tags, attributes; and resellers, who may own customers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field

from trunkline.db.base import REFERS, UNLOGGED, Record
from trunkline.db.numbers import register
from trunkline.db.partial import rows
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _

register("customer", "C", label=_("Customers"), by_reseller=True)
_LEFT = "closed_at IS NOT NULL"


class CustomerKind(StrEnum):
    INDIVIDUAL = "individual"
    BUSINESS = "business"


class CustomerStatus(StrEnum):
    """Where a customer stands. Archived ones stay readable and are left out of lists; nothing is ever deleted."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    ARCHIVED = "archived"


class ContactRole(StrEnum):
    """What a contact is for; it steers who gets invoices and notices."""

    BILLING = "billing"
    TECHNICAL = "technical"
    OWNER = "owner"
    OTHER = "other"


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


def _of_customer() -> Any:
    return Field(
        sa_column=Column(
            BigKey, ForeignKey("core_customer.id", ondelete="CASCADE"), index=True, nullable=False
        )
    )


class Reseller(Record, table=True):
    """Somebody who sells under a brand of their own and sees only their own customers."""

    __tablename__ = "core_reseller"
    __table_args__ = (Index("ix_core_reseller_name", "name", "id"),)

    code: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=200)
    active: bool = True


class Customer(Record, table=True):
    """A person or an organisation that is sold to. `tax_id` is compact (no punctuation), `phone` E.164."""

    __tablename__ = "core_customer"
    __table_args__ = (
        UniqueConstraint("tax_key"),
        Index("ix_core_customer_name", "name", "id"),
        # Each tab of the list walks an index of its own in each order that the list offers.
        Index("ix_core_customer_status", "status", "id"),
        Index("ix_core_customer_status_name", "status", "name", "id"),
        Index("ix_core_customer_status_created", "status", "created_at", "id"),
        Index("ix_core_customer_status_kind", "status", "kind", "id"),
        Index("ix_core_customer_kind", "kind", "id"),
        Index("ix_core_customer_created", "created_at", "id"),
        Index("ix_core_customer_tax_id", "tax_id"),
        Index("ix_core_customer_email", "email"),
        Index("ix_core_customer_phone", "phone"),
        Index("ix_core_customer_closed", "closed_at", info=rows(_LEFT)),
    )

    number: str = Field(max_length=20, unique=True)
    kind: str = Field(max_length=12)
    status: str = Field(default=CustomerStatus.PENDING, max_length=12)
    name: str = Field(max_length=200)
    legal_name: str = Field(default="", max_length=200)
    tax_id: str = Field(default="", max_length=40)
    #: `reseller:country:tax_id`; None where no tax id is known or the customer is archived. Makes duplicates impossible.
    tax_key: str | None = Field(default=None, max_length=80)
    country: str = Field(max_length=2)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=20)
    language: str = Field(default="", max_length=10)
    birth_date: date | None = None
    identity_document: str = Field(default="", max_length=60)
    state_registration: str = Field(default="", max_length=60)
    website: str = Field(default="", max_length=300)
    notes: str = Field(default="")
    reseller_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_reseller.id", ondelete="RESTRICT"), index=True),
    )
    #: Since when they are no customer any more: closed, or archived without ever being active. None while they are one.
    #: The log says it by the status.
    closed_at: datetime | None = Field(
        default=None, sa_column=Column(UtcDateTime, nullable=True, info={UNLOGGED: True})
    )
    #: The customer whose branch, or whose customer, this one is; and the one that this one was merged into.
    parent_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )
    merged_into_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )
    #: Users by key: the colleague who looks after the customer, and who registered it. No foreign keys, because users
    #: refer to customers and SQLite cannot close the circle; users are disabled, never deleted.
    assigned_user_id: int | None = Field(
        default=None, sa_type=BigKey, index=True, sa_column_kwargs={"info": {REFERS: "core_user"}}
    )
    registered_by_id: int | None = Field(
        default=None, sa_type=BigKey, index=True, sa_column_kwargs={"info": {REFERS: "core_user"}}
    )


class Contact(Record, table=True):
    """A person at a customer."""

    __tablename__ = "core_contact"

    customer_id: int = _of_customer()
    name: str = Field(max_length=200)
    roles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=20)
    notes: str = Field(default="", max_length=500)


class Site(Record, table=True):
    """A place of a customer: where services are delivered and invoices go. The zone is for display only."""

    __tablename__ = "core_site"

    customer_id: int = _of_customer()
    name: str = Field(max_length=120)
    street: str = Field(default="", max_length=300)
    city: str = Field(default="", max_length=120)
    state: str = Field(default="", max_length=60)
    postal_code: str = Field(default="", max_length=20)
    country: str = Field(max_length=2)
    time_zone: str = Field(default="", max_length=60)
    latitude: float | None = None
    longitude: float | None = None
    #: Who said where it is: `manual`, or a provider's name; and what it called the place.
    located_by: str = Field(default="", max_length=40)
    located_as: str = Field(default="", max_length=300)
    #: When the provider said so, for as long as its terms let that be kept.
    located_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    #: Whether its address is still to be looked up (`waiting`), could not be (`unknown`, `failed`), or only about (`rough`).
    locating: str = Field(default="", max_length=10)


class CustomerTag(Record, table=True):
    """A coloured word on a customer, perhaps with a link, perhaps only for some days (both ends included)."""

    __tablename__ = "core_customer_tag"
    __table_args__ = (
        UniqueConstraint("customer_id", "text"),
        Index("ix_core_customer_tag_text", "text", "customer_id"),
    )

    customer_id: int = _of_customer()
    text: str = Field(max_length=40)
    colour: str = Field(default="blue", max_length=12)
    link: str = Field(default="", max_length=500)
    from_date: date | None = None
    to_date: date | None = None


class CustomerAttribute(Record, table=True):
    """A free typed fact about a customer. `value` is the canonical text of its type."""

    __tablename__ = "core_customer_attribute"
    __table_args__ = (UniqueConstraint("customer_id", "name"),)

    customer_id: int = _of_customer()
    name: str = Field(max_length=60)
    type: str = Field(default=AttributeType.TEXT, max_length=8)
    value: str = Field(default="", max_length=1000)
