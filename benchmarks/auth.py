"""`./run bench auth`: what it costs a page to know who asks, and what pages feel while twenty people sign in at once.

The last line printed is one JSON object with all figures.
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from benchmarks.first_line import _CLI, Figure, _print, _resident, _server, _web_pid, figure
from tests.services.loopback import free_port

if TYPE_CHECKING:
    from trunkline.app import App

_PASSWORD = "correct horse battery staple"
_CROWD = 20


def main() -> int:
    """Measure, print, and return 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        app = _people(Path(folder) / "data")
        figures = [_knowing(app, repeats)]
        app.close()
        figures += _crowd(Path(folder) / "data", repeats)
    _print(figures)
    return 0 if all(one.kept for one in figures) else 1


def _people(data: Path) -> "App":
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.auth.operations import create_staff_user
    from trunkline.config import Config
    from trunkline.jobs.wake import Silent
    from trunkline.setup import prepare

    app = App.start(Config(data=data), waker=Silent())
    prepare(app)
    for number in range(_CROWD + 1):
        create_staff_user(app, f"user{number}@example.com", "supervisor", _PASSWORD)
    return app


def _knowing(app: "App", repeats: int, count: int = 500) -> Figure:
    """CPU of a page that reads one row and asks who is there, beyond the same open to anybody (which is the floor)."""
    from sqlalchemy import text
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response

    from trunkline.auth import sign_in
    from trunkline.auth.sessions import RequestFacts
    from trunkline.web.app import make_web
    from trunkline.web.cookies import ANONYMOUS_NAME, PLAIN_NAME
    from trunkline.web.endpoint import endpoint
    from trunkline.web.pages import PUBLIC, SIGNED_IN, Page, PageRoute

    def handler(page: Page) -> Response:
        return PlainTextResponse(str(page.ctx.session.scalar(text("SELECT 1"))))

    web = make_web(app).state.web
    open_to_all, known = (
        endpoint(web, PageRoute("/", ("GET",), handler, permission, "any"))
        for permission in (PUBLIC, SIGNED_IN)
    )
    facts = RequestFacts("127.0.0.1", "benchmark")
    token = sign_in.open_session(app, sign_in.prove(app, "user0@example.com", _PASSWORD, facts), facts)

    def request(cookie: str) -> Request:
        headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
        return Request({**scope, "scheme": "http", "server": ("localhost", 80), "path_params": {}})

    async def cost(answer: Callable[..., Awaitable[Response]], cookie: str) -> float:
        began = time.process_time()
        for _n in range(count):
            response: Response = await answer(request(cookie))
            assert response.status_code == 200
        return (time.process_time() - began) * 1000 / count

    async def measure() -> tuple[list[float], list[float]]:
        floors, runs = [], []
        for _n in range(repeats + 1):
            floors.append(await cost(open_to_all, f"{ANONYMOUS_NAME}=somebody"))
            runs.append(await cost(known, f"{PLAIN_NAME}={token}"))
        return floors[1:], runs[1:]

    floors, runs = asyncio.run(measure())
    floor = statistics.median(floors)
    return figure("knowing who asks", "ms CPU", [run - floor for run in runs], floor, 0.3)


def _crowd(data: Path, repeats: int) -> list[Figure]:
    """The slowest hundredth of pages while twenty sign in at once, and how much the web process grows meanwhile."""
    slowest, calm, growth = [], [], []
    port = free_port()
    config = data.parent / "trunkline.toml"
    config.write_text(f'data = "{data}"\n')
    command = [*_CLI, "--config", str(config), "serve", "--port", str(port), "--no-worker"]
    with _server(command, port) as (process, _ready), ThreadPoolExecutor(_CROWD) as pool:
        web, address = _web_pid(process.pid), f"http://127.0.0.1:{port}"
        _sign_in(address, 0)
        with httpx2.Client(base_url=address, timeout=60) as client:
            _sign_in_with(client, 0)
            for _n in range(repeats):
                calm.append(_slowest([_timed_page(client) for _m in range(300)]))
                before = _resident(web)
                crowd = [pool.submit(_sign_in, address, 1 + number) for number in range(_CROWD)]
                slowest.append(_slowest(_pages_until(client, crowd)))
                growth.append(_resident(web) - before)
    return [
        figure("page beside 20 sign-ins, p99", "ms", slowest, statistics.median(calm), 20),
        figure("memory that 20 sign-ins add", "MB", growth, 19.9, 40),
    ]


def _pages_until(client: httpx2.Client, crowd: list[Future[None]]) -> list[float]:
    took = []
    while not all(one.done() for one in crowd):
        took.append(_timed_page(client))
    for one in crowd:
        one.result()
    return took


def _timed_page(client: httpx2.Client) -> float:
    began = time.perf_counter()
    assert client.get("/profile").status_code == 200
    return (time.perf_counter() - began) * 1000


def _slowest(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99) - 1] if len(took) > 1 else took[0]


def _sign_in(address: str, number: int) -> None:
    with httpx2.Client(base_url=address, timeout=60) as client:
        _sign_in_with(client, number)


def _sign_in_with(client: httpx2.Client, number: int) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    fields = {"csrf_token": token.group(1), "email": f"user{number}@example.com", "password": _PASSWORD}
    answer = client.post("/sign-in", data=fields)
    assert answer.status_code == 303, answer.status_code


if __name__ == "__main__":
    sys.exit(main())
