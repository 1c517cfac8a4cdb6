"""What fails in one process is shown by the pages of every process, until somebody puts it away."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from tests.line.system import wait_for
from trunkline.access.models import Role
from trunkline.app import App
from trunkline.config import Config
from trunkline.jobs.wake import Silent
from trunkline.plugin_life.faults import faults
from trunkline.plugin_life.keeping import KEPT
from trunkline.plugin_life.withholding import kept_error
from trunkline.setup import prepare
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins
Staff = Callable[..., Browser]

_SCRIPT = """
from datetime import timedelta
from trunkline.plugin import ScheduledTask, hookimpl

def poll(ctx):
    raise RuntimeError("no meter answers at https://reader:s3cr3t@meters.example")

@hookimpl
def scheduled_tasks():
    return [ScheduledTask("poll", poll, timedelta(hours=1), "Read the meters")]
"""


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """As in production: lenient, with a script that fails in the worker alone."""
    folder = tmp_path / "extensions"
    folder.mkdir()
    (folder / "meters.py").write_text(_SCRIPT)
    return config.model_copy(update={"extensions": folder, "strict_plugins": False})


@contextmanager
def _worker(config: Config, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process of this configuration, which is killed at the end."""
    settings = {"data": config.data, "database": config.database_url, "extensions": config.extension_folder}
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    (folder / "trunkline.toml").write_text("\n".join([*lines, "plugins = []"]))
    command = [sys.executable, "-m", "trunkline.cli", "worker"]
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=os.environ.copy(), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def _beside(config: Config) -> Iterator[App]:
    """Another process of the same system."""
    other = App.start(config, waker=Silent())
    other.faults.begin("worker")
    try:
        yield other
    finally:
        other.close()


def _fail(app: App, place: str = "hook menu", words: str = "not today", plugin: str = "meters") -> None:
    try:
        raise RuntimeError(words)
    except RuntimeError as error:
        app.hooks.failed(plugin, place, error)


@pytest.mark.both_databases
def test_what_fails_in_a_worker_that_is_then_killed_is_on_the_pages_with_its_traceback(
    app: App, config: Config, staff: Staff, program: Staff, tmp_path: Path
) -> None:
    browser, own = staff(), "/system/plugins/extension_meters"
    with _worker(config, tmp_path) as process:
        wait_for(
            lambda: "no meter answers" in browser.get(own).text,
            "the failure",
            explain=(tmp_path / "worker.log").read_text,
        )
        process.send_signal(signal.SIGKILL)
        process.wait()
    page = browser.get(own).text
    for words in ("scheduled task poll", "Traceback", "in poll", "worker"):
        assert words in page
    assert "s3cr3t" not in page
    assert "Running, with failures" in browser.get("/system/plugins").text
    assert "Read the meters" in browser.get("/system").text
    assert "Plugins and scripts that failed" in browser.get("/").text
    (kept,) = program("auditor").get("/api/v1/system/faults").json()["items"]
    assert (kept["plugin"], kept["process"], kept["times"]) == ("extension_meters", "worker", 1)
    browser.submit(f"{own}/clear", page=own)
    assert "no meter answers" not in browser.get(own).text.partition("Scheduled work")[0]
    assert "Plugins and scripts that failed" not in browser.get("/").text


@pytest.mark.both_databases
def test_what_fails_in_work_that_is_undone_is_kept_and_keeps_nobody_waiting(app: App, config: Config) -> None:
    with _beside(config) as other, suppress(ZeroDivisionError), other.unit_of_work() as ctx:
        ctx.session.add(Role(name="half", label="Half"))
        ctx.session.flush()
        _fail(other)
        raise ZeroDivisionError
    with app.reading() as ctx:
        assert [(fault.plugin, fault.error) for fault in faults(ctx)] == [
            ("meters", "RuntimeError: not today")
        ]
        assert not ctx.session.scalars(select(Role).where(col(Role.name) == "half")).all()


