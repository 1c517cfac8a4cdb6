"""Brands: what an operator or a reseller shows of itself, in pages, the portal and mail."""

from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field

from trunkline.db.base import Record
from trunkline.db.types import BigKey


class Radius(StrEnum):
    """How round corners are."""

    SHARP = "sharp"
    SOFT = "soft"
    ROUND = "round"


class Typeface(StrEnum):
    """Which letters pages are set in."""

    INTER = "inter"
    SYSTEM = "system"
    SERIF = "serif"


def _file() -> Column[int]:
    return Column(BigKey, ForeignKey("core_file.id", ondelete="RESTRICT"))


class BrandRecord(Record, table=True):
    """One brand. What is empty comes from its theme. The one without host and reseller is the operator's own."""

    __tablename__ = "core_brand"
    __table_args__ = (Index("ix_core_brand_name", "name", "id"),)

    name: str = Field(max_length=80)
    #: The host name that shows it, in small letters; None: none of its own.
    host: str | None = Field(default=None, max_length=253, unique=True)
    reseller_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_reseller.id", ondelete="RESTRICT"), unique=True),
    )
    theme: str = Field(default="trunkline", max_length=60)
    #: `#rrggbb`.
    colour: str = Field(default="", max_length=7)
    radius: str = Field(default="", max_length=8)
    typeface: str = Field(default="", max_length=8)
    logo_id: int | None = Field(default=None, sa_column=_file())
    favicon_id: int | None = Field(default=None, sa_column=_file())
    picture_id: int | None = Field(default=None, sa_column=_file())
    greeting: str = Field(default="", max_length=200)
    support: str = Field(default="", max_length=200)
    language: str = Field(default="", max_length=10)
    mail_sender: str = Field(default="", max_length=200)
    mail_footer: str = Field(default="", max_length=1000)
