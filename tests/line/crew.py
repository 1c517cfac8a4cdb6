"""Workers beside each other, the far end that their steps write to, and a desk from which jobs are placed."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any

from sqlmodel import col, select

from tests.line.system import wait_for
from trunkline.app import App
from trunkline.config import Config
from trunkline.jobs import PlannedStep, enqueue
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.wake import Silent
from trunkline.setup import prepare

#: A step that acts outside, and one that works in one transaction.
OUTSIDE, INSIDE = "test.outside", "test.inside"
#: Longer than a busy machine keeps a heartbeat waiting.
_LEASE_SECONDS = "8"

#: An extension script: steps that last as long as the far end wants, and then write what they have done.
_STEPS = """
import os
import time
from urllib.request import Request, urlopen

from trunkline.plugin import StepKind, hookimpl


def _ask(path, step):
    headers = {"Idempotency-Key": step.idempotency_key, "Worker": os.environ["WORKER"]}
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
    """Counts effects by idempotency key, as a far end does that obeys it."""

    #: By key, the workers that asked for it.
    asked: dict[str, set[str]] = field(default_factory=dict)
    #: The workers whose steps last.
    slow_for: frozenset[str] = frozenset()
    port: int = 0

    def answer(self, path: str, key: str, worker: str) -> str:
        if path == "/effects":
            self.asked.setdefault(key, set()).add(worker)
            return worker
        return "wait" if worker in self.slow_for else "done"

    @contextmanager
    def serving(self, listener: socket | None = None) -> Iterator[None]:
        """Answer at `listener`, by default at a free port of loopback."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if listener is not None:
            server.socket.close()
            server.socket = listener
        server.daemon_threads = True
        self.port = server.socket.getsockname()[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        far = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = far.answer(self.path, self.headers["Idempotency-Key"], self.headers["Worker"])
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, *_: object) -> None:
                return

        return Handler


@dataclass
class Worker:
    """A worker process with two threads; `within` is the command that puts it elsewhere."""

    folder: Path
    environment: Mapping[str, str]
    within: Sequence[str] = ()
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        command = [*self.within, sys.executable, "-m", "trunkline.cli", "worker"]
        environment = {**os.environ, **self.environment}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)

    def await_start(self) -> None:
        wait_for(lambda: "ready with" in self.log, "the worker", within=90, explain=lambda: self.log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=120)
            self.process = None


class Crew:
    """A migrated database, workers on it, and a desk of this process, which wakes nobody: the workers' sweepers do."""

    def __init__(self, folder: Path, database: str, far: FarEnd, stack: ExitStack) -> None:
        (folder / "extensions").mkdir()
        (folder / "extensions" / "steps.py").write_text(_STEPS)
        self._folder, self._stack, self.far = folder, stack, far
        self._shared: dict[str, Any] = {
            # What the tests count on.
            "job_threads": 2,
            "plugins": [],
            "extensions": str(folder / "extensions"),
            "key_file": str(folder / "key"),
        }
        config = Config.model_validate({**self._shared, "data": folder, "database": database})
        self.app = App.start(config, waker=Silent())
        stack.callback(self.app.close)
        prepare(self.app)
        self.workers: list[Worker] = []

    def hire(
        self,
        name: str,
        *,
        database: str,
        redis: str = "",
        path: Path | None = None,
        far_host: str = "127.0.0.1",
        within: Sequence[str] = (),
    ) -> Worker:
        """A worker that is not yet started; `path` is where its Python finds the client of Redis."""
        folder = self._folder / name
        folder.mkdir()
        settings = {**self._shared, "data": str(folder), "database": database, "redis": redis}
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        (folder / "trunkline.toml").write_text("\n".join(lines))
        environment = {
            "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), *([str(path)] if path else [])]),
            "FAR_END": f"http://{far_host}:{self.far.port}",
            "WORKER": name,
            "TRUNKLINE_LEASE_SECONDS": _LEASE_SECONDS,
        }
        self.workers.append(Worker(folder, environment, within))
        self._stack.callback(self.workers[-1].stop)
        return self.workers[-1]

    def place(self, *kinds: str) -> list[int]:
        """A job of one step of each kind; returns their keys."""
        with self.app.unit_of_work() as ctx:
            return [
                enqueue(ctx, kind="test", title=kind, steps=[PlannedStep(kind)], key=os.urandom(4).hex()).key
                for kind in kinds
            ]

    def await_effects(self, count: int) -> None:
        """Wait until the far end has been asked for so many different effects."""
        wait_for(
            lambda: len(self.far.asked) >= count, f"{count} effects", within=120, explain=self.explanation
        )

    def await_success(self, keys: list[int]) -> None:
        """Wait until each job has succeeded."""

        def succeeded() -> bool:
            return {state for state, _ in self.ends(keys)} == {JobState.SUCCEEDED}

        wait_for(succeeded, f"the end of jobs {keys}", within=120, explain=self.explanation)

    def ends(self, keys: list[int]) -> list[tuple[str, Any]]:
        """The state of each job and what its step handed over."""
        statement = select(Job.state, JobStep.outputs).join(JobStep, col(JobStep.job_id) == Job.id)
        with self.app.reading() as ctx:
            rows = ctx.session.execute(statement.where(col(Job.id).in_(keys)).order_by(col(Job.id)))
            return [(row.state, row.outputs) for row in rows]

    def lines(self, keys: list[int]) -> list[tuple[int, str]]:
        """Every line of the jobs' logs."""
        statement = select(col(JobEvent.id), JobEvent.text).where(col(JobEvent.job_id).in_(keys))
        with self.app.reading() as ctx:
            rows = ctx.session.execute(statement.order_by(col(JobEvent.id)))
            return [(row.id, row.text) for row in rows]

    def explanation(self) -> str:
        """What the workers wrote."""
        return "\n".join(f"{worker.folder.name}:\n{worker.log}" for worker in self.workers)
