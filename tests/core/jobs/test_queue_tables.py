"""The first request that wakes a worker, while other processes make the queue's tables or are busy in them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from tests.core.waiting import PATIENCE, until_somebody_waits
from tests.services.loopback import free_port
from trunkline.app import App
from trunkline.config import Config
from trunkline.imports.models import ImportRun
from trunkline.jobs.queue_tables import LOCK
from trunkline.jobs.wake import HueyWaker
from trunkline.testing import Browser

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


def upload(browser: Browser) -> Any:
    """Send a file of customers, which has a worker woken; returns the answer."""
    place = "/imports?kind=customers"
    form = {"csrf_token": browser.csrf(place)}
    files = {"file": ("new.csv", b"name,kind\nAna Silva,individual\n", "text/csv")}
    return browser.post(place, data=form, files=files, follow_redirects=False)


def queued(app: App) -> int:
    """How many wake-ups lie in the queue; it is there afterwards."""
    waker = HueyWaker(app.config)
    try:
        return waker.waiting()
    finally:
        waker.huey.storage.close()


@contextmanager
def another_process(app: App) -> Iterator["psycopg.Connection[Any]"]:
    """A transaction of somebody else's, for as long as they like."""
    with psycopg.connect(app.config.database_url.replace("+psycopg", "")) as connection:
        yield connection


def make_tables(connection: "psycopg.Connection[Any]", *, lock: bool) -> None:
    """What a worker does that starts, without its commit."""
    from huey import PostgresHuey

    if lock:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    for statement in PostgresHuey(dsn="", create_tables=False).storage.ddl:
        connection.execute(statement)


def test_a_file_is_taken_while_a_worker_that_starts_makes_the_tables(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser, answers = staff("administrator"), []
    app.waker = HueyWaker(app.config)
    if app.database.is_sqlite:
        assert upload(browser).status_code == 303
        return
    with another_process(app) as worker:
        make_tables(worker, lock=True)
        sending = threading.Thread(target=lambda: answers.append(upload(browser)))
        sending.start()
        until_somebody_waits(app)
        worker.commit()
    sending.join(PATIENCE)
    assert [answer.headers.get("location") for answer in answers] == ["/imports/I000001"]
    assert queued(app) == 1


def test_a_file_is_taken_by_a_process_that_starts_while_others_queue_their_work(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser = staff("administrator")
    app.waker = HueyWaker(app.config)
    assert queued(app) == 0
    if app.database.is_sqlite:
        # It has one writer at a time.
        assert upload(browser).status_code == 303
        return
    with app.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        # Without it a request that waits for others would wait for ever, and this test with it.
        connection.execute(text(f"ALTER DATABASE {name} SET lock_timeout = '5s'"))
    with another_process(app) as busy:
        busy.execute("INSERT INTO huey_task (queue, data) VALUES ('other', '')")
        assert upload(browser).headers.get("location") == "/imports/I000001"


def test_threads_that_wake_a_worker_for_the_first_time_at_once_share_one_queue(app: App) -> None:
    waker, together, found = HueyWaker(app.config), threading.Barrier(4), []

    def wake() -> None:
        together.wait(PATIENCE)
        found.append(waker.tasks["run_job"])

    threads = [threading.Thread(target=wake) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == 4
    assert len({id(task) for task in found}) == 1


def test_a_queue_whose_database_is_away_is_told_as_that(config: Config) -> None:
    away = config.model_copy(
        update={"database": f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing"}
    )
    with pytest.raises(OperationalError):
        HueyWaker(away).waiting()


def test_nothing_is_kept_of_a_file_that_no_worker_could_be_woken_for(
    app: App, staff: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(storage: object) -> None:
        raise OperationalError("the queue's tables", None, psycopg.OperationalError("too many clients"))

    browser = staff("administrator")
    app.waker = HueyWaker(app.config)
    if app.database.is_sqlite:
        # Its queue is a file beside it.
        assert upload(browser).status_code == 303
        return
    monkeypatch.setattr("trunkline.jobs.wake.make_tables", away)
    answer = upload(browser)
    assert answer.status_code == 503
    assert "so nothing was done" in answer.text
    with app.reading() as ctx:
        assert ctx.session.scalars(select(ImportRun)).all() == []
