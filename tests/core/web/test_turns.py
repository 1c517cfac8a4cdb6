"""Who signs in lets pages go first, but not for ever."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

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


def _signing_in(apart: ThreadPoolExecutor, call: Callable[[], None]) -> "Future[None]":
    return apart.submit(lambda: asyncio.run(turns.in_turn(call)))
