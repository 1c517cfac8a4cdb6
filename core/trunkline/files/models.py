"""What is known of an attached file; its content lies in the store under its digest."""

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field

from trunkline.db.base import Record
from trunkline.db.types import BigKey


class StoredFile(Record, table=True):
    """One attached file. Two rows may share a content; it goes when the last of them does."""

    __tablename__ = "core_file"
    __table_args__ = (
        Index("ix_core_file_customer", "customer_id", "created_at", "id"),
        Index("ix_core_file_digest", "digest"),
    )

    #: What it is attached to: `customer`, or a kind that another part names.
    kind: str = Field(default="customer", max_length=40)
    customer_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"))
    )
    name: str = Field(max_length=200)
    note: str = Field(default="", max_length=300)
    media_type: str = Field(max_length=100)
    size: int = Field(sa_type=BigKey)
    #: SHA-256 of the content, in hexadecimal digits.
    digest: str = Field(max_length=64)
    uploaded_by: str = Field(default="", max_length=200)
