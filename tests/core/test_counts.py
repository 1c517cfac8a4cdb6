"""Counts that every host shares, and what counts while the place they are shared at is away."""

from types import SimpleNamespace

import pytest
from limits.storage import MemoryStorage

from trunkline.counts import SharedCounts


class _Shared(MemoryStorage):
    """A Redis that can be away; it remembers how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.away, self.asked = False, 0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.asked += 1
        if self.away:
            raise ConnectionError("no route to Redis")
        return super().incr(key, expiry, amount=amount)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock of the counts says; a test moves it."""
    moment = [1000.0]
    monkeypatch.setattr("trunkline.counts.time", SimpleNamespace(monotonic=lambda: moment[0]))
    return moment


def test_hosts_count_together_while_redis_answers() -> None:
    shared = _Shared()
    one, other = SharedCounts(shared, MemoryStorage()), SharedCounts(shared, MemoryStorage())
    assert [one.incr("k", 60), other.incr("k", 60), one.incr("k", 60, amount=2)] == [1, 2, 4]
    assert other.get("k") == 4
    other.clear("k")
    assert one.get("k") == 0


def test_a_host_counts_for_itself_while_redis_is_away_and_asks_again_after_a_pause(now: list[float]) -> None:
    shared, host = _Shared(), MemoryStorage()
    both = SharedCounts(shared, host)
    assert both.incr("k", 60) == 1
    shared.away = True
    assert [both.incr("k", 60), both.incr("k", 60)] == [1, 2]
    # It was asked once, and is then left alone: nobody waits for it at each request.
    assert shared.asked == 2
    assert both.get("k") == 2
    now[0] += 11
    assert both.incr("k", 60) == 3
    assert shared.asked == 3
    shared.away = False
    now[0] += 11
    assert both.incr("k", 60) == 2
    assert both.get("k") == 2
