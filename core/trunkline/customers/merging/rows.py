"""Which tables hold rows of customers: what a merge moves, declared by whoever owns the table."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Context


@dataclass(frozen=True)
class CustomerRows:
    """A table with rows of customers, and what becomes of them when one customer is merged into another.

    All of them move, and their keys are kept for the undo. `column` names the customer. `stays(ctx, source, target)` gives the
    keys of rows that the other has already (a tag of the same text), which remain where they are. `settle(ctx, source, target)`
    gives by key what must change in a row so that it can move (only one account is the default one); the undo sets it back.

    Rows that belong to a row of another such table follow it: `follows=("account_id", Account)`. Then no keys are kept, so what
    is added later goes back with its owner as well. Such a table needs no column `id`.
    """

    model: type[SQLModel]
    #: What the rows are called, in the plural; empty for those that nobody needs to hear of.
    label: str
    column: str = "customer_id"
    follows: tuple[str, type[SQLModel]] | None = None
    stays: "Callable[[Context, int, int], Collection[int]] | None" = None
    settle: "Callable[[Context, int, int], Mapping[int, Mapping[str, Any]]] | None" = None

    @property
    def table(self) -> Table:
        """The table itself."""
        found: Table = self.model.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
        return found

    @property
    def owner(self) -> "Column[Any]":
        """The column that names the customer."""
        return self.table.c[self.column]

    @property
    def name(self) -> str:
        """How the record of a merge names the table and its column."""
        return f"{self.table.name}.{self.column}"


class DeclaredRows:
    """What core and the enabled plugins declare, those that follow others last, as one part of the application.

    A table that refers to customers and that nobody declares moves all the same, under its own name.
    """

    def __init__(self, app: "App") -> None:
        self._app = app

    @cached_property
    def all(self) -> Sequence[CustomerRows]:
        """Every table, declared or found."""
        declared = [rows for _, rows in self._app.hooks.gather("customer_rows", CustomerRows)]
        return sorted((*declared, *self._undeclared(declared)), key=lambda rows: rows.follows is not None)

    def _undeclared(self, declared: Sequence[CustomerRows]) -> list[CustomerRows]:
        known = {(rows.table.name, rows.column) for rows in declared}
        # Of plugins that are off, models may be loaded all the same, and tables missing.
        owners = tuple(f"{plugin.name}_" for plugin in self._app.plugins)
        found = []
        for mapper in SQLModel._sa_registry.mappers:
            for name, column in references(mapper.local_table):
                if (name, column) not in known and name.startswith(owners) and "id" in mapper.local_table.c:
                    label = name.partition("_")[2].replace("_", " ").capitalize()
                    found.append(CustomerRows(mapper.class_, label, column))
        return found


def references(table: Any) -> list[tuple[str, str]]:
    """(table, column) of each foreign key of `table` to customers."""
    return [
        (table.name, element.parent.name)
        for element in table.foreign_keys
        if element.target_fullname == "core_customer.id"
    ]
