"""Failures of plugins and extension scripts, kept where the pages of every process see them."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import key_field
from trunkline.db.types import UtcDateTime


class PluginFault(SQLModel, table=True):
    """The last time a plugin or script failed in one place of one kind of process; see `keeping` for how many are kept."""

    __tablename__ = "core_plugin_fault"
    __table_args__ = (UniqueConstraint("plugin", "place", "process"),)

    id: int | None = key_field()
    #: A plugin's name, a script's, or `core`.
    plugin: str = Field(max_length=80)
    #: The hook, slot, page or task that failed.
    place: str = Field(max_length=200)
    #: `web` or `worker`.
    process: str = Field(max_length=12)
    error: str
    traceback: str
    at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    times: int
