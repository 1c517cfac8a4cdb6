"""A far end is slow, refuses or answers twice, a run dies, its disk is full: effects are counted, and the job ends as it must."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlmodel import select

from tests.plugins.provisioning.test_fork_server import keepers, server_pid
from tests.plugins.provisioning.test_lines import log_of
from tests.plugins.provisioning.test_runner import folders
from tests.services.fork_server import fork_server
from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.jobs import operations as jobs
from trunkline.jobs.models import Job, JobState, JobStep
from trunkline.plugin import Policy
from trunkline.testing import work_until_idle
from trunkline_catalog import operations
from trunkline_catalog.schemas import CreateProduct, PlaceOrder
from trunkline_provisioning import library
from trunkline_provisioning.process_tree import descendants
from trunkline_provisioning.run_folder import RunFolder

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.timeout(300),
]
_PLAYBOOK = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: The line in the network
      trunkline.telecom.http: {{url: "{url}/lines/1", state: {state}, body: {{plan: fibre}}, timeout: 60}}
"""


class FarEnd:
    """Keeps one resource. Effects are counted by idempotency key, as a far end does that obeys it."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.effects: list[str] = []
        self.writes = 0
        #: With what status writes are refused, without effect; 0: they are not.
        self.refuses_with = 0
        #: How often each answer is sent.
        self.answers = 1
        #: Called once, when the first write has taken effect and before it is answered.
        self.meanwhile: Callable[[], object] = lambda: None

    def write(self, method: str, path: str, key: str, body: bytes) -> None:
        self.writes += 1
        if key in self.effects:
            return
        self.effects.append(key)
        if method == "DELETE":
            self.held.pop(path, None)
        else:
            self.held[path] = body
        act, self.meanwhile = self.meanwhile, lambda: None
        act()

    @property
    def directions(self) -> list[str]:
        return [key.split(":")[2] for key in self.effects]


@pytest.fixture
def far() -> Iterator[tuple[FarEnd, str]]:
    far_end = FarEnd()

    class Handler(BaseHTTPRequestHandler):
        # One connection for several requests, as far ends do.
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            held = far_end.held.get(self.path)
            self._answer(200 if held is not None else 404, held or b"{}")

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if far_end.refuses_with:
                self._answer(far_end.refuses_with, b"{}")
                return
            far_end.write(self.command, self.path, self.headers["Idempotency-Key"], body)
            self._answer(200, b"{}")

        do_DELETE = do_PUT

        def _answer(self, status: int, body: bytes) -> None:
            reason, length = self.responses[status][0], len(body)
            head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            try:
                self.wfile.write((head.encode() + body) * far_end.answers)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield far_end, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def order(app: App, far: tuple[FarEnd, str]) -> Callable[[], str]:
    """Orders a line whose playbook writes to the far end; returns the job's number."""
    folder = app.config.playbook_folder / "line"
    folder.mkdir(parents=True)
    for name, state in (("do", "present"), ("undo", "absent")):
        (folder / f"{name}.yml").write_text(_PLAYBOOK.format(url=far[1], state=state))
    with app.unit_of_work() as ctx:
        customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Clara"))
        operations.create_product(
            ctx,
            CreateProduct(
                code="line",
                name="Line",
                playbook="line",
                monthly_price=Decimal(50),
                currency="BRL",
                effective_from=datetime(2025, 1, 1, tzinfo=UTC),
            ),
        )

    def place() -> str:
        with app.unit_of_work() as ctx:
            wish = {"customer_number": "C000001", "lines": [{"product_code": "line"}]}
            placed = operations.place_order(ctx, PlaceOrder.model_validate(wish))
            return str(placed.lines[0].job_number)

    return place


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_keepers() -> None:
    """Kill -9 of what keeps a run with the stock command."""
    for pid in keepers():
        os.kill(pid, signal.SIGKILL)


def the_job(app: App) -> Job:
    with app.reading() as ctx:
        job = ctx.session.scalars(select(Job).where(Job.kind != "core.mail")).first()
    assert job is not None
    return job


def test_a_fork_server_killed_in_a_run_has_the_step_done_again_with_one_effect(
    app: App, order: Callable[[], str], far: tuple[FarEnd, str]
) -> None:
    far_end, _ = far
    with fork_server(app.config.data, *library.collections(app)) as place:
        pid = server_pid(place)

        def killed() -> None:
            # What the server runs dies with it, and the answer comes too late for a run of a few milliseconds.
            runs = descendants(pid)
            os.kill(pid, signal.SIGKILL)
            until = time.monotonic() + 60
            while any(map(_lives, runs)) and time.monotonic() < until:
                time.sleep(0.01)

        far_end.meanwhile = killed
        order()
        work_until_idle(app)
    log = log_of(app)
    assert the_job(app).state == JobState.SUCCEEDED, log
    assert "Doing it again" in log
    assert far_end.directions == ["do"]
    assert far_end.held
    assert folders() == []


