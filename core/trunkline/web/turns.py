"""Requests that hash a password take turns and let all others go first.

Hashing is slow and takes much memory on purpose, so a process does one at a time. Twenty people who sign in together would each
hold a thread and a connection while they wait; here they wait before they get either. Python runs one thread at a time and knows
no order among them: so one of those who sign in computes at a time, and it stops for a moment while a page is being made.
"""

import asyncio
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

T = TypeVar("T")

#: One computes, one hashes, and others may wait for a directory to answer.
_AT_ONCE = 4
#: Seconds for which a stop lasts at most: a long report, or pages without a gap, keep nobody out.
_PATIENCE = 0.05
#: Bytes of a form that waits as it came.
_SMALL = 16_384
#: One for each event loop: a server has one, tests have many.
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
#: Held by the one that computes.
_computing = threading.Lock()
_takes_turns: ContextVar[bool] = ContextVar("takes_turns", default=False)
#: Whether the request was let in by `AtTheDoor` already.
_let_in: ContextVar[bool] = ContextVar("let_in", default=False)


class _Others:
    """How many requests are being answered that go first."""

    def __init__(self) -> None:
        self._none = threading.Condition()
        self._count = 0

    def begin(self) -> None:
        with self._none:
            self._count += 1

    def end(self) -> None:
        with self._none:
            self._count -= 1
            if not self._count:
                self._none.notify_all()

    def wait(self) -> None:
        """Return when there is none, or patience is at its end."""
        with self._none:
            self._none.wait_for(lambda: not self._count, _PATIENCE)


_others = _Others()


async def in_turn(call: Callable[[], T]) -> T:
    """What `call` returns, run in a thread as soon as it is its turn; it may `give_way`."""
    if _let_in.get():
        return await run_in_threadpool(_politely, call)
    async with _gate():
        return await run_in_threadpool(_politely, call)


def _gate() -> asyncio.Semaphore:
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))


class AtTheDoor:
    """An ASGI layer in which the small forms of these addresses wait for their turn before anything is done for them.

    What a crowd costs until it waits, all pages that come in the same moment wait for. A form is let in when it is there as a
    whole, and its turn ends with the first word of the answer: no slow browser keeps others out. What is not small, or does not
    say how long it is, waits later, in `in_turn`.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self.app = app
        self.paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["path"] not in self.paths
            or scope["method"] != "POST"
            or not _is_small(scope)
        ):
            await self.app(scope, receive, send)
            return
        came = [await receive()]
        while came[-1].get("more_body"):
            came.append(await receive())
        came.reverse()

        async def again() -> Message:
            return came.pop() if came else await receive()

        gate = _gate()
        inside: bool = await gate.acquire()

        def leave() -> None:
            nonlocal inside
            if inside:
                inside = False
                gate.release()

        async def send_and_leave(message: Message) -> None:
            leave()
            await send(message)

        token = _let_in.set(True)
        try:
            await self.app(scope, again, send_and_leave)
        finally:
            _let_in.reset(token)
            leave()


def _is_small(scope: Scope) -> bool:
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return announced.isdigit() and int(announced) <= _SMALL


def _politely(call: Callable[[], T]) -> T:
    # In a context of the thread's own: what runs in threads gets a copy.
    _takes_turns.set(True)
    with _computing:
        give_way()
        return call()


@contextmanager
def aside() -> Iterator[None]:
    """A block of a request that takes turns in which it does not compute but waits, for a hash or a directory.

    Like `give_way`, only where the right to write is not held: whoever computes meanwhile may want it.
    """
    if not _takes_turns.get():
        yield
        return
    _computing.release()
    try:
        yield
    finally:
        _computing.acquire()
        give_way()


async def first(call: Callable[[], T]) -> T:
    """What `call` returns, run in a thread at once; those who take turns let it go first."""
    with going_first():
        return await run_in_threadpool(call)


@contextmanager
def going_first() -> Iterator[None]:
    """A block in which a request is answered that those who take turns let go first."""
    _others.begin()
    try:
        yield
    finally:
        _others.end()


def give_way() -> None:
    """In a request that takes turns: wait a moment while a page is being made. Elsewhere nothing happens.

    Only where nothing is held that others wait for, the right to write before all.
    """
    if _takes_turns.get():
        _others.wait()
