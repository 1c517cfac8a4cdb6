"""`./run bench auth`: what it costs a page to know who asks, and what pages feel while twenty people sign in at once.

*Knowing who asks* is the CPU time of a signed-in page beyond the same page open to anybody, in one process without network.

*Page beside 20 sign-ins* is the time of an ordinary page, a list, as a browser sees it: forty pages a second, which is what some
hundred people who work cause, each asked for when it is due, while twenty others press the button of the sign-in form in the same
moment, again and again, until there are enough pages to speak of a hundredth. Server, crowd and whoever measures are three
processes. The floor is the same without the crowd. Where other programs keep the processors busy this figure says nothing.

The last line printed is one JSON object with all figures.
"""

import argparse
import asyncio
import http.client
import math
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.crowd import SIZE, Form
from benchmarks.figures import Figure, all_kept, figure, show
from benchmarks.serving import CLI, resident, server, web_pid
from tests.services.loopback import free_port

if TYPE_CHECKING:
    from trunkline.app import App

_PASSWORD = "correct horse battery staple"
_PAGE = "/customers"
#: Seconds between two pages, and how many a round has at least.
_PACE = 0.025
_PAGES = 200


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
    show(figures)
    return 0 if all_kept(figures) else 1


def _people(data: Path) -> "App":
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.auth.operations import create_staff_user
    from trunkline.config import Config
    from trunkline.jobs.wake import Silent
    from trunkline.setup import prepare

    app = App.start(Config(data=data), waker=Silent())
    prepare(app)
    for number in range(SIZE + 1):
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
    return figure("knowing who asks", "ms CPU", [run - floor for run in runs], 0.3, floor=floor)


def _crowd(data: Path, repeats: int) -> list[Figure]:
    """The slowest hundredth of pages while twenty sign in at once, and how much the web process grows meanwhile."""
    slowest, calm, growth = [], [], []
    port = free_port()
    config = data.parent / "trunkline.toml"
    config.write_text(f'data = "{data}"\n')
    command = [*CLI, "--config", str(config), "serve", "--port", str(port), "--no-worker"]
    with server(command, port) as (process, _ready), _people_at_the_door(port) as door:
        web, office = web_pid(process.pid), _Office(port)
        office.pages(lambda: len(office.took) >= 50)
        for _n in range(repeats):
            door.forms_open()
            calm.append(_slowest(office.pages(lambda: len(office.took) >= _PAGES)))
            before, beside = resident(web), list[float]()
            while len(beside) < _PAGES:
                door.press()
                beside += office.pages(door.all_in)
            slowest.append(_slowest(beside))
            growth.append(resident(web) - before)
    return [
        figure("page beside 20 sign-ins, p99", "ms", slowest, 20, floor=statistics.median(calm)),
        figure("memory that 20 sign-ins add", "MB", growth, 40, floor=19.9),
    ]


class _Office:
    """Everybody who works already: pages at a steady pace over one connection that stays open, as browsers keep theirs."""

    def __init__(self, port: int) -> None:
        self._session = Form.opened(port, 0, _PASSWORD).send()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.took: list[float] = []

    def pages(self, over: Callable[[], bool]) -> list[float]:
        """Milliseconds that each page took, until `over`. One that comes late does not make the next one late."""
        # What was idle too long the server has closed.
        self._connection.close()
        self.took, due = [], time.perf_counter()
        while not over():
            time.sleep(max(0.0, due - time.perf_counter()))
            began = time.perf_counter()
            self._page()
            ended = time.perf_counter()
            self.took.append((ended - began) * 1000)
            due = max(due + _PACE, ended)
        return self.took

    def _page(self) -> None:
        self._connection.request("GET", _PAGE, headers={"Cookie": self._session})
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status


class _Door:
    """The crowd's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._open = False

    def forms_open(self) -> None:
        """Wait until all have their forms before them: nobody asks for anything after that."""
        if not self._open:
            self._expect("ready")
        self._open = True

    def press(self) -> None:
        """Let all sign in now. Their forms are open before anything is measured."""
        assert self._process.stdin is not None
        self.forms_open()
        self._open = False
        self._process.stdin.write("now\n")
        self._process.stdin.flush()

    def all_in(self) -> bool:
        """Whether the last one is signed in."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], 0)[0]:
            return False
        self._expect("done")
        return True

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line == word, f"the crowd says {line or 'nothing'}"


@contextmanager
def _people_at_the_door(port: int) -> Iterator[_Door]:
    command = [sys.executable, "-m", "benchmarks.crowd", str(port), _PASSWORD]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            yield _Door(process)
        finally:
            process.terminate()


def _slowest(took: list[float]) -> float:
    return sorted(took)[math.ceil(len(took) * 0.99) - 1]


if __name__ == "__main__":
    sys.exit(main())