def test_where_the_policy_says_undo_a_run_that_died_is_undone_with_one_effect_each(
    app: App, order: Callable[[], str], far: tuple[FarEnd, str]
) -> None:
    far_end, _ = far
    order()
    with app.unit_of_work() as ctx:
        step = ctx.session.scalars(select(JobStep).where(JobStep.kind == "provisioning.ansible")).one()
        step.policy = Policy.UNDO
    far_end.meanwhile = kill_keepers
    work_until_idle(app)
    assert the_job(app).state == JobState.ROLLED_BACK, log_of(app)
    assert far_end.directions == ["do", "undo"]
    assert far_end.held == {}
    assert folders() == []


def test_an_answer_that_comes_after_the_roll_back_changes_nothing(
    app: App, order: Callable[[], str], far: tuple[FarEnd, str]
) -> None:
    far_end, _ = far
    number = order()
    answered = threading.Event()

    def cancel_and_be_slow() -> None:
        with app.unit_of_work() as ctx:
            jobs.cancel(ctx, number)
        answered.wait(120)

    far_end.meanwhile = cancel_and_be_slow
    work_until_idle(app)
    assert the_job(app).state == JobState.CANCELLED, log_of(app)
    answered.set()
    work_until_idle(app)
    assert the_job(app).state == JobState.CANCELLED
    assert far_end.directions == ["do", "undo"]
    assert far_end.held == {}


def test_a_far_end_that_answers_after_the_time_out_has_what_it_did_undone(
    app: App, order: Callable[[], str], far: tuple[FarEnd, str]
) -> None:
    far_end, _ = far
    playbook = app.config.playbook_folder / "line" / "do.yml"
    playbook.write_text(playbook.read_text().replace("timeout: 60", "timeout: 1"))
    order()
    over = threading.Event()
    far_end.meanwhile = lambda: over.wait(60)
    work_until_idle(app)
    over.set()
    assert the_job(app).state == JobState.ROLLED_BACK, log_of(app)
    assert "/lines/1: no answer within 1 s. Whether it was done is not known." in the_job(app).error
    assert far_end.directions == ["do", "undo"]
    assert far_end.held == {}


def test_a_far_end_that_refuses_is_quoted_and_nothing_is_left(
    app: App, order: Callable[[], str], far: tuple[FarEnd, str]
) -> None:
    far_end, _ = far
    far_end.refuses_with = 503
    order()
    work_until_idle(app)
    assert the_job(app).state == JobState.ROLLED_BACK, log_of(app)
    assert "answered 503" in the_job(app).error
    assert far_end.effects == []


def test_an_answer_that_comes_twice_is_not_taken_for_the_answer_to_the_next_request(
    app: App, order: Callable[[], str], far: tuple[FarEnd, str]
) -> None:
    far_end, _ = far
    far_end.answers = 2
    order()
    work_until_idle(app)
    assert the_job(app).state == JobState.SUCCEEDED, log_of(app)
    assert far_end.directions == ["do"]
    assert far_end.held


def test_a_full_disk_before_the_run_fails_the_step_in_words(
    app: App, order: Callable[[], str], far: tuple[FarEnd, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    order()
    write = RunFolder.write
    monkeypatch.setattr(RunFolder, "write", full)
    work_until_idle(app)
    # What has not begun is undone as well, and that needs the folder too: a person frees some space and tries again.
    assert the_job(app).state == JobState.ROLLBACK_FAILED
    assert "cannot be kept in" in the_job(app).error
    assert "No space left on device" in the_job(app).error
    monkeypatch.setattr(RunFolder, "write", write)
    with app.unit_of_work() as ctx:
        jobs.retry(ctx, the_job(app).number, "There is room again.")
    work_until_idle(app)
    assert the_job(app).state == JobState.ROLLED_BACK, log_of(app)
    assert far[0].held == {}
    assert folders() == []


_FILLING = """
import os, sys, threading
from pathlib import Path
from trunkline_provisioning.run_folder import folder_root
from trunkline_provisioning.runner import PlaybookRun, run_playbook

over = threading.Event()

def fill():
    with (folder_root() / "filler").open("ab", buffering=0) as file:
        while not over.wait(0.0005):
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

filler = threading.Thread(target=fill)

def log(line):
    if line.text == "Task “First”":
        filler.start()

try:
    print(run_playbook(PlaybookRun(Path(sys.argv[1]), {}), log=log))
finally:
    over.set()
print("left:", [path.name for path in folder_root().iterdir()])
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="a disk of its own needs unshare")
def test_a_disk_that_gets_full_during_a_run_fails_it_in_words_and_leaves_nothing(tmp_path: Path) -> None:
    """On a disk of 2 MB that only this run sees."""
    playbook = tmp_path / "do.yml"
    debug = "    - name: {}\n      ansible.builtin.debug: {{msg: \"{{{{ 'x' * 5000 }}}}\"}}\n"
    playbook.write_text(
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
        + debug.format("First")
        + "".join(debug.format(f"Later {number}") for number in range(20))
    )
    inside = 'mount -t tmpfs -o size=2m tmpfs /dev/shm && exec "$0" -c "$1" "$2"'
    command = ["unshare", "-rm", "sh", "-c", inside, sys.executable, _FILLING, str(playbook)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disk of its own: {done.stderr}")
    assert "status='failed'" in done.stdout or "status='lost'" in done.stdout, done
    assert "No space left on device" in done.stdout.partition("problem=")[2]
    assert "left: ['filler']" in done.stdout
