"""Workers on two hosts, PostgreSQL and Redis on a third: the cable of one worker is pulled while it works, and put back later.

The other takes its jobs over, what the first writes late is refused, and the far end, which both reach all the time, counts each
effect once. One of the jobs is cut off within a transaction, whose locks the server must not keep.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from tests.line.system import wait_for
from tests.services.hosts import Cable, Host, NoHosts, hosts
from tests.services.postgres import cluster
from tests.services.redis_server import redis_server
from trunkline.app import App
from trunkline.config import Config
from trunkline.jobs import PlannedStep, enqueue
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.wake import Silent
from trunkline.setup import prepare

pytestmark = [
    *(pytest.mark.peer(program) for program in ("ip", "initdb", "redis-server")),
    pytest.mark.timeout(300),
]
#: The workers as the far end sees them.
LEFT, RIGHT = "10.77.11.2", "10.77.12.2"
#: Longer than a busy machine keeps a heartbeat waiting; the server gives a silent connection up after eleven seconds anyway.
_LEASE_SECONDS = "8"

#: An extension script: steps that last as long as the far end wants, and then write what they have done.
_STEPS = """
import os
import time
from urllib.request import Request, urlopen

from trunkline.plugin import StepKind, hookimpl


def _ask(path, step):
    headers = {"Idempotency-Key": step.idempotency_key}
    with urlopen(Request(os.environ["FAR_END"] + path, b"", headers), timeout=100) as answer:
        return answer.read().decode()


def write(step):
    by = _ask("/effects", step)
    while _ask("/more", step) == "wait":
        time.sleep(0.1)
    step.log(f"written by {by}")
    return {"by": by}


def undo(step):
    _ask("/effects", step)


@hookimpl
def step_kinds():
    return [
        StepKind("test.outside", "Outside", write, undo),
        StepKind("test.inside", "Inside", write, undo, transactional=True),
    ]
"""


@dataclass
class FarEnd:
    """What both workers write to. Effects are counted by idempotency key, as a far end does that obeys it."""

    #: By key, by whom each was asked for.
    asked: dict[str, list[str]] = field(default_factory=dict)
    #: Whose steps last.
    slow_for: str = ""

    @property
    def effects(self) -> list[str]:
        return list(self.asked)

    def answer(self, path: str, key: str, by: str) -> str:
        if path == "/effects":
            self.asked.setdefault(key, []).append(by)
            return by
        return "wait" if by == self.slow_for else "done"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        far = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = far.answer(self.path, self.headers["Idempotency-Key"], self.client_address[0])
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, *_: object) -> None:
                return

        return Handler


@dataclass
class Worker:
    """A worker process on a host of its own."""

    host: Host
    folder: Path
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        command = [*self.host.within, sys.executable, "-m", "trunkline.cli", "worker"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        wait_for(lambda: "ready with" in self.log, "the worker", within=90, explain=lambda: self.log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None


@dataclass
class Site:
    """All of it, and a desk from which jobs are placed."""

    app: App
    far: FarEnd
    cable: Cable
    left: Worker
    right: Worker

    def place(self, *kinds: str) -> list[int]:
        """A job of one step of each kind; returns their keys."""
        with self.app.unit_of_work() as ctx:
            return [
                enqueue(ctx, kind="test", title=kind, steps=[PlannedStep(kind)], key=os.urandom(4).hex()).key
                for kind in kinds
            ]

    def ends(self, keys: list[int]) -> list[tuple[str, Any]]:
        """The state of each job and what its step handed over."""
        statement = select(Job.state, JobStep.outputs).join(JobStep, col(JobStep.job_id) == Job.id)
        with self.app.reading() as ctx:
            rows = ctx.session.execute(statement.where(col(Job.id).in_(keys)).order_by(col(Job.id)))
            return [(row.state, row.outputs) for row in rows]

    def lines(self) -> list[tuple[int, str]]:
        """Every line of every job's log."""
        with self.app.reading() as ctx:
            rows = ctx.session.execute(select(col(JobEvent.id), JobEvent.text).order_by(col(JobEvent.id)))
            return [(row.id, row.text) for row in rows]

    def await_success(self, keys: list[int]) -> None:
        def succeeded() -> bool:
            return all(state == JobState.SUCCEEDED for state, _ in self.ends(keys))

        wait_for(succeeded, f"the end of jobs {keys}", within=90, explain=self.logs)

    def logs(self) -> str:
        return f"{self.lines()}\nLEFT\n{self.left.log}\nRIGHT\n{self.right.log}"


