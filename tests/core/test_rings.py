"""Two who take numbers in opposite order wait for each other in a ring on PostgreSQL; whoever is broken off does it again."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select

from trunkline.app import App
from trunkline.cli import main, written
from trunkline.customers.models import Customer
from trunkline.db import numbers
from trunkline.db.rings import again
from trunkline.imports.importer import ImportOptions
from trunkline.imports.models import ImportRun
from trunkline.imports.run import import_file
from trunkline.jobs import PlannedStep, StepContext, enqueue
from trunkline.jobs.models import Job, JobState
from trunkline.operation import SYSTEM, Context
from trunkline.plugin import StepKind
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


class Ring:
    """Takes two numbers; the first time somebody else has taken the second and waits for the first."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.times = 0
        self._other: threading.Thread | None = None
        self._server: Queue[int] = Queue()

    def take(self, session: Session, first: str, second: str) -> None:
        """Both numbers. The database breaks off this transaction, not the other one, which never looks for a ring."""
        self.times += 1
        if self.times > 1:
            # How soon the other one is woken is a matter of load; the next ring would be one of the test's own making.
            self.end()
        numbers.next_number(session, first)
        if self.times == 1 and not self.app.database.is_sqlite:
            self._other = threading.Thread(target=self._opposite, args=(second, first))
            self._other.start()
            self._until_waiting(self._server.get(timeout=30))
        numbers.next_number(session, second)

    def _opposite(self, first: str, second: str) -> None:
        with self.app.unit_of_work(SYSTEM) as ctx:
            ctx.session.execute(text("SET LOCAL deadlock_timeout = '1h'"))
            numbers.next_number(ctx.session, first)
            self._server.put(ctx.session.execute(text("SELECT pg_backend_pid()")).scalar_one())
            numbers.next_number(ctx.session, second)

    def _until_waiting(self, server: int) -> None:
        blocked = text("SELECT cardinality(pg_blocking_pids(:server))")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with self.app.database.read() as session:
                if session.execute(blocked, {"server": server}).scalar_one():
                    return
        raise TimeoutError("the other transaction never waited")

    def end(self) -> None:
        """Wait for the other transaction."""
        if self._other is not None:
            self._other.join(30)
            assert not self._other.is_alive()

    @property
    def wanted(self) -> int:
        """How often the numbers are taken in all: SQLite has one writer at a time, and no ring."""
        return 1 if self.app.database.is_sqlite else 2


def _broken_off() -> OperationalError:
    return OperationalError("UPDATE number_sequence", {}, errors.DeadlockDetected())


def test_whoever_is_broken_off_waits_longer_each_time_before_it_is_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("trunkline.db.rings.time.sleep", pauses.append)
    ends = iter([_broken_off(), _broken_off(), None])

    def do() -> str:
        if (error := next(ends)) is not None:
            raise error
        return "done"

    assert again(do) == "done"
    assert len(pauses) == 2
    assert 0.05 <= pauses[0] <= 0.15
    assert 0.1 <= pauses[1] <= 0.3


def test_what_is_not_safe_to_do_again_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("trunkline.db.rings.time.sleep", pauses.append)
    tries: list[int] = []

    def do() -> None:
        tries.append(1)
        raise _broken_off()

    with pytest.raises(OperationalError):
        again(do, safe=False)
    assert (len(tries), pauses) == (1, [])


def test_what_another_transaction_committed_meanwhile_is_met_once_and_no_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trunkline.db.rings.time.sleep", lambda seconds: None)
    tries: list[int] = []

    def do() -> None:
        tries.append(1)
        raise IntegrityError("INSERT", {}, errors.UniqueViolation())

    with pytest.raises(IntegrityError):
        again(do)
    assert len(tries) == 2


@pytest.fixture
def ring(app: App) -> Iterator[Ring]:
    ring = Ring(app)
    yield ring
    ring.end()


@pytest.mark.parametrize("transactional", [True, False])
def test_a_step_that_the_database_broke_off_is_done_again_and_its_job_succeeds(
    app: App, ring: Ring, transactional: bool
) -> None:
    def within(step: StepContext) -> None:
        ring.take(step.ctx.session, "job", "email")

    def apart(step: StepContext) -> None:
        step.with_end(lambda ctx: ring.take(ctx.session, "job", "email"))

    do: Callable[[StepContext], None] = within if transactional else apart
    app.step_kinds["test.ring"] = StepKind(
        "test.ring", "Ring", do, lambda step: None, transactional=transactional
    )
    with app.unit_of_work() as ctx:
        number = enqueue(ctx, kind="test", title="Ring", steps=[PlannedStep("test.ring")], key="ring").number
    work_until_idle(app)
    ring.end()
    with app.reading() as ctx:
        job = ctx.session.scalars(select(Job).where(col(Job.number) == number)).one()
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert ring.times == ring.wanted


