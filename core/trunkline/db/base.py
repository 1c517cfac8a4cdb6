"""The base of every table."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Column, Table, event
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import AutoString

from trunkline.clock import utc_now
from trunkline.db.types import BigKey, UtcDateTime

# Validators are built at first use: a process needs few of some hundred schemas, and tables never validate.
BaseModel.model_config["defer_build"] = True
SQLModel.model_config["defer_build"] = True
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: In a column's `info`: the activity log leaves it out, as other columns of the row say the same.
UNLOGGED = "unlogged"
#: In a column's `info`: the table whose rows it names by their keys, where no foreign key says so. The activity log shows names.
REFERS = "refers"


_kinds: dict[str, TypeEngine[Any]] = {}


@event.listens_for(Column, "after_parent_attach")
def _share_kind(column: Column[Any], table: Table) -> None:
    """Columns of one kind share its object: SQLAlchemy makes a class for each of them, which took 3 MB in every process."""
    if isinstance(column.type, AutoString | UtcDateTime):
        column.type = _kinds.setdefault(repr(column.type), column.type)


def key_field() -> Any:
    """A 64-bit primary key that the database numbers."""
    return Field(default=None, primary_key=True, sa_type=BigKey)


class Record(SQLModel):
    """Base of tables whose rows people edit: key, times, and the version that ETag and forms compare.

    Table models do not validate; `schemas` do.
    """

    id: int | None = key_field()
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    version: int = Field(default=1, nullable=False)

    @property
    def key(self) -> int:
        """The primary key of a row that has been flushed."""
        key = self.id
        if key is None:
            raise LookupError(f"{type(self).__name__} has no key before it is flushed")
        return key


@event.listens_for(Session, "before_flush")
def _raise_version(session: Session, flush_context: UOWTransaction, instances: object) -> None:
    for row in session.dirty:
        if isinstance(row, Record) and session.is_modified(row, include_collections=False):
            row.version += 1
            row.updated_at = utc_now()
