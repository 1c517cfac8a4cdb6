"""The activity log: who did what, when, from where, with the values before and after; and the seals that prove it whole.

Rows are only ever added: triggers in the migration refuse everything else.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, String, Text
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import key_field
from trunkline.db.partial import rows
from trunkline.db.types import BigKey, UtcDateTime

_APPEND_ONLY = {"info": {"append_only": True}}
#: So that what a subject begins with is a range of the index on both databases.
_BY_CODE_POINT = String(200).with_variant(String(200, collation="C"), "postgresql")


class ActivityEntry(SQLModel, table=True):
    """One operation (or one batch, or one view of a sensitive record)."""

    __tablename__ = "core_activity"
    # Each filter of the list walks its own index in the list's order, so that a million entries cost what a page costs.
    __table_args__ = (
        Index("ix_core_activity_at", "at", "id"),
        Index("ix_core_activity_operation", "operation", "at", "id"),
        Index("ix_core_activity_actor", "actor", "at", "id"),
        Index(
            "ix_core_activity_on_behalf_of",
            "on_behalf_of",
            "at",
            "id",
            info=rows("on_behalf_of <> ''"),
        ),
        Index("ix_core_activity_address", "address", "at", "id"),
        Index("ix_core_activity_subject_name", "subject", "at", "id"),
        Index("ix_core_activity_subject", "subject_kind", "subject_id"),
        Index("ix_core_activity_customer", "customer_id", "id"),
        _APPEND_ONLY,
    )

    id: int | None = key_field()
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    operation: str = Field(max_length=120)
    actor_kind: str = Field(max_length=12)
    actor_id: int | None = Field(default=None, sa_type=BigKey)
    actor: str = Field(max_length=200)
    on_behalf_of_id: int | None = Field(default=None, sa_type=BigKey)
    on_behalf_of: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=60)
    request_id: str = Field(default="", max_length=64)
    subject_kind: str = Field(default="", max_length=60)
    subject_id: int | None = Field(default=None, sa_type=BigKey)
    subject: str = Field(default="", sa_column=Column(_BY_CODE_POINT, nullable=False))
    #: No foreign key: an entry outlives what it tells of.
    customer_id: int | None = Field(default=None, sa_type=BigKey)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class ActivityDigest(SQLModel, table=True):
    """What an entry was when it was sealed: a keyed digest of its salted contents."""

    __tablename__ = "core_activity_digest"
    __table_args__ = (_APPEND_ONLY,)

    entry_id: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    seal_no: int = Field(index=True)
    #: Random, so that once entry and salt are gone nobody can guess the contents from the digest.
    salt: str = Field(max_length=32)
    digest: str = Field(max_length=64)


class ActivitySeal(SQLModel, table=True):
    """A batch of digests, chained to the seal before by a key that is not in the database."""

    __tablename__ = "core_activity_seal"
    __table_args__ = (_APPEND_ONLY,)

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: Keys of the sealed entries as ranges: `1-2000,2003`.
    entries: str = Field(sa_column=Column(Text, nullable=False))
    count: int
    #: The highest key sealed so far, and the highest there was, sealed or not: what comes beside or after must be dated later.
    reached_id: int = Field(sa_type=BigKey)
    newest_id: int = Field(sa_type=BigKey)
    first_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    last_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: SHA-256 over every `key:digest` line, so that the chain holds when entries were exported and removed.
    root: str = Field(max_length=64)
    #: `chain` of the seal before.
    previous: str = Field(max_length=64)
    #: HMAC over all of this.
    chain: str = Field(max_length=64)
    key_id: str = Field(max_length=16)


class ActivityErasure(SQLModel, table=True):
    """That a sealed entry lost its personal values by an erasure: what it is now, beside what the seal knows it as."""

    __tablename__ = "core_activity_erasure"
    __table_args__ = (_APPEND_ONLY,)

    entry_id: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    #: The digest that the seal covers; the salt that it was made with is gone.
    was: str = Field(max_length=64)
    salt: str = Field(max_length=32)
    digest: str = Field(max_length=64)
    #: HMAC over all of this: nobody without the key can pass a change off as an erasure.
    proof: str = Field(max_length=64)


class ActivitySegment(SQLModel, table=True):
    """Sealed entries that were exported to a file, checked there and removed here."""

    __tablename__ = "core_activity_segment"
    __table_args__ = (_APPEND_ONLY,)

    id: int | None = key_field()
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    first_seal: int
    last_seal: int
    count: int
    file_name: str = Field(max_length=200)
    file_digest: str = Field(max_length=64)
    #: HMAC over all of this: nobody without the key can pass a gap off as an export.
    proof: str = Field(max_length=64)


class ActivityCheck(SQLModel, table=True):
    """What a verification of the whole log found."""

    __tablename__ = "core_activity_check"

    id: int | None = key_field()
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False, index=True)
    seals: int = 0
    entries: int = 0
    waiting: int = 0
    problems: int = 0
    #: The first hundred findings, in words.
    findings: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    head: str = Field(default="", max_length=90)
