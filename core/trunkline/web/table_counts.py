"""Counts of a moment ago: a list that had more rows than are counted has them still, whoever looks at it next.

Counting ten thousand rows for each tab of each page costs more than the page itself. Only what was too many is remembered, and
only for a while: what can be counted to its end is counted each time, so nobody reads a number that is not true any more. `None`
stands for what cannot be told from other counts, and is not remembered.
"""

import time
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

#: Seconds for which a list is taken to have as many rows still.
_LASTS = 30.0
#: So many are remembered of one database; beyond that they are counted anew.
_KEPT = 2_000

_too_many: "WeakKeyDictionary[Engine, dict[Hashable, float]]" = WeakKeyDictionary()


def were_too_many(engine: Engine, counted: Hashable) -> bool:
    """Whether this, counted in this database a moment ago, was more than is counted."""
    return _too_many.get(engine, {}).get(counted, 0.0) > time.monotonic()


def remember_too_many(engine: Engine, counted: Hashable) -> None:
    """That this, counted in this database, is more than is counted."""
    if counted is None:
        return
    known = _too_many.setdefault(engine, {})
    if len(known) >= _KEPT:
        known.clear()
    known[counted] = time.monotonic() + _LASTS
