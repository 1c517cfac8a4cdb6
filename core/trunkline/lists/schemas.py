"""What people say about their views of lists."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _

LONGEST_COLUMNS = 1000
ViewName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class SaveView(BaseModel):
    """A list as it stands, under a name. `query` holds the parameters of its address."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName = Field(title=_("Name"))
    query: str = Field(default="", max_length=2000, json_schema_extra={"widget": "hidden"})
    shared: bool = Field(default=False, title=_("Shared with everybody"))
    opens: bool = Field(default=False, title=_("Open the list with it"))


class ChangeView(BaseModel):
    """A view's name, and whether it is shared and opens the list. `as_it_stands`: it becomes the list that `query` says."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName = Field(title=_("Name"))
    query: str = Field(default="", max_length=2000, json_schema_extra={"widget": "hidden"})
    as_it_stands: bool = Field(default=False, json_schema_extra={"widget": "hidden"})
    shared: bool = Field(default=False, title=_("Shared with everybody"))
    opens: bool = Field(default=False, title=_("Open the list with it"))
    version: int | None = None


class KeepColumns(BaseModel):
    """Keys of the columns that a person wants to see, separated by commas; empty for the list's own."""

    model_config = ConfigDict(extra="forbid")

    columns: str = Field(default="", max_length=LONGEST_COLUMNS)


class FileWanted(BaseModel):
    """A file of every row that matches: its format, and the signed query of the page it was asked on."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(default="csv", pattern="^(csv|xlsx)$")
    query: str = Field(default="", max_length=8000)