def _serve(stack: ExitStack, far: FarEnd, host: Host) -> int:
    """Have the far end answer on `host`; returns its port."""
    server = ThreadingHTTPServer(("", 0), far.handler(), bind_and_activate=False)
    server.socket.close()
    server.socket = host.listen()
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return int(server.socket.getsockname()[1])


def _worker(
    folder: Path, host: Host, settings: Mapping[str, object], environment: Mapping[str, str]
) -> Worker:
    folder.mkdir()
    lines = [f"{name} = {json.dumps(value)}" for name, value in {"data": str(folder), **settings}.items()]
    (folder / "trunkline.toml").write_text("\n".join(lines))
    return Worker(host, folder, {**os.environ, **environment})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(hosts())
            middle, element, left, right = map(found.add, ("middle", "element", "left", "right"))
        except NoHosts as reason:
            pytest.skip(str(reason))
        cable = found.join(middle, "10.77.1.1", left, "10.77.1.2")
        found.join(middle, "10.77.2.1", right, "10.77.2.2")
        found.join(element, "10.77.11.1", left, LEFT)
        found.join(element, "10.77.12.1", right, RIGHT)
        far = FarEnd()
        port = _serve(stack, far, element)
        server = stack.enter_context(cluster(within=middle.within))
        server.start(listen_addresses="*")
        redis = stack.enter_context(redis_server(within=middle.within))
        redis.start()

        (tmp_path / "extensions").mkdir()
        (tmp_path / "extensions" / "steps.py").write_text(_STEPS)
        shared = {
            "plugins": [],
            "extensions": str(tmp_path / "extensions"),
            "key_file": str(tmp_path / "key"),
        }
        config = Config.model_validate({"data": tmp_path, "database": server.url(server.home), **shared})
        app = App.start(config, waker=Silent())
        stack.callback(app.close)
        prepare(app)
        workers = []
        for name, host, databases, network in (
            ("left", left, "10.77.1.1", "10.77.11.1"),
            ("right", right, "10.77.2.1", "10.77.12.1"),
        ):
            settings = {**shared, "database": server.url(databases), "redis": redis.url(databases)}
            environment = {
                "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}:{redis.client}",
                "FAR_END": f"http://{network}:{port}",
                "TRUNKLINE_LEASE_SECONDS": _LEASE_SECONDS,
            }
            workers.append(_worker(tmp_path / name, host, settings, environment))
            stack.callback(workers[-1].stop)
        yield Site(app, far, cable, *workers)


def test_a_host_that_is_cut_off_while_it_works_loses_and_doubles_nothing(site: Site) -> None:
    site.left.start()
    site.far.slow_for = LEFT
    cut_off = site.place("test.outside", "test.inside")
    wait_for(lambda: len(site.far.effects) == 2, "both jobs on the left", within=60, explain=site.logs)
    site.right.start()
    others = site.place(*["test.outside", "test.inside"] * 2)
    site.await_success(others)

    site.cable.pull()
    site.await_success(cut_off)
    assert [outputs for _, outputs in site.ends([*cut_off, *others])] == [{"by": RIGHT}] * 6
    before = site.lines()

    site.cable.put_back()
    # Only now does the left go on, and its late writes reach the database.
    site.far.slow_for = ""
    wait_for(
        lambda: site.left.log.count("its lease was lost") == 2,
        "the left giving up",
        within=90,
        explain=site.logs,
    )
    assert [outputs for _, outputs in site.ends([*cut_off, *others])] == [{"by": RIGHT}] * 6
    assert site.lines() == before

    site.right.stop()
    later = site.place("test.outside", "test.inside")
    site.await_success(later)
    assert [outputs for _, outputs in site.ends(later)] == [{"by": LEFT}] * 2
    # Each effect once; those of the jobs that were cut off were asked for by both.
    by = sorted(site.far.asked.values())
    assert by == sorted([*[[LEFT, RIGHT]] * 2, *[[RIGHT]] * 4, *[[LEFT]] * 2])
