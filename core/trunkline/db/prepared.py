"""Reads put together once: on a page of many small ones, building a statement costs several times as much as running it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, ColumnCollection, Row, Select, bindparam

if TYPE_CHECKING:
    from trunkline.operation import Context


class Prepared:
    """A select of columns with named parameters (`bindparam`), kept for the life of the process.

    `owner` is the model whose rows it reads, if they belong to customers: an actor who sees only some customers gets only their
    rows. A statement without `owner` shows the same to everybody; its caller has checked who asks.
    """

    def __init__(self, statement: "Select[*tuple[Any, ...]]", owner: Any = None) -> None:
        self._statement = statement
        self._owner = owner

    def rows(self, ctx: "Context", /, **values: object) -> Sequence[Row[*tuple[Any, ...]]]:
        """Every row that the actor may see, with what the unit of work has changed so far."""
        if ctx.writing:
            ctx.session.flush()
        statement = self._statement
        conditions = ctx.visible_conditions(self._owner) if self._owner is not None else ()
        if conditions:
            statement = statement.where(*conditions)
        found: Sequence[Row[*tuple[Any, ...]]] = ctx.session.connection().execute(statement, values).all()
        return found

    def first(self, ctx: "Context", /, **values: object) -> Row[*tuple[Any, ...]] | None:
        """The first such row, if there is one."""
        return next(iter(self.rows(ctx, **values)), None)


def among(name: str) -> BindParameter[Any]:
    """The parameter of an `IN`: `column.in_(among("ids"))`, given a list."""
    return bindparam(name, expanding=True)


def columns(model: Any) -> "ColumnCollection[str, Any]":
    """The columns of a model's table, plain: selecting those of the model itself would load objects."""
    found: ColumnCollection[str, Any] = model.__table__.c
    return found
