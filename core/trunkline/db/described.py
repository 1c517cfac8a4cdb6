"""What results on PostgreSQL consist of, told to who asks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from psycopg import Column, Cursor

if TYPE_CHECKING:
    from psycopg._cursor_base import BaseCursor


class Columns(Sequence[Column]):
    """The columns of a result, made when somebody asks: of a statement that was run before they are known already."""

    def __init__(self, cursor: "BaseCursor[Any, Any]", count: int) -> None:
        self._cursor, self._count = cursor, count
        self._made: list[Column] | None = None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Column: ...
    @overload
    def __getitem__(self, at: slice) -> list[Column]: ...
    def __getitem__(self, at: int | slice) -> Column | list[Column]:
        if self._made is None:
            self._made = [Column(self._cursor, number) for number in range(self._count)]
        return self._made[at]


class SparingCursor(Cursor[Any]):
    """Makes the columns of a result only for who looks at them."""

    @property
    def description(self) -> Any:
        """One for each column; None where the statement gives no rows."""
        found = self.pgresult
        return Columns(self, found.nfields) if found is not None and found.nfields else None
