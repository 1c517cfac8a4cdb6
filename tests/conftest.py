"""Skips what this machine cannot run, saying why and how to mend it; with CI=true a skip is a failure."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.contract.strangers import Strangers, strangers_on_path
from tests.services.fork_server import fork_server
from tests.services.programs import PROGRAMS, Program
from tests.witnesses import statements
from trunkline_provisioning.fork_server import Place

# How long an example takes says how busy the machine is; a test that never ends is the business of its time-out.
settings.register_profile("trunkline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trunkline")

#: Files that take minutes, the longest first, then folders whose tests wait for other programs. They begin before all others:
#: one worker would end alone with one of them, and what waits would leave a processor idle when little else is left.
_LONG = (
    "tests/line/test_killed_worker.py",
    "tests/browser/test_lists.py",
    "tests/browser/test_accessible.py",
    "tests/browser/test_pages.py",
    "tests/line/test_rest_line.py",
    "tests/browser/test_first_line.py",
    "tests/line/test_walk.py",
    "tests/contract/test_stranger.py",
    "tests/contract/test_docs.py",
    "tests/line/test_openapi.py",
    "tests/line/test_databases_away.py",
    "tests/line/test_two_hosts.py",
    "tests/plugins/provisioning/",
    "tests/peers/",
    "tests/line/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """Where its file or folder stands among the long ones; behind all of them for every other."""
    return next((at for at, place in enumerate(_LONG) if item.nodeid.startswith(place)), len(_LONG))


def pytest_collection_finish() -> None:
    # What was imported and collected stays; looking through it for garbage took a third of a second each time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _programs_for(item: pytest.Item) -> list[Program]:
    names = [mark.args[0] for kind in ("peer", "tool") for mark in item.iter_markers(kind)]
    if item.get_closest_marker("browser"):
        names.append("chromium")
    return [PROGRAMS[name] for name in names]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for program in _programs_for(item):
        if program.path() is None:
            pytest.skip(f"{program.name} is not installed. {program.remedy}")
    if item.get_closest_marker("postgres") and not os.environ.get("TRUNKLINE_TEST_POSTGRES"):
        pytest.skip(
            "TRUNKLINE_TEST_POSTGRES names no server. `./run test` starts one when postgresql is installed."
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.extend(statements(item))
    return report


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strangers]:
    """Installs plugins of strangers for this test: `strangers.install("name", code)`."""
    with strangers_on_path(tmp_path / "strangers", monkeypatch) as found:
        yield found


@pytest.fixture(scope="session")
def warm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One fork server for playbooks of all tests of this process that are not about how a run is kept."""
    with fork_server(tmp_path_factory.mktemp("warm")) as place:
        yield place


@pytest.fixture
def warm_runs(warm_server: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps have their playbooks run by that server, as they do beside a worker; without one each run starts Ansible anew."""
    monkeypatch.setattr("trunkline_provisioning.fork_server.place_of", lambda data, worker: warm_server)


def _skips(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter is not None else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK and _skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if os.environ.get("CI") == "true" and _skips(config):
        terminalreporter.write_line("CI=true: what is skipped counts as failed.", red=True)
