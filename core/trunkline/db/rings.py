"""Transactions that wait for each other in a ring: PostgreSQL breaks one off, which then may be done again.

Numbers are taken under row locks that last until the commit, in whatever order an operation needs them: whoever queues a mail and
places an order waits for whoever places an order and queues a mail.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError

T = TypeVar("T")
log = logging.getLogger(__name__)
#: What is broken off so often is no matter of chance.
_TIMES = 3
#: Whoever waited for what was broken off is woken by its end, and would be overtaken by one that begins again at once: seconds,
#: times the tries before, and different for each, as two may have been broken off together.
_PAUSE = (0.05, 0.15)
#: PostgreSQL, appendix A: deadlock_detected.
_DEADLOCK = "40P01"


def is_broken_off(error: BaseException) -> bool:
    """Whether the database ended a transaction because it waited in a ring: nothing of it was kept."""
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) == _DEADLOCK


def again(do: Callable[[], T], *, safe: bool = True) -> T:
    """Do what is one transaction, and again where that was broken off. Where this is not `safe`, it is done once."""
    times = _TIMES if safe else 1
    for tried in range(1, times + 1):
        try:
            return do()
        except OperationalError as error:
            if tried == times or not is_broken_off(error):
                raise
            log.warning("a transaction was broken off, as it waited in a ring; doing it again")
        time.sleep(tried * random.uniform(*_PAUSE))  # noqa: S311 — a pause is no secret
    raise AssertionError("the last try returns or raises")
