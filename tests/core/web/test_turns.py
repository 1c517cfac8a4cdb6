"""Who signs in lets pages go first, but not for ever."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from trunkline.web import turns

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


def test_who_signs_in_begins_after_the_page_that_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 60)
    order: list[str] = []
    with ThreadPoolExecutor(1) as apart:
        with turns.going_first():
            signing_in = _signing_in(apart, lambda: order.append("signed in"))
            while not turns._computing.locked():
                assert not signing_in.done()
            order.append("page made")
        signing_in.result(60)
    assert order == ["page made", "signed in"]


def test_a_page_that_takes_long_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0)
    order: list[str] = []
    with ThreadPoolExecutor(1) as apart, turns.going_first():
        _signing_in(apart, lambda: order.append("signed in")).result(60)
        order.append("page made")
    assert order == ["signed in", "page made"]


def test_another_may_compute_while_one_waits_for_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    waits, hashed = threading.Event(), threading.Event()

    def waits_for_its_hash() -> None:
        with turns.aside():
            waits.set()
            assert hashed.wait(60)

    with ThreadPoolExecutor(2) as apart:
        first = _signing_in(apart, waits_for_its_hash)
        assert waits.wait(60)
        _signing_in(apart, hashed.set).result(60)
        first.result(60)


def test_forms_that_come_slowly_and_answers_that_are_fetched_slowly_keep_nobody_out() -> None:
    served: list[str] = []

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        served.append((await receive())["body"].decode())
        await send({"type": "http.response.start", "status": 303})
        await send({"type": "http.response.body"})

    async def crowd() -> None:
        door, never = turns.AtTheDoor(answering, ["/sign-in"]), asyncio.Event()

        async def half_a_form() -> Message:
            await never.wait()
            return {}

        async def fetched_by_nobody(_message: Message) -> None:
            await never.wait()

        async def fetched(_message: Message) -> None:
            return

        slow = [asyncio.create_task(door(_form(10), half_a_form, fetched)) for _n in range(10)]
        slow += [asyncio.create_task(door(_form(1), _sent("slow"), fetched_by_nobody)) for _n in range(10)]
        await asyncio.wait_for(door(_form(5), _sent("quick"), fetched), 60)
        never.set()
        await asyncio.gather(*slow, return_exceptions=True)

    _apart(crowd)
    assert "quick" in served
    assert served.count("slow") == 10


def test_of_a_crowd_only_a_few_are_looked_at_before_their_turn() -> None:
    begun: list[str] = []
    done = asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append((await receive())["body"].decode())
        await done.wait()

    async def fetched(_message: Message) -> None:
        return

    async def crowd() -> None:
        door = turns.AtTheDoor(waiting, ["/sign-in"])
        people = [asyncio.create_task(door(_form(2), _sent(f"{n}"), fetched)) for n in range(20)]
        for _n in range(50):
            await asyncio.sleep(0)
        assert begun == ["0", "1", "2", "3"]
        done.set()
        await asyncio.gather(*people)

    _apart(crowd)
    assert sorted(begun, key=int) == [f"{n}" for n in range(20)]


def _apart(crowd: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own, where no other event loop runs."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(crowd())).result(60)


def _form(length: int) -> Scope:
    headers = [(b"content-length", str(length).encode())]
    return {"type": "http", "method": "POST", "path": "/sign-in", "headers": headers}


def _sent(text: str) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": text.encode()}

    return receive


def _signing_in(apart: ThreadPoolExecutor, call: Callable[[], None]) -> "Future[None]":
    return apart.submit(lambda: asyncio.run(turns.in_turn(call)))
