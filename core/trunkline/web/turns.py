"""Requests that hash a password take turns, so that many at once leave threads and database connections to all others.

Hashing is slow and takes much memory on purpose, so a process does one at a time. Twenty people who sign in together would each
hold a thread and a connection while they wait; here they wait before they get either.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")

#: One hashes, the others read and write before and after it, or wait for a directory's answer.
_AT_ONCE = 4
_limiter: RunVar[CapacityLimiter] = RunVar("trunkline_turns")


async def in_turn(call: Callable[[], T]) -> T:
    """What `call` returns, run in a thread as soon as it is its turn."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_AT_ONCE)
        _limiter.set(limiter)
    return await to_thread.run_sync(call, limiter=limiter)
