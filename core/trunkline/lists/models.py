"""Tables of lists: saved views, what each person chose for a list, and work on many rows."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import Record, key_field
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _

register("list_run", "L", label=_("Files and actions of lists"))


def _of_user() -> Any:
    return Field(
        sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False, index=True)
    )


class SavedView(Record, table=True):
    """A list's address under a name: search, filters, sort and columns. A shared one is everybody's tab."""

    __tablename__ = "core_saved_view"
    __table_args__ = (UniqueConstraint("list_name", "user_id", "name"),)

    list_name: str = Field(max_length=60)
    name: str = Field(max_length=60)
    #: The parameters as they stand in an address.
    query: str = Field(default="", max_length=2000)
    user_id: int = _of_user()
    shared: bool = False


class ListChoice(SQLModel, table=True):
    """How one person likes one list: which columns, and the view it opens with."""

    __tablename__ = "core_list_choice"
    __table_args__ = (UniqueConstraint("user_id", "list_name"),)

    id: int | None = key_field()
    user_id: int = _of_user()
    list_name: str = Field(max_length=60)
    #: Keys separated by commas; empty for the list's own.
    columns: str = Field(default="", max_length=1000)
    view_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_saved_view.id", ondelete="SET NULL"), index=True),
    )


class RunKind(StrEnum):
    """An action on each row, or a file of all."""

    ACTION = "action"
    EXPORT = "export"


class RunState(StrEnum):
    """Refused: it could not begin, because a right or the list itself is gone."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


class ListRun(Record, table=True):
    """Work on many rows of a list that a worker does: an action on each, or a file of all."""

    __tablename__ = "core_list_run"
    __unaudited__ = True

    number: str = Field(max_length=20, unique=True)
    kind: str = Field(max_length=8)
    list_name: str = Field(max_length=60)
    #: Name of the row action; for a file its format.
    action: str = Field(max_length=80)
    #: The filled-in schema of the action.
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Search and filters in force, as (name, value) pairs.
    query: list[list[str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    state: str = Field(default=RunState.WAITING, max_length=8)
    total: int = 0
    done: int = 0
    failed: int = 0
    user_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="SET NULL"), index=True)
    )
    user_name: str = Field(default="", max_length=200)
    #: Language that a file is written in, and that what became of each row is said in.
    language: str = Field(default="en", max_length=10)
    job_number: str = Field(default="", max_length=20)
    error: str = ""
    #: Name of the file in the folder of exports; empty before it is there and after it was removed.
    stored_as: str = Field(default="", max_length=80)
    size: int = Field(default=0, sa_type=BigKey)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RowOutcome(StrEnum):
    WAITING = ""
    DONE = "done"
    FAILED = "failed"
    #: Nothing was done yet: a second person is asked.
    ASKED = "asked"
    #: Somebody cancelled before its turn came.
    LEFT = "left"


class ListRunRow(SQLModel, table=True):
    """One row that an action is for, and what became of it."""

    __tablename__ = "core_list_run_row"
    __table_args__ = (Index("ix_core_list_run_row_outcome", "run_id", "outcome", "id"),)

    id: int | None = key_field()
    run_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_list_run.id", ondelete="CASCADE"), nullable=False)
    )
    row_id: int = Field(sa_type=BigKey)
    #: What people call the row, and where it leads.
    label: str = Field(default="", max_length=200)
    href: str = Field(default="", max_length=300)
    outcome: str = Field(default=RowOutcome.WAITING, max_length=8)
    message: str = Field(default="", max_length=500)
