"""`docs/plugins.md` names every hook, event and place with its arguments, and its first plugin works as it is written."""

import inspect
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.contract.clean_room import MEMBERS, ROOT, CleanRoom
from trunkline import hookspecs
from trunkline.app import App
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind, CustomerStatus
from trunkline.customers.schemas import RegisterCustomer, SetStatus
from trunkline.errors import Refused
from trunkline.jobs.wake import Silent
from trunkline.plugin import VERBS
from trunkline.testing import actor_with, work_until_idle

DOCUMENT = ROOT / "docs/plugins.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def _hooks(namespace: object) -> set[str]:
    """`name(argument, …)` of every hook specification of a module."""
    found = inspect.getmembers(namespace, lambda item: hasattr(item, "trunkline_spec"))
    return {f"{name}({', '.join(inspect.signature(function).parameters)})" for name, function in found}


def _section(heading: str) -> str:
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def _documented(heading: str) -> set[str]:
    """What stands in code quotes in the first column of the tables below a heading."""
    cells = re.findall(r"^\| (`.+?) \|", _section(heading), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_hook_is_documented_with_its_arguments_and_no_other(app: App) -> None:
    declared = _hooks(hookspecs)
    for plugin in app.plugins:
        for namespace in plugin.hookspecs:
            declared |= _hooks(namespace)
    assert _documented("Hooks") == declared


def test_every_hook_is_called_by_somebody() -> None:
    sources = [
        path for member in MEMBERS for path in (ROOT / member).rglob("*.py") if path.name != "hookspecs.py"
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources if "plugin_life" not in path.parts)
    names = {hook.partition("(")[0] for hook in _hooks(hookspecs)}
    assert [name for name in sorted(names) if f'"{name}"' not in code] == []


def test_every_event_is_documented_with_its_fields_and_no_other(app: App) -> None:
    declared = {}
    for plugin in app.plugins:
        for event in plugin.events:
            fields = [f"`{name}`" for name in event.model_fields if name not in ("entity_id", "customer_id")]
            declared[event.name] = (plugin.name, ", ".join(fields) or "–")
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| ([a-z]+) \| (.+) \|$", _section("Events"), re.MULTILINE)
    assert {name: (owner, fields) for name, owner, fields in rows} == declared


def test_every_place_is_documented_and_no_other() -> None:
    offered = {"customer.tabs"}
    for member in MEMBERS:
        for path in (ROOT / member).rglob("*.html"):
            offered |= set(re.findall(r"""slot\(\s*["']([a-z_.]+)["']""", path.read_text(encoding="utf-8")))
    assert _documented("Slots") == offered


def test_the_commands_of_a_plugins_life_are_those_of_the_command_line() -> None:
    from trunkline.plugin_life.cli import plugin_app

    names = {
        command.name or command.callback.__name__
        for command in plugin_app.registered_commands
        if command.callback
    }
    documented = {name.split()[2] for name in _documented("The life of a plugin")}
    assert documented == names


def test_the_verbs_are_where_the_document_says() -> None:
    assert "`trunkline.plugin.VERBS`" in TEXT
    assert {"list", "view", "create"} <= VERBS


def _with_script(config: Config, name: str) -> Config:
    config.extension_folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / f"examples/{name}.py", config.extension_folder)
    return config


@pytest.mark.plugins
def test_the_weekend_example_refuses_businesses_on_sunday(config: Config) -> None:
    sunday, monday = datetime(2026, 3, 1, 15, tzinfo=UTC), datetime(2026, 3, 2, 15, tzinfo=UTC)
    care = actor_with("core.customer.create")
    business = RegisterCustomer(kind=CustomerKind.BUSINESS, name="Padaria Central")
    closed = App.start(_with_script(config, "extension_weekend"), clock=lambda: sunday, waker=Silent())
    with (
        pytest.raises(Refused, match="Businesses are registered on working days"),
        closed.unit_of_work(care) as ctx,
    ):
        customers.register(ctx, business)
    with closed.unit_of_work(care) as ctx:
        assert customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prado")
        ).number
    closed.close()
    opened = App.start(config, clock=lambda: monday, waker=Silent())
    with opened.unit_of_work(care) as ctx:
        assert customers.register(ctx, business).number
    opened.close()


@pytest.mark.plugins
def test_the_journal_example_writes_what_happened(config: Config) -> None:
    app = App.start(_with_script(config, "extension_journal"), waker=Silent())
    with app.unit_of_work() as ctx:
        customer = customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prado"))
        customers.set_status(ctx, customer.number, SetStatus(status=CustomerStatus.SUSPENDED, reason="lost"))
    work_until_idle(app)
    lines = (config.data / "journal.csv").read_text().splitlines()
    assert [line.split(",", 1)[1] for line in lines] == [
        f"{customer.number},registered",
        f"{customer.number},suspended: lost",
    ]
    app.close()


def _follow(room: CleanRoom, info: str, block: str) -> str:
    """Do what one block of the document says, and return what was printed."""
    language, *rest = info.split()
    if language == "sh":
        # A fresh clone has no network beside it, which `doctor` rightly says.
        return room.run("sh", "-e", "-c", block, status=None if "doctor" in block else 0)
    if language == "python" and rest:
        path, mode = rest
        assert mode == "append"
        target = room.folder / path
        target.write_text(target.read_text(encoding="utf-8") + block, encoding="utf-8")
    return ""


@pytest.mark.timeout(400)
def test_the_first_plugin_works_word_for_word(room: CleanRoom) -> None:
    room.install(*(f"trunkline-{Path(member).name}" for member in MEMBERS if member != "core"))
    section = _section("Write your first plugin")
    blocks = re.findall(r"^```([^\n]+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 6
    printed = "\n".join(_follow(room, info, block) for info, block in blocks)
    assert printed.count("greetings: keeps the contract") == 2
    assert re.search(r"\b7 passed", printed)
    assert re.search(r"ok +greetings: Tasks: none is late", printed)
    migrations = sorted((room.folder / "trunkline-greetings/trunkline_greetings/migrations").glob("0*.py"))
    assert len(migrations) == 2
    assert "assignee" in migrations[1].read_text()
    assert "table greetings_task: 0 rows" in printed
    assert "greetings is purged." in printed
