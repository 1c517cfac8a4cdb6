"""The part of `./run bench provisioning` that needs a whole system: clicks, queued orders, wake-ups, and events on the page."""

import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from benchmarks.figures import Figure, figure
from tests.line.api import Api
from tests.line.line import PRODUCT, add_product, order, register, stock_up
from tests.line.samples import write_samples
from tests.line.system import ADMINISTRATOR, PASSWORD, System, installed, wait_for

if TYPE_CHECKING:
    from trunkline.app import App

_CLICKS = 7
_WAKE_UPS = 30
_TICKS = 8
_LINES_AT_ONCE = 20
_LIVE = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
"""
_TICK = """\
    - name: Tick {0}
      ansible.builtin.uri: {{url: "{1}/{0}"}}
    - name: Pause {0}
      ansible.builtin.wait_for: {{timeout: 1}}
"""


def measured(kind: str, orders: int) -> list[Figure]:
    """All figures of one kind of database; only the wake-ups where no orders are wanted."""
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder, _clock() as (far_end, ticks):
        with installed(kind, Path(folder)) as system:
            _write_live_playbook(system, far_end)
            files = write_samples(Path(folder) / "files", size=orders + _CLICKS + 10)
            stock_up(system, files)
            system.start()
            api = Api(system, ADMINISTRATOR, PASSWORD)
            wait_for(lambda: _is_warm(system), "the fork server", within=120)
            figures = [_wake_ups(system, kind)]
            if orders:
                add_product(api)
                figures += [
                    _clicks(api, kind),
                    *_queued(system, api, kind, orders),
                    _live(system, api, ticks),
                ]
            api.client.close()
        return figures


def _is_warm(system: System) -> bool:
    from trunkline_provisioning.fork_server import places

    return any(place.socket.exists() for place in places(system.data))


@contextmanager
def _opened(system: System) -> "Iterator[App]":
    """The same installation in this process."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.config import Config
    from trunkline.jobs.wake import HueyWaker

    config = Config.load(system.folder / "trunkline.toml")
    app = App.start(config, waker=HueyWaker(config))
    try:
        yield app
    finally:
        app.close()


# Enqueue to start


def _wake_ups(system: System, kind: str) -> Figure:
    from trunkline.jobs.models import Job
    from trunkline.mail.operations import queue

    with _opened(system) as app:
        committed = {}
        for number in range(_WAKE_UPS):
            key = f"bench {number}"
            with app.unit_of_work() as ctx:
                queue(
                    ctx,
                    template="core/mail/new_email",
                    to="helena@conectasul.example",
                    language="en",
                    context={
                        "operator": "Conecta Sul",
                        "name": "Helena",
                        "link": "https://conectasul.example",
                    },
                    key=key,
                )
            committed[number] = app.clock()
            time.sleep(0.23)
        time.sleep(1)
        with app.reading() as ctx:
            from sqlmodel import col, select

            jobs = ctx.session.scalars(select(Job).where(Job.kind == "core.mail").order_by(col(Job.id))).all()
            waited = [
                (job.started_at - committed[number]).total_seconds() * 1000
                for number, job in enumerate(jobs[-_WAKE_UPS:])
                if job.started_at is not None
            ]
    return figure(f"enqueue to start on {kind}", "ms", waited, 60 if kind == "sqlite" else 10)


def _clicks(api: Api, kind: str) -> Figure:
    took = []
    for number in range(_CLICKS):
        customer = register(api, f"Customer {number}", "", f"customer{number}@correio.example")
        began = time.monotonic()
        placed = order(api, customer, key=f"click {number}")
        _until_active(api, placed["number"])
        took.append(time.monotonic() - began)
        # The welcome mail's worker belongs to the job before.
        time.sleep(0.5)
    return figure(f"one click to active on {kind}", "s", took[1:], 1.0)


