"""A stranger's plugin, from the scaffold to the wheel to a running system and out again, with nothing but what is public."""

import re
import sqlite3
import tomllib
from pathlib import Path

import pytest

from tests.contract.clean_room import CleanRoom
from tests.contract.serving import Site, Visitor, eventually, serving

PASSWORD = "a stranger's long password 2026"


@pytest.fixture(scope="module")
def stranger(room: CleanRoom) -> Path:
    """The scaffolded plugin `courtesy`, installed with core from wheels; no bundled plugin is needed for it."""
    room.install("trunkline")
    room.trunkline("plugin", "new", "courtesy", "--folder", str(room.folder))
    project = room.folder / "trunkline-courtesy"
    room.build(project)
    room.install("trunkline-courtesy")
    (room.folder / "trunkline.toml").write_text(
        "# Our plugins, in the order of their hooks.\nplugins = [] # none yet\n"
    )
    return project


def _tables(home: Path) -> set[str]:
    with sqlite3.connect(home / "data/trunkline.db") as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _count(home: Path, statement: str) -> int:
    with sqlite3.connect(home / "data/trunkline.db") as connection:
        return int(connection.execute(statement).fetchone()[0])


def test_core_and_plugin_come_from_their_wheels(room: CleanRoom, stranger: Path) -> None:
    printed = room.run(
        room.python, "-c", "import trunkline, trunkline_courtesy as c; print(trunkline.__file__, c.__file__)"
    )
    places = [Path(place) for place in printed.split()]
    assert all(place.is_relative_to(room.folder / ".venv/lib") for place in places), printed


@pytest.mark.timeout(400)
def test_the_scaffold_is_clean_for_the_tools_it_names(room: CleanRoom, stranger: Path) -> None:
    room.run(room.python, "-m", "ruff", "check", ".", folder=stranger)
    room.run(room.python, "-m", "ruff", "format", "--check", ".", folder=stranger)
    assert "no issues found" in room.run(room.python, "-m", "mypy", folder=stranger)


@pytest.mark.timeout(400)
def test_the_scaffolds_own_tests_pass(room: CleanRoom, stranger: Path) -> None:
    printed = room.run(room.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=stranger)
    assert re.search(r"\b[1-9]\d* passed", printed), printed
    assert "failed" not in printed


@pytest.mark.timeout(400)
def test_a_strangers_plugin_lives_and_leaves(room: CleanRoom, stranger: Path, home: Path) -> None:
    assert re.search(r"courtesy +disabled +0\.1\.0 ", room.trunkline("plugin", "list"))
    room.trunkline("plugin", "enable", "courtesy")
    config = (home / "trunkline.toml").read_text()
    assert tomllib.loads(config) == {"plugins": ["courtesy"]}
    assert config.startswith("# Our plugins, in the order of their hooks.\n")
    assert "# none yet" in config
    assert "courtesy: keeps the contract" in room.trunkline("plugin", "check", "courtesy")
    room.environment["TRUNKLINE_NEW_PASSWORD"] = PASSWORD
    room.trunkline("user", "create", "chief@example.com", "--role", "administrator")
    room.trunkline("user", "create", "care@example.com", "--role", "customer_care")

    with serving(room) as site:
        _sees_everything(site)

    assert "courtesy_task" in _tables(home)
    room.trunkline("plugin", "disable", "courtesy")
    with serving(room) as site:
        chief = site.signed_in("chief@example.com", PASSWORD)
        assert "/courtesy" not in chief.get("/")
        assert chief.http.get("/courtesy").status_code == 404
        assert "trunkline plugin purge courtesy" in chief.get("/system/plugins")
        _script_is_read_again(room, chief)
    assert _count(home, "SELECT count(*) FROM courtesy_task") == 3, "switching off lost data"
    _is_purged(room, home)


def _sees_everything(site: Site) -> None:
    """Page, form, table, permission, menu entry, slot, event hook and job step."""
    chief, care = (site.signed_in(f"{who}@example.com", PASSWORD) for who in ("chief", "care"))
    page = chief.submit("/customers/new?kind=individual", {"kind": "individual", "name": "Ana Prado"})
    number = re.search(r"\bC\d{6}\b", page)
    assert number is not None, page[-2000:]
    customer = f"/customers/{number[0]}"
    assert 'href="/courtesy"' in care.get("/"), "no menu entry"
    eventually(lambda: "Welcome call" in care.get(customer), why=lambda: "the event hook made no task")
    assert "Ana Prado" in care.get("/courtesy"), "the table does not show the task"
    fields = {"customer_number": number[0], "title": "Send the router", "due_on": "2030-01-31"}
    assert "Send the router" in care.submit("/courtesy/new", fields)
    assert "Send the router" in care.get(customer), "the slot does not show the task"
    answer = chief.http.post("/api/v1/auth/login", json={"email": "care@example.com", "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    command = {"customer_number": number[0], "title": "By REST"}
    added = chief.http.post("/api/v1/courtesy/tasks", json=command, headers=bearer)
    assert added.status_code == 201, added.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', care.get("/courtesy/new"))
    assert token is not None
    refused = care.http.post(f"/courtesy{customer}/finish", data={"csrf_token": token[1]})
    assert refused.status_code == 403, "finishing all needs a permission that customer care lacks"
    chief.submit(f"/courtesy{customer}/finish", page=customer)
    eventually(lambda: "Nothing is open." in chief.get(customer), why=lambda: "the job step finished no task")
    assert "Finish 3 tasks" in chief.get("/jobs")
    status = chief.get("/system/plugins/courtesy")
    for fact in ("courtesy_task", "/api/v1/courtesy/tasks", "on_customer_registered", "customer.overview"):
        assert fact in status, f"the status page does not name {fact}"


def _script_is_read_again(room: CleanRoom, chief: Visitor) -> None:
    """A script that is laid down while the system runs takes effect by a button, and then says why it fails."""
    script = room.folder / "data" / "extensions" / "greeting.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text("raise RuntimeError('no greeting today')\n")
    assert "greeting.py" not in chief.get("/system/plugins")
    chief.submit("/system/plugins/reload", page="/system/plugins")
    eventually(lambda: "no greeting today" in chief.get("/system/plugins"), why=lambda: "it was not read")


def _is_purged(room: CleanRoom, home: Path) -> None:
    """After a confirmation that counts the rows, nothing of the plugin is left, and the rest is as it was."""
    customers = _count(home, "SELECT count(*) FROM core_customer")
    printed = room.trunkline("plugin", "purge", "courtesy", "--yes")
    assert "table courtesy_task: 3 rows" in printed
    assert not [table for table in _tables(home) if "courtesy" in table]
    assert _count(home, "SELECT count(*) FROM core_role_grant WHERE permission LIKE 'courtesy.%'") == 0
    assert _count(home, "SELECT count(*) FROM core_search_document WHERE kind = 'courtesy_task'") == 0
    assert _count(home, "SELECT count(*) FROM core_event_delivery WHERE subscriber = 'courtesy'") == 0
    assert _count(home, "SELECT count(*) FROM core_customer") == customers
    assert "has tables" not in room.trunkline("plugin", "list")
