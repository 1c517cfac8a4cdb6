"""Tables of contracts: their terms, their documents, who accepted which text, and how charges were indexed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, Computed, Date, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record, key_field
from trunkline.db.numbers import register
from trunkline.db.partial import rows
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _

register("contract", "K", label=_("Contracts"), by_reseller=True)

_INDEXED = "next_indexation_on IS NOT NULL"


class ContractStatus(StrEnum):
    """Where a contract stands. Ended: its term ran out; terminated: somebody gave notice; withdrawn: it never began."""

    DRAFT = "draft"
    SENT = "sent"
    ACTIVE = "active"
    ENDED = "ended"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"


#: What was in force and is not any more.
OVER = (ContractStatus.ENDED, ContractStatus.TERMINATED)


class Renewal(StrEnum):
    """What follows the end of a term."""

    ENDS = "ends"
    OPEN_ENDED = "open_ended"
    SAME_TERM = "same_term"


class PenaltyKind(StrEnum):
    """How the penalty for early termination is reckoned."""

    NONE = "none"
    FIXED = "fixed"
    PER_MONTH = "per_month"
    SHARE = "share"


class IndexationKind(StrEnum):
    """Whether recurring charges follow a published index, rise by a fixed share, or stay."""

    NONE = "none"
    INDEX = "index"
    FIXED = "fixed"


class DocumentKind(StrEnum):
    """What a document is to a contract. The text is what is accepted; a contract has one at a time."""

    TEXT = "text"
    SIGNED = "signed"
    ANNEX = "annex"
    REPLACED = "replaced"


class AcceptedBy(StrEnum):
    """How a customer accepted a contract."""

    #: Signed in to the portal, so that the person is known.
    PORTAL = "portal"
    #: By a mailed link, so that it is whoever reads that mailbox.
    LINK = "link"
    PAPER = "paper"
    TELEPHONE = "telephone"
    DESK = "desk"


def _of_contract() -> Any:
    return Field(
        sa_column=Column(
            BigKey, ForeignKey("core_contract.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )


class Contract(Record, table=True):
    """What was agreed with a customer. Amounts are in minor units of `currency`, shares in basis points; days are inclusive."""

    __tablename__ = "core_contract"
    __table_args__ = (
        Index("ix_core_contract_customer", "customer_id", "id"),
        # Each tab of the list walks an index of its own in each order that the list offers.
        Index("ix_core_contract_title", "title", "id"),
        Index("ix_core_contract_status", "status", "id"),
        Index("ix_core_contract_last_day", "last_day", "id"),
        Index("ix_core_contract_starts", "starts_on", "id"),
        Index("ix_core_contract_indexation", "next_indexation_on", "id", info=rows(_INDEXED)),
        Index("ix_core_contract_accepted", "accepted", "id"),
        # Together: many are indexed so and many have a status, but few or none of them both.
        Index("ix_core_contract_kind", "indexation", "status", "id"),
        Index("ix_core_contract_status_customer", "status", "customer_id", "id"),
        Index("ix_core_contract_status_title", "status", "title", "id"),
        Index("ix_core_contract_status_last_day", "status", "last_day", "id"),
        Index("ix_core_contract_status_indexation", "status", "next_indexation_on", "id"),
    )

    number: str = Field(max_length=20, unique=True)
    customer_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), nullable=False)
    )
    title: str = Field(max_length=200)
    status: str = Field(default=ContractStatus.DRAFT, max_length=12)
    #: Whether text and terms as they are now were accepted.
    accepted: bool = Field(default=False, nullable=False)
    #: None in a draft that begins with its acceptance.
    starts_on: date | None = None
    #: None: open-ended from the beginning.
    term_months: int | None = None
    #: Terms that are over and were followed by one more.
    renewals: int = Field(default=0, nullable=False)
    #: Last day of the present term; None for an open-ended contract, and before it begins.
    ends_on: date | None = None
    renewal: str = Field(default=Renewal.ENDS, max_length=12)
    notice_days: int = Field(default=0, nullable=False)
    penalty: str = Field(default=PenaltyKind.NONE, max_length=12)
    penalty_minor: int = Field(default=0, sa_type=BigInteger, nullable=False)
    penalty_basis_points: int = Field(default=0, nullable=False)
    currency: str = Field(max_length=3)
    indexation: str = Field(default=IndexationKind.NONE, max_length=12)
    index_name: str = Field(default="", max_length=40)
    indexation_basis_points: int = Field(default=0, nullable=False)
    next_indexation_on: date | None = None
    #: The last term's end and the last indexation that were announced, so that each is announced once.
    end_announced_on: date | None = None
    indexation_announced_on: date | None = None
    #: The last day in force, once notice was given; with the penalty as it was told then.
    terminates_on: date | None = None
    #: The last day in force as far as it is known: that of a notice, else of the present term. The database keeps it.
    last_day: date | None = Field(
        default=None, sa_column=Column(Date, Computed("coalesce(terminates_on, ends_on)", persisted=True))
    )
    termination_reason: str = Field(default="", max_length=500)
    termination_months: int = Field(default=0, nullable=False)
    termination_penalty_minor: int = Field(default=0, sa_type=BigInteger, nullable=False)
    termination_waived: bool = Field(default=False, nullable=False)


class ContractDocument(Record, table=True):
    """One file of a contract: the text that is accepted, a signed copy, an annex, or a text that another one replaced."""

    __tablename__ = "core_contract_document"
    __table_args__ = (UniqueConstraint("file_id"),)

    contract_id: int = _of_contract()
    file_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_file.id", ondelete="RESTRICT"), nullable=False)
    )
    kind: str = Field(default=DocumentKind.TEXT, max_length=12)
    #: SHA-256 of the content, in hexadecimal digits.
    digest: str = Field(max_length=64)
    #: SHA-256 of the terms that it was printed from here; empty for a file that somebody attached.
    printed_terms: str = Field(default="", max_length=64)


class ContractAcceptance(SQLModel, table=True):
    """That somebody accepted this very text. Rows are only ever added: they are what a dispute is decided by."""

    __tablename__ = "core_contract_acceptance"
    __table_args__ = ({"info": {"append_only": True}},)

    id: int | None = key_field()
    contract_id: int = _of_contract()
    accepted_by: str = Field(max_length=200)
    tax_id: str = Field(default="", max_length=40)
    how: str = Field(max_length=12)
    #: The protocol number of the call, or what else the paper is found by.
    reference: str = Field(default="", max_length=60)
    #: Network address of who accepted online; empty otherwise.
    address: str = Field(default="", max_length=64)
    accepted_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    recorded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    #: The colleague who wrote it down; empty when the customer did it online.
    recorded_by: str = Field(default="", max_length=200)
    #: SHA-256 of the document, and of the terms as they were then.
    digest: str = Field(max_length=64)
    terms_digest: str = Field(max_length=64)
    document_name: str = Field(max_length=200)
    #: SHA-256 of the scan of the signed paper; empty without one.
    scan_digest: str = Field(default="", max_length=64)


class ContractLink(SQLModel, table=True):
    """A mailed link that reads a contract and accepts it once. Only the SHA-256 of its secret is kept."""

    __tablename__ = "core_contract_link"

    id: int | None = key_field()
    contract_id: int = _of_contract()
    email: str = Field(max_length=254)
    token_hash: str = Field(max_length=64, unique=True)
    #: What the link was sent for; of another text it accepts nothing.
    digest: str = Field(max_length=64)
    terms_digest: str = Field(max_length=64)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ContractIndexation(SQLModel, table=True):
    """That the charges of a contract's services changed by a share, from a day on."""

    __tablename__ = "core_contract_indexation"
    __table_args__ = ({"info": {"append_only": True}},)

    id: int | None = key_field()
    contract_id: int = _of_contract()
    #: Name of the index; empty where the contract itself fixes the share.
    index_name: str = Field(default="", max_length=40)
    basis_points: int
    effective_on: date
    indexed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    indexed_by: str = Field(max_length=200)