@pytest.fixture
def ring_of_customers(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> Ring:
    """Registering a customer takes the number of a job as well, as one does who is welcomed."""
    usual = numbers.next_number

    def take(session: Session, kind: str, reseller_id: int | None = None) -> str:
        ring.take(session, "job", "email")
        return usual(session, kind, reseller_id)

    monkeypatch.setattr("trunkline.customers.operations.next_number", take)
    return ring


WISH: dict[str, Any] = {"kind": "individual", "name": "Ana Silva"}


def test_a_request_over_rest_that_the_database_broke_off_is_done_again(
    app: App, ring_of_customers: Ring, client: Browser
) -> None:
    create_user(app, "api@example.com", "administrator")
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    made = client.post("/api/v1/customers", json=WISH, headers=headers)
    assert made.status_code == 201, made.text
    assert ring_of_customers.times == ring_of_customers.wanted
    ring_of_customers.end()
    with app.reading() as ctx:
        assert [one.number for one in ctx.session.scalars(select(Customer))] == ["C000001"]


def test_a_form_that_the_database_broke_off_is_done_again(
    app: App, ring_of_customers: Ring, staff: Callable[..., Browser]
) -> None:
    made = staff("administrator").submit("/customers/new", WISH, follow_redirects=False)
    assert made.headers.get("location") == "/customers/C000001", made.text
    assert ring_of_customers.times == ring_of_customers.wanted


@pytest.fixture
def ring_of_uploads(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> Ring:
    """The number of a file's import is taken after the file was read."""
    usual = numbers.next_number

    def take(session: Session, kind: str, reseller_id: int | None = None) -> str:
        ring.take(session, "job", "email")
        return usual(session, kind, reseller_id)

    monkeypatch.setattr("trunkline.imports.operations.next_number", take)
    return ring


PEOPLE = b"name,kind\nAna Silva,individual\nBruno Lima,individual\n"


def _rows_read(app: App) -> int:
    """How many rows the check found in the one file that was sent; it was kept whole."""
    work_until_idle(app)
    with app.reading() as ctx:
        run = ctx.session.scalars(select(ImportRun)).one()
    assert (run.number, run.size, run.error) == ("I000001", len(PEOPLE), "")
    rows: int = run.report["read"]
    return rows


def test_a_file_in_a_form_that_the_database_broke_off_is_taken_whole(
    app: App, ring_of_uploads: Ring, staff: Callable[..., Browser]
) -> None:
    browser, place = staff("administrator"), "/imports?kind=customers"
    form, files = {"csrf_token": browser.csrf(place)}, {"file": ("people.csv", PEOPLE, "text/csv")}
    sent = browser.post(place, data=form, files=files, follow_redirects=False)
    assert sent.headers.get("location") == "/imports/I000001", sent.text
    assert ring_of_uploads.times == ring_of_uploads.wanted
    ring_of_uploads.end()
    assert _rows_read(app) == 2


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}])
def test_a_file_over_rest_that_the_database_broke_off_is_taken_whole(
    app: App, ring_of_uploads: Ring, client: Browser, headers: dict[str, str]
) -> None:
    create_user(app, "api@example.com", "administrator")
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    files = {"file": ("people.csv", PEOPLE, "text/csv")}
    sent = client.post("/api/v1/imports", data={"kind": "customers"}, files=files, headers=headers)
    assert sent.status_code == 202, sent.text
    assert ring_of_uploads.times == ring_of_uploads.wanted
    ring_of_uploads.end()
    assert _rows_read(app) == 2


def test_a_file_on_the_command_line_that_the_database_broke_off_is_read_again(
    app: App, ring_of_customers: Ring, tmp_path: Path
) -> None:
    file, told = tmp_path / "people.csv", list[str]()
    file.write_bytes(PEOPLE)
    assert import_file(app, "customers", file, ImportOptions(), told.append) == 0
    ring_of_customers.end()
    # The second person takes the numbers as well.
    assert ring_of_customers.times == ring_of_customers.wanted + 1
    assert told == ["2 rows read: 2 created, 0 updated, 0 unchanged, 0 refused"]
    with app.reading() as ctx:
        assert [one.number for one in ctx.session.scalars(select(Customer))] == ["C000001", "C000002"]


def test_a_command_that_the_database_broke_off_is_done_again(app: App, ring: Ring) -> None:
    def do(ctx: Context) -> str:
        ring.take(ctx.session, "job", "email")
        return "done"

    assert written(app, do) == "done"
    assert ring.times == ring.wanted


def test_a_command_that_is_broken_off_to_the_end_says_that_nothing_is_saved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opened() -> App:
        raise _broken_off()

    monkeypatch.setattr("trunkline.cli.open_app", opened)
    monkeypatch.setattr("sys.argv", ["trunkline", "user", "reset-2fa", "ana@example.com"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "Nothing of the transaction it was in is saved. Run the command again." in said
    assert said.count("\n") == 1
