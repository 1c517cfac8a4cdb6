"""Counts of a moment ago: a list that had more rows than are counted has them still, whoever looks at it next.

Counting ten thousand rows for each tab of each page costs more than the page itself. Only what was too many is remembered as an
answer, and only for a while: what can be counted to its end is counted each time, so nobody reads a number that is not true any
more. That something was few is remembered as well, but for the way in which it is read alone. `None` stands for what cannot be
told from other counts, and is not remembered.
"""

import time
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

#: Seconds for which a list is taken to have as many rows still.
_LASTS = 30.0
#: So many are remembered of one database; beyond that they are counted anew.
_KEPT = 2_000

#: Until when what was counted is taken to be as it was, and whether it was too many.
_counts: "WeakKeyDictionary[Engine, dict[Hashable, tuple[float, bool]]]" = WeakKeyDictionary()


def were_too_many(engine: Engine, counted: Hashable) -> bool:
    """Whether this, counted in this database a moment ago, was more than is counted."""
    return _known(engine, counted) is True


def were_few(engine: Engine, counted: Hashable) -> bool:
    """Whether this, counted in this database a moment ago, could be counted to its end."""
    return _known(engine, counted) is False


def remember_too_many(engine: Engine, counted: Hashable) -> None:
    """That this, counted in this database, is more than is counted."""
    _remember(engine, counted, too_many=True)


def remember_few(engine: Engine, counted: Hashable) -> None:
    """That this, counted in this database, could be counted to its end."""
    _remember(engine, counted, too_many=False)


def _known(engine: Engine, counted: Hashable) -> bool | None:
    lasts, too_many = _counts.get(engine, {}).get(counted, (0.0, False))
    return too_many if lasts > time.monotonic() else None


def _remember(engine: Engine, counted: Hashable, *, too_many: bool) -> None:
    if counted is None:
        return
    known = _counts.setdefault(engine, {})
    if len(known) >= _KEPT:
        known.clear()
    known[counted] = time.monotonic() + _LASTS, too_many
