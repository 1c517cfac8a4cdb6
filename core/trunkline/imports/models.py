"""Files that were uploaded, what became of their rows, and the job that reads them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey
from sqlmodel import Field

from trunkline.db.base import Record
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _

register("import", "I", label=_("Imports"))


class ImportState(StrEnum):
    """Each file is checked first; a person then lets it in. Refused: the file as a whole cannot be used."""

    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    COMPLETED = "completed"
    REFUSED = "refused"


class ImportRun(Record, table=True):
    """One uploaded file."""

    __tablename__ = "core_import"
    __unaudited__ = True

    number: str = Field(max_length=20, unique=True)
    kind: str = Field(max_length=40)
    file_name: str = Field(max_length=200)
    #: Name in the uploads folder; empty once the file was removed.
    stored_as: str = Field(default="", max_length=80)
    size: int = Field(default=0, sa_type=BigKey)
    options: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: str = Field(default=ImportState.CHECKING, max_length=12)
    #: Figures of the last reading, and its first refused rows as [line, column, reason].
    report: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    error: str = ""
    user_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="SET NULL"), index=True)
    )
    user_name: str = Field(default="", max_length=200)
    job_number: str = Field(default="", max_length=20)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
