"""What was read a moment ago, for suggestions: they may be a little old, and reading them for each page costs more than it."""

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from trunkline.db.prepared import Found, Prepared

if TYPE_CHECKING:
    from trunkline.operation import Context

#: Seconds for which rows are taken to be as they were.
_LASTS = 30.0


class Recent:
    """The rows of a select without parameters that shows the same to everybody, at most half a minute old.

    Who writes reads them as they are.
    """

    def __init__(self, read: Prepared) -> None:
        self._read = read
        self._known: WeakKeyDictionary[Engine, tuple[float, Sequence[Found]]] = WeakKeyDictionary()

    def rows(self, ctx: "Context") -> Sequence[Found]:
        """The rows, read anew where they are older."""
        if ctx.writing:
            return self._read.rows(ctx)
        engine, now = ctx.connection().engine, monotonic()
        until, rows = self._known.get(engine, (0.0, ()))
        if until <= now:
            rows = self._read.rows(ctx)
            self._known[engine] = now + _LASTS, rows
        return rows
