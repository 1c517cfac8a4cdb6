"""What plugins say about lists: which there are, further columns of somebody's list, and actions on its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from trunkline.operation import Context
    from trunkline.web.bound_fields import Choices
    from trunkline.web.tables import Column, Statement, Table


@dataclass(frozen=True)
class ListOf:
    """A list of the console that has a page of its own, named as its `Table` is.

    Whoever works beside the page (a worker that writes a file or acts on many rows, a saved view) finds the list by it. Its page
    answers with `page.table(…)`, given the same table and select.
    """

    name: str
    #: The address of its page.
    path: str
    #: The permission of its page.
    permission: str
    table: "Callable[[Context], Table]"
    #: The Core select that feeds it, narrowed to what the actor may see.
    select: "Callable[[Context], Statement]"
    #: The permission to take files of it, where seeing it is not enough.
    export: str = ""


class NoValues(BaseModel):
    """The schema of an action that asks for nothing."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class RowAction:
    """What may be done to each of many rows of a list, named `<plugin>.<word>`.

    A worker does it row by row, each in a unit of work of its own as whoever asked: `do` gets the row's key and the filled-in
    schema, calls operations, and may raise any refusal, which becomes that row's result. Doing it again to a row that is as
    wanted must be harmless.
    """

    name: str
    #: Name of the list whose rows it is for.
    of: str
    label: str
    permission: str
    do: "Callable[[Context, int, Any], None]"
    #: What is asked before it begins; each field but hidden ones is shown.
    schema: type[BaseModel] = NoValues
    #: Choices of the schema's fields, as they are now.
    choices: "Callable[[Context], Mapping[str, Choices]] | None" = None
    icon: str = ""
    tone: Literal["", "danger"] = ""
    #: What it means for each row, said before it begins.
    effect: str = ""
    order: int = 100
    #: Where the selection is taken instead, for work that asks more than a form: a page that is posted what `runs.chosen` reads.
    page: str = ""
    #: Asks for a fresh proof of who the person is before it begins, as the action on a single row does.
    sudo: bool = False


@dataclass(frozen=True)
class ListColumns:
    """Further columns of somebody's list. They are shown when they are asked for, and cannot be sorted by.

    `values` gives the cells of a whole page by row key, in one query however many rows there are.
    """

    #: Name of the list.
    of: str
    columns: "Sequence[Column]"
    values: "Callable[[Context, Sequence[int]], Mapping[int, Mapping[str, Any]]]"
    permission: str
