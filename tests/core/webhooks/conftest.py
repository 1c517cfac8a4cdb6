"""An endpoint that listens here, and a clock that stands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest

from tests.clock import StandingClock
from tests.core.webhooks.receiving import Listening
from trunkline.config import Config


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    Thread(target=server.serve_forever, daemon=True).start()
    Listening.answers, Listening.taken = [], []
    yield f"http://127.0.0.1:{server.server_port}/hooks"
    server.shutdown()
    server.server_close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime.now(UTC))


@pytest.fixture
def opened() -> tuple[str, ...]:
    """Networks of ours that webhooks may reach; the endpoint of these tests lies in one."""
    return ("127.0.0.0/8",)


@pytest.fixture
def config(config: Config, opened: tuple[str, ...]) -> Config:
    return config.model_copy(update={"outbound_networks": opened})
