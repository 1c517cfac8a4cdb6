"""Transactions that get in each other's way on PostgreSQL: one of them fails by chance, and may be done again.

Numbers are taken under row locks that last until the commit, in whatever order an operation needs them: whoever queues a mail and
places an order waits for whoever places an order and queues a mail. PostgreSQL breaks one of such a ring off. And two who add the
same at once both see that it is not there yet: the second one's insert waits for the first, and fails with its commit.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
log = logging.getLogger(__name__)
#: What is broken off so often is no matter of chance.
_TIMES = 3
#: Whoever waited for what was broken off is woken by its end, and would be overtaken by one that begins again at once: seconds,
#: times the tries before, and different for each, as two may have been broken off together.
_PAUSE = (0.05, 0.15)
#: PostgreSQL, appendix A: serialization_failure and deadlock_detected.
_BROKEN_OFF = frozenset({"40001", "40P01"})
#: PostgreSQL, appendix A: foreign_key_violation, unique_violation and exclusion_violation. Done again, the rules see what the
#: others have committed, and refuse it in words or answer as they did the first time; what they do not see they never will.
_OVERTAKEN = frozenset({"23503", "23505", "23P01"})


def broken_off(error: BaseException) -> bool:
    """Whether the database chose a transaction to fail so that others could go on."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _BROKEN_OFF


def _is_chance(error: DBAPIError, tried: int) -> bool:
    """Whether another transaction made the one fail of which nothing was kept, `tried` times so far."""
    return broken_off(error) or (getattr(error.orig, "sqlstate", None) in _OVERTAKEN and tried == 1)


def again(do: Callable[[], T], *, safe: bool = True) -> T:
    """Do what is one transaction, and again where others made it fail by chance. Where this is not `safe`, it is done once."""
    times = _TIMES if safe else 1
    for tried in range(1, times + 1):
        try:
            return do()
        except DBAPIError as error:
            if tried == times or not _is_chance(error, tried):
                raise
            log.warning(
                "others got in the way of a transaction; doing it again: %s", type(error.orig).__name__
            )
        time.sleep(tried * random.uniform(*_PAUSE))  # noqa: S311 — a pause is no secret
    raise AssertionError("the last try returns or raises")
