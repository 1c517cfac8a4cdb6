"""Workers on two hosts, PostgreSQL and Redis on a third: the cable of one worker is pulled while it works, and put back later.

The other takes its jobs over, what the first writes late is refused, and the far end, which both reach all the time, counts each
effect once. One of the jobs is cut off within a transaction, whose locks the server must not keep.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.line.crew import INSIDE, OUTSIDE, Crew, FarEnd
from tests.line.system import wait_for
from tests.services.hosts import Cable, NoHosts, hosts
from tests.services.postgres import cluster
from tests.services.redis_server import redis_server

pytestmark = [
    *(pytest.mark.peer(program) for program in ("ip", "initdb", "redis-server")),
    pytest.mark.timeout(600),
]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Crew, Cable]]:
    """The workers left and right, not yet started, and the cable from the left to its databases."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(hosts())
            middle, element, left, right = map(found.add, ("middle", "element", "left", "right"))
        except NoHosts as reason:
            pytest.skip(str(reason))
        cable = found.join(middle, "10.77.1.1", left, "10.77.1.2")
        found.join(middle, "10.77.2.1", right, "10.77.2.2")
        found.join(element, "10.77.11.1", left, "10.77.11.2")
        found.join(element, "10.77.12.1", right, "10.77.12.2")
        far = FarEnd()
        stack.enter_context(far.serving(element.listen()))
        server = stack.enter_context(cluster(within=middle.within))
        server.start(listen_addresses="*")
        redis = stack.enter_context(redis_server(within=middle.within))
        redis.start()
        crew = Crew(tmp_path, server.url(server.home), far, stack)
        for name, host, near, network in (
            ("left", left, "10.77.1.1", "10.77.11.1"),
            ("right", right, "10.77.2.1", "10.77.12.1"),
        ):
            crew.hire(
                name,
                database=server.url(near),
                redis=redis.url(near),
                path=redis.client,
                far_host=network,
                within=host.within,
            )
        yield crew, cable


def test_a_host_that_is_cut_off_while_it_works_loses_and_doubles_nothing(site: tuple[Crew, Cable]) -> None:
    crew, cable = site
    left, right = crew.workers
    crew.far.slow_for = frozenset({"left"})
    left.start()
    cut_off = crew.place(OUTSIDE, INSIDE)
    crew.await_effects(2)
    right.start()
    others = crew.place(OUTSIDE, INSIDE, OUTSIDE, INSIDE)
    crew.await_success(others)

    cable.pull()
    crew.await_success(cut_off)
    before = crew.ends(cut_off), crew.lines(cut_off)
    assert [outputs for _, outputs in crew.ends([*cut_off, *others])] == [{"by": "right"}] * 6

    cable.put_back()
    # Only now does the left go on, and its late writes reach the database.
    crew.far.slow_for = frozenset()

    def gave_up() -> bool:
        return left.log.count("its lease was lost") >= 2

    wait_for(gave_up, "the left giving up", within=120, explain=crew.explanation)
    assert (crew.ends(cut_off), crew.lines(cut_off)) == before

    right.stop()
    later = crew.place(OUTSIDE, INSIDE)
    crew.await_success(later)
    assert [outputs for _, outputs in crew.ends(later)] == [{"by": "left"}] * 2
    # Each effect once; those of the jobs that were cut off were asked for by both.
    both, one, other = {"left", "right"}, {"right"}, {"left"}
    assert sorted(map(sorted, crew.far.asked.values())) == sorted(
        map(sorted, [*[both] * 2, *[one] * 4, *[other] * 2])
    )
