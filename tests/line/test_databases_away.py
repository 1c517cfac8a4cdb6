"""PostgreSQL is stopped and started under working jobs, Redis goes away and comes back: no job is lost, failed or doubled.

One of the two workers is woken by Redis, the other by PostgreSQL itself.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.line.crew import INSIDE, OUTSIDE, Crew, FarEnd
from tests.services.postgres import Cluster, cluster
from tests.services.redis_server import RedisServer, redis_server

pytestmark = [
    *(pytest.mark.peer(program) for program in ("initdb", "redis-server")),
    pytest.mark.timeout(600),
]
_BOTH = frozenset({"by-redis", "by-postgres"})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Crew, Cluster, RedisServer]]:
    with ExitStack() as stack:
        far = FarEnd()
        stack.enter_context(far.serving())
        server = stack.enter_context(cluster())
        server.start()
        redis = stack.enter_context(redis_server())
        redis.start()
        crew = Crew(tmp_path, server.url(), far, stack)
        crew.hire("by-redis", database=server.url(), redis=redis.url(), path=redis.client).start()
        crew.hire("by-postgres", database=server.url()).start()
        yield crew, server, redis


def test_databases_that_go_away_and_come_back_lose_and_double_nothing(
    site: tuple[Crew, Cluster, RedisServer],
) -> None:
    crew, server, redis = site
    crew.far.slow_for = _BOTH
    jobs = crew.place(*[OUTSIDE, INSIDE] * 2)
    crew.await_effects(4)
    server.stop()
    # The steps end while nobody can keep what they did.
    crew.far.slow_for = frozenset()
    server.start()
    crew.await_success(jobs)

    # As many at a time as both have threads: neither does them alone.
    crew.far.slow_for = _BOTH
    more = crew.place(*[OUTSIDE, INSIDE] * 2)
    crew.await_effects(8)
    redis.stop()
    # What is at work needs no Redis to go on.
    crew.far.slow_for = frozenset()
    crew.await_success(more)

    crew.workers[1].stop()
    last = crew.place(OUTSIDE, INSIDE)
    redis.start()
    crew.await_success(last)
    assert [outputs for _, outputs in crew.ends(last)] == [{"by": "by-redis"}] * 2
    assert len(crew.far.asked) == 10
    assert "rolled" not in str(crew.lines([*jobs, *more, *last]))
