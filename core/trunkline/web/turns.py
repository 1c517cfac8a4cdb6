"""Requests that hash a password take turns, so that many at once leave threads and database connections to all others.

Hashing is slow and takes much memory on purpose, so a process does one at a time. Twenty people who sign in together would each
hold a thread and a connection while they wait; here they wait before they get either.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

T = TypeVar("T")

#: One hashes, which needs no interpreter, the other reads and writes before and after it. Each further one would take as much of
#: the interpreter's time as a page has.
_AT_ONCE = 2
#: One for each event loop: a server has one, tests have many.
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def in_turn(call: Callable[[], T]) -> T:
    """What `call` returns, run in a thread as soon as it is its turn."""
    gate = _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    async with gate:
        return await run_in_threadpool(call)