def _until_active(api: Api, number: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = api.get(f"/catalog/orders/{number}")["state"]
        if state == "completed":
            return
        if state != "in_progress":
            raise SystemExit(f"the order ended as {state}")
        time.sleep(0.02)
    raise SystemExit("the order did not end")


# Many


def _queued(system: System, api: Api, kind: str, count: int) -> list[Figure]:
    """Orders for `count` lines, as fast as they can be placed, and what the processes hold before and after."""
    from sqlmodel import col, func, select

    from trunkline.jobs.models import Job

    customer = register(api, "Many Lines", "", "many@correio.example")
    before, most = _held(system), 0
    began = time.monotonic()
    left = count
    while left:
        lines = [{"product_code": PRODUCT}] * min(left, _LINES_AT_ONCE)
        api.post(
            "/catalog/orders",
            {"customer_number": customer, "lines": lines, "idempotency_key": f"many {left}"},
        )
        left -= len(lines)
    with _opened(system) as app:
        statement = (
            select(func.count())
            .select_from(Job)
            .where(
                Job.kind == "catalog.order_line",
                col(Job.state).in_(("queued", "running", "rolling_back")),
            )
        )
        while True:
            with app.reading() as ctx:
                open_jobs = ctx.session.execute(statement).scalar_one()
            most = max(most, len(_family(system)))
            if not open_jobs:
                break
            time.sleep(0.5)
    took = time.monotonic() - began
    time.sleep(2)
    after = _held(system)
    note = f"{count} lines in {took:,.1f} s; at most {most} processes"
    return [
        figure(f"queued orders on {kind}", "jobs/s", [count / took], 4, note=note, more=True),
        figure(
            f"processor per queued order on {kind}", "s", [(after.seconds - before.seconds) / count], 0.5,
            note="2 cores for 4 jobs/s, however busy the machine is",
        ),
        figure(
            "memory after beside before", "", [after.memory / before.memory], 1.15,
            note=f"{before.memory / 1e6:,.0f} to {after.memory / 1e6:,.0f} MB, shared parts once",
        ),
        figure("descriptors more than before", "", [after.descriptors - before.descriptors], 4),
        figure("processes more than before", "", [after.processes - before.processes], 0),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Held:
    """What all processes below `serve` hold together, and the processor's seconds that they have used."""

    memory: int
    descriptors: int
    processes: int
    seconds: float


def _family(system: System) -> list[int]:
    from trunkline_provisioning.process_tree import descendants

    assert system.process is not None
    return [system.process.pid, *descendants(system.process.pid)]


def _held(system: System) -> _Held:
    memory = descriptors = processes = ticks = 0
    for pid in _family(system):
        folder = Path(f"/proc/{pid}")
        try:
            rollup = (folder / "smaps_rollup").read_text()
            descriptors += len(list((folder / "fd").iterdir()))
            # Those of ended children are in it.
            ticks += sum(map(int, (folder / "stat").read_text().rpartition(")")[2].split()[11:15]))
        except OSError:
            continue
        processes += 1
        found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        memory += int(found.group(1)) * 1000 if found else 0
    return _Held(memory, descriptors, processes, ticks / os.sysconf("SC_CLK_TCK"))


# Live


@contextmanager
def _clock() -> Iterator[tuple[str, dict[str, float]]]:
    """An element that keeps when it was asked for what."""
    ticks: dict[str, float] = {}

    class Clock(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            ticks[self.path.rpartition("/")[2]] = time.monotonic()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Clock) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", ticks
        server.shutdown()


def _write_live_playbook(system: System, far_end: str) -> None:
    folder = system.data / "playbooks" / "live"
    folder.mkdir(parents=True)
    tasks = "".join(_TICK.format(number, far_end) for number in range(_TICKS))
    (folder / "do.yml").write_text(_LIVE + tasks)
    (folder / "undo.yml").write_text(_LIVE + "    - name: Nothing to undo\n      ansible.builtin.debug:\n")


def _live(system: System, api: Api, ticks: dict[str, float]) -> Figure:
    """From the element's answer, with which a task ends, to the line on the open page."""
    api.post("/catalog/products", _live_product())
    customer = register(api, "Live Page", "", "live@correio.example")
    placed = api.post(
        "/catalog/orders",
        {"customer_number": customer, "lines": [{"product_code": "live"}], "idempotency_key": "live"},
    )
    job = placed["lines"][0]["job_number"]
    seen: dict[str, float] = {}
    with _signed_in(system) as page, page.stream("GET", f"/jobs/{job}/events?after=0") as stream:
        for line in stream.iter_lines():
            for number in re.findall(r"Tick (\d+): ok", line):
                seen.setdefault(number, time.monotonic())
            if line == "event: done":
                break
    late = [(seen[number] - at) * 1000 for number, at in ticks.items() if number in seen]
    if len(late) < _TICKS - 1:
        raise SystemExit(f"the page saw {len(late)} of {_TICKS} tasks")
    return figure("task to its line on the page", "ms", late, 300)


def _live_product() -> dict[str, Any]:
    return {
        "code": "live", "name": "Live", "playbook": "live", "monthly_price": "1.00", "currency": "BRL",
    }  # fmt: skip


@contextmanager
def _signed_in(system: System) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=system.url, timeout=60) as client:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
        assert token is not None
        fields = {"csrf_token": token.group(1), "email": ADMINISTRATOR, "password": PASSWORD}
        answer = client.post("/sign-in", data=fields)
        assert answer.status_code == 303, answer.status_code
        yield client
