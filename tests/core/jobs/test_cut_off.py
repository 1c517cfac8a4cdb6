"""Two workers, and the network of one is cut while it works: the other takes over, and nothing late of the first is kept.

The cut is made between the worker and its database, as far below as can be: on PostgreSQL by a connection that hangs (a relay
that forwards nothing any more, as a network that drops packets), on SQLite, which has no network, by a gate at its transactions.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from sqlmodel import col, select

from trunkline.app import App
from trunkline.config import Config
from trunkline.jobs import PlannedStep, StepContext, StepFailed, engine, enqueue, lease
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.wake import Silent
from trunkline.plugin import StepKind

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]
PATIENCE = 90.0


class Relay:
    """Forwards connections to a server until it is cut; then they hang, also new ones."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._open = threading.Event()
        self._open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._listener.close()
        self.mend()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._open.wait()
                sink.sendall(data)
        except OSError:
            pass
        finally:
            source.close()
            sink.close()


@dataclass
class Host:
    """A worker on a host of its own, whose way to the database can be cut."""

    app: App
    cut: Callable[[], None]
    mend: Callable[[], None]


@contextmanager
def relayed(config: Config) -> Iterator[Host]:
    url = make_url(config.database_url)
    relay = Relay((str(url.host), int(url.port or 5432)))
    place = url.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False)
    app = App.start(config.model_copy(update={"database": place}), waker=Silent())
    try:
        yield Host(app, relay.cut, relay.mend)
    finally:
        relay.close()
        app.close()


@contextmanager
def gated(config: Config) -> Iterator[Host]:
    app = App.start(config, waker=Silent())
    passing = threading.Event()
    passing.set()
    for name in ("read", "write"):
        plain = getattr(app.database, name)

        @contextmanager
        def gate(*kind: str, plain: Any = plain) -> Iterator[Any]:
            passing.wait()
            with plain(*kind) as session:
                yield session
                passing.wait()

        setattr(app.database, name, gate)
    try:
        yield Host(app, passing.clear, passing.set)
    finally:
        passing.set()
        app.close()


@pytest.fixture
def far_host(config: Config, app: App, database_kind: str) -> Iterator[Host]:
    """Beside `app`, which is the worker that stays connected."""
    with relayed(config) if database_kind == "postgres" else gated(config) as host:
        yield host


@pytest.fixture(autouse=True)
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=1.5))


@dataclass
class Work:
    """What two workers do in the one step of the job."""

    began: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)
    noticed: threading.Event = field(default_factory=threading.Event)
    keys: list[str] = field(default_factory=list)

    def on_the_far_host(self, step: StepContext) -> dict[str, Any]:
        self.keys.append(step.idempotency_key)
        self.began.set()
        while not step.cancelled():
            # What a long step does: look now and then whether it is still wanted.
            self.goes_on.wait(0.05)
        self.noticed.set()
        assert self.goes_on.wait(PATIENCE)
        step.log("late line of the far host")
        return {"by": "far"}

    def broken_off_there(self, step: StepContext) -> dict[str, Any]:
        self.keys.append(step.idempotency_key)
        self.began.set()
        while not step.cancelled():
            self.goes_on.wait(0.05)
        self.noticed.set()
        assert self.goes_on.wait(PATIENCE)
        # The network is back, and a heartbeat would have come through by now.
        back, until = threading.Event(), time.monotonic() + 1
        while step.cancelled() and time.monotonic() < until:
            back.wait(0.05)
        raise StepFailed("Cancelled in the middle.")

    def here(self, step: StepContext) -> dict[str, Any]:
        self.keys.append(step.idempotency_key)
        return {"by": "here"}


def _cut_off_at_work(
    app: App, far_host: Host, work: Work, there: Callable[[StepContext], dict[str, Any]]
) -> tuple[int, threading.Thread]:
    """A job whose step, `there`, the far host had begun when it was cut off; elsewhere the step is `work.here`."""
    far_host.app.step_kinds["test.step"] = StepKind("test.step", "Step", there, lambda step: None)
    app.step_kinds["test.step"] = StepKind("test.step", "Step", work.here, lambda step: None)
    with app.unit_of_work() as ctx:
        key = enqueue(ctx, kind="test", title="T", steps=[PlannedStep("test.step")], key="k").key
    far = threading.Thread(target=engine.run, args=(far_host.app, key), daemon=True)
    far.start()
    assert work.began.wait(PATIENCE)
    far_host.cut()
    return key, far


def test_a_worker_that_is_cut_off_gives_up_and_nothing_late_of_it_is_kept(app: App, far_host: Host) -> None:
    work = Work()
    key, far = _cut_off_at_work(app, far_host, work, work.on_the_far_host)
    assert work.noticed.wait(PATIENCE), "the cut-off worker holds its lease for lost by its own clock"

    taken_over = threading.Event()
    while not engine.run(app, key):
        # Until the lease has run out; the sweeper asks each second.
        taken_over.wait(0.1)
    with app.reading() as ctx:
        assert ctx.session.get_one(Job, key).state == JobState.SUCCEEDED
        before = ctx.session.scalars(select(JobEvent.id).where(JobEvent.job_id == key)).all()

    far_host.mend()
    work.goes_on.set()
    far.join(PATIENCE)
    assert not far.is_alive()
    with app.reading() as ctx:
        job = ctx.session.get_one(Job, key)
        step = ctx.session.scalars(select(JobStep).where(JobStep.job_id == key)).one()
        lines = ctx.session.execute(
            select(col(JobEvent.id), col(JobEvent.text)).where(JobEvent.job_id == key)
        ).all()
    assert (job.state, job.epoch, step.outputs) == (JobState.SUCCEEDED, 2, {"by": "here"})
    assert [line.id for line in lines] == list(before)
    assert len(set(work.keys)) == 1, "the far end can tell that both did the same"


def test_a_step_broken_off_by_a_short_cut_has_not_failed_and_is_done_again(app: App, far_host: Host) -> None:
    work = Work()
    key, far = _cut_off_at_work(app, far_host, work, work.broken_off_there)
    assert work.noticed.wait(PATIENCE)
    far_host.mend()
    work.goes_on.set()
    far.join(PATIENCE)
    assert not far.is_alive()

    taken_up = threading.Event()
    while not engine.run(app, key):
        taken_up.wait(0.1)
    with app.reading() as ctx:
        assert ctx.session.get_one(Job, key).state == JobState.SUCCEEDED
    assert len(work.keys) == 2
    assert len(set(work.keys)) == 1