@pytest.mark.both_databases
def test_each_place_is_kept_once_with_its_times_and_only_the_last_places_of_a_plugin(
    app: App, config: Config
) -> None:
    for _again in range(2):
        with _beside(config) as other:
            _fail(other, "hook slots", plugin="sound")
            for number in range(KEPT + 5):
                _fail(other, f"page /meters/{number}")
    with app.reading() as ctx:
        kept = faults(ctx)
    assert [(fault.plugin, fault.times) for fault in kept if fault.plugin == "sound"] == [("sound", 2)]
    assert [fault.place for fault in kept if fault.plugin == "meters"] == [
        f"page /meters/{number}" for number in range(KEPT + 4, 4, -1)
    ]


def test_what_fails_again_is_counted_while_the_process_goes_on(app: App, config: Config) -> None:
    def times() -> list[int]:
        with app.reading() as ctx:
            return [fault.times for fault in faults(ctx)]

    with _beside(config) as other:
        _fail(other)
        wait_for(lambda: times() == [1], "the first failure")
        _fail(other)
        _fail(other)
        wait_for(lambda: times() == [3], "the next ones")


def test_without_its_table_a_failure_waits_and_is_no_failure_itself(config: Config, tmp_path: Path) -> None:
    place = tmp_path / "fresh"
    fresh = App.start(
        config.model_copy(update={"data": place, "database": f"sqlite:///{place / 'fresh.db'}"}),
        waker=Silent(),
    )
    _fail(fresh)
    assert not fresh.faults.write()
    assert [fault.place for fault in fresh.faults.waiting()] == ["hook menu"]
    prepare(fresh)
    assert fresh.faults.write()
    assert fresh.faults.waiting() == []
    fresh.close()


def test_reading_the_scripts_again_puts_away_what_failed_in_them(app: App, config: Config) -> None:
    from trunkline import renewal
    from trunkline.plugin_life.reloading import reload_scripts

    _fail(app, plugin="extension_meters")
    _fail(app, plugin="core")
    watch = renewal.Watch(config.data)
    with app.unit_of_work() as ctx:
        reload_scripts(ctx)
    watch.end()
    with app.reading() as ctx:
        assert [fault.plugin for fault in faults(ctx)] == ["core"]


def test_a_script_that_is_gone_is_called_by_its_file(app: App, staff: Staff) -> None:
    _fail(app, plugin="extension_poles")
    assert "What failed in poles.py" in staff().get("/system").text


def test_who_only_looks_puts_nothing_away(app: App, staff: Staff, program: Staff) -> None:
    _fail(app, plugin="core")
    auditor = staff("auditor")
    page = auditor.get("/system").text
    assert "RuntimeError: not today" in page
    assert "Put away" not in page
    assert program("auditor").post("/api/v1/system/plugins/core/clear").status_code == 403
    api = program()
    assert api.post("/api/v1/system/plugins/core/clear").status_code == 204
    assert api.post("/api/v1/system/plugins/core/clear").status_code == 422
    assert "not today" not in auditor.get("/system").text


def test_the_values_of_a_failed_statement_are_not_kept(app: App) -> None:
    rows = [{"name": "twice", "label": "hush-hush"}] * 2
    with app.unit_of_work() as ctx, pytest.raises(IntegrityError) as refused, ctx.session.begin_nested():
        ctx.session.execute(insert(Role), rows)
    assert "hush-hush" in str(refused.value)
    app.hooks.failed("core", "hook menu", refused.value)
    (fault,) = app.faults.waiting()
    assert "INSERT INTO" in fault.error
    assert "hush-hush" not in fault.error + fault.traceback


@pytest.mark.parametrize(
    "said",
    [
        "postgresql+psycopg://trunkline:PEARL@db.example/trunkline",
        "password = 'PEARL'",
        '{"api_key": "PEARL"}',
        "client_secret=PEARL&grant=x",
        "Authorization: Bearer PEARL.PEARL-0",
        "GET /hook?token=PEARL",
    ],
)
def test_what_is_named_a_secret_is_masked(said: str) -> None:
    kept: Any = kept_error(f"HTTPError: refused {said} (403)")
    assert "PEARL" not in kept
    assert kept.startswith("HTTPError: refused ")
