"""Loading: what is broken is named and left out with everything that needs it; the rest runs, in order."""

import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest
from sqlmodel import select

from tests.contract.strangers import Strangers
from trunkline import trunk
from trunkline.access.models import Role
from trunkline.app import App
from trunkline.config import Config
from trunkline.errors import ConfigError
from trunkline.hooks import Hooks
from trunkline.jobs.wake import Silent
from trunkline.loader import Loaded, PluginState, load

FAILED, ENABLED = PluginState.FAILED, PluginState.ENABLED


def _load(*wanted: str, extensions: Path | None = None, strict: bool = False) -> tuple[Loaded, Hooks]:
    hooks = Hooks()
    return load(wanted, extensions, hooks, trunk, strict=strict), hooks


def test_plugins_come_in_configured_order_but_after_what_they_require(strangers: Strangers) -> None:
    strangers.install("zebra")
    strangers.install("ant", requires=["zebra"])
    strangers.install("bee")
    loaded, _ = _load("bee", "ant", "zebra")
    assert loaded.order == ["bee", "zebra", "ant"]
    assert [status.name for status in loaded.enabled] == loaded.order


def test_hooks_are_called_core_first_then_in_order(strangers: Strangers) -> None:
    for name in ("second", "first"):
        strangers.install(name, "@hookimpl\ndef menu():\n    return []\n")
    _, hooks = _load("first", "second")
    assert [plugin for plugin, _ in hooks.implementations("menu")] == ["core", "first", "second"]


def test_an_unknown_name_is_answered_with_the_nearest_one(strangers: Strangers) -> None:
    strangers.install("tickets")
    loaded, _ = _load("tikets")
    assert loaded.statuses["tikets"].state is PluginState.MISSING
    assert "Did you mean “tickets”?" in loaded.statuses["tikets"].error
    assert loaded.statuses["tickets"].state is PluginState.DISABLED


def test_one_that_is_off_is_called_by_its_label_and_none_of_it_runs(strangers: Strangers) -> None:
    files = {"__init__.py": "raise SystemExit(3)"}
    strangers.install("harmful", declaration='plugin = Plugin(label=_("Harmful thing"))', files=files)
    strangers.install("cut_off", declaration="plugin = Plugin(label=")
    loaded, _ = _load()
    off = loaded.statuses["harmful"]
    assert (off.state, off.label) == (PluginState.DISABLED, "Harmful thing")
    assert loaded.statuses["cut_off"].label == "cut_off"
    assert not [name for name in sys.modules if "harmful" in name]


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('no licence')", "import nowhere_at_all", "import sys; sys.exit(3)", "def"]
)
def test_one_that_fails_at_import_is_left_out_with_its_traceback(strangers: Strangers, code: str) -> None:
    strangers.install("broken", code)
    strangers.install("sound")
    loaded, _ = _load("broken", "sound")
    assert loaded.order == ["sound"]
    broken = loaded.statuses["broken"]
    assert broken.state is FAILED
    assert broken.error
    assert "trunkline_broken" in broken.traceback


def test_what_requires_a_broken_one_is_left_out_too(strangers: Strangers) -> None:
    strangers.install("base", "raise RuntimeError")
    strangers.install("middle", requires=["base"])
    strangers.install("top", requires=["middle"])
    strangers.install("other")
    loaded, _ = _load("top", "middle", "base", "other")
    assert loaded.order == ["other"]
    assert loaded.statuses["middle"].error == "Requires base, which does not run."
    assert loaded.statuses["top"].error == "Requires middle, which does not run."


def test_what_requires_a_misspelt_one_is_left_out_too(strangers: Strangers) -> None:
    strangers.install("base", "@hookimpl\ndef menue():\n    return []\n")
    strangers.install("top", "@hookimpl\ndef menu():\n    return []\n", requires=["base"])
    loaded, hooks = _load("base", "top")
    assert loaded.order == []
    assert loaded.statuses["top"].error == "Requires base, which does not run."
    assert [plugin for plugin, _ in hooks.implementations("menu")] == ["core"]


def test_a_requirement_that_is_not_enabled_is_named(strangers: Strangers) -> None:
    strangers.install("base")
    strangers.install("top", requires=["base"])
    loaded, _ = _load("top")
    assert loaded.statuses["top"].error == "Requires base, which is not enabled. Add it to `plugins`."


def test_a_circle_is_named_and_the_rest_runs(strangers: Strangers) -> None:
    strangers.install("hen", requires=["egg"])
    strangers.install("egg", requires=["hen"])
    strangers.install("rooster")
    loaded, _ = _load("hen", "egg", "rooster")
    assert loaded.order == ["rooster"]
    for name in ("hen", "egg"):
        assert "in a circle" in loaded.statuses[name].error
        assert "hen → egg" in loaded.statuses[name].error or "egg → hen" in loaded.statuses[name].error


def test_one_made_for_another_core_is_not_even_imported(strangers: Strangers) -> None:
    strangers.install("old", "raise SystemError('imported')", core=">=0.0.1,<0.1")
    loaded, _ = _load("old")
    assert loaded.statuses["old"].state is PluginState.INCOMPATIBLE
    assert loaded.statuses["old"].error.startswith("Needs trunkline<0.1,>=0.0.1, this is ")


def test_two_wheels_of_one_name_are_both_named(strangers: Strangers) -> None:
    strangers.install("twin")
    strangers.install("twin", distribution="another-twin")
    loaded, _ = _load("twin")
    assert loaded.statuses["twin"].state is FAILED
    assert "another-twin and trunkline-twin" in loaded.statuses["twin"].error


@pytest.mark.parametrize("name", ["core", "api", "extension_x", "core_mail"])
def test_names_of_the_trunk_are_refused(strangers: Strangers, name: str) -> None:
    strangers.install(name)
    loaded, _ = _load(name)
    assert loaded.statuses[name].state is FAILED
    assert "belongs to the trunk" in loaded.statuses[name].error


def test_a_misspelt_hook_is_answered_with_the_nearest_one(strangers: Strangers) -> None:
    strangers.install("typo", "@hookimpl\ndef on_customer_registred(ctx, event): ...\n")
    loaded, _ = _load("typo")
    assert loaded.statuses["typo"].state is FAILED
    assert (
        "There is no hook “on_customer_registred”. Did you mean “on_customer_registered”?"
        in loaded.statuses["typo"].error
    )


def test_a_hook_of_a_plugin_that_is_off_is_no_misspelling(strangers: Strangers) -> None:
    strangers.install("faults")
    strangers.install(
        "listener", "@hookimpl\ndef on_outage_noticed(ctx, event): ...\n@hookimpl\ndef faults_areas(): ...\n"
    )
    loaded, _ = _load("listener")
    assert loaded.order == ["listener"]


def test_an_optional_hook_needs_nobody(strangers: Strangers) -> None:
    strangers.install("listener", "@hookimpl(optionalhook=True)\ndef pigeons_sent(ctx): ...\n")
    loaded, _ = _load("listener")
    assert loaded.order == ["listener"]


def test_a_hook_with_an_unknown_argument_is_refused(strangers: Strangers) -> None:
    strangers.install(
        "greedy", "@hookimpl\ndef menu(request): return []\n@hookimpl\ndef slots(): return []\n"
    )
    loaded, hooks = _load("greedy")
    assert "request" in loaded.statuses["greedy"].error
    assert all(plugin != "greedy" for plugin, _ in hooks.implementations("slots"))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("@hookimpl(wrapper=True)\ndef menu():\n    return (yield)\n", "is a wrapper"),
        ("@hookimpl\nasync def menu():\n    return []\n", "is a coroutine"),
    ],
)
def test_implementations_that_cannot_stand_alone_are_refused(
    strangers: Strangers, code: str, reason: str
) -> None:
    strangers.install("odd", code)
    loaded, _ = _load("odd")
    assert reason in loaded.statuses["odd"].error


_EVENT = """
from typing import ClassVar
from trunkline.events import Event
from trunkline.plugin import Plugin, hookspec

class Noticed(Event):
    name: ClassVar[str] = "{event}"

class Specs:
    @staticmethod
    @hookspec
    def {hook}(ctx): ...

plugin = Plugin(name="{name}", label="{name}", events=(Noticed,), hookspecs=(Specs,))
"""


def test_an_event_of_somebody_else_is_refused(strangers: Strangers) -> None:
    strangers.install(
        "thief", files={"plugin.py": _EVENT.format(name="thief", event="customer.registered", hook="thief_x")}
    )
    loaded, _ = _load("thief")
    assert "another event customer.registered" in loaded.statuses["thief"].error


def test_a_plugin_brings_hooks_under_its_own_name_only(strangers: Strangers) -> None:
    strangers.install(
        "radar", files={"plugin.py": _EVENT.format(name="radar", event="blip.noticed", hook="radar_areas")}
    )
    strangers.install(
        "sonar", files={"plugin.py": _EVENT.format(name="sonar", event="ping.noticed", hook="radar_depth")}
    )
    strangers.install(
        "user", "@hookimpl\ndef radar_areas(ctx): ...\n@hookimpl\ndef on_blip_noticed(event): ...\n"
    )
    loaded, _ = _load("radar", "sonar", "user")
    assert loaded.order == ["radar", "user"]
    assert "must be called sonar_radar_depth" in loaded.statuses["sonar"].error


_WITH_MODELS = """
from trunkline.plugin import Plugin
plugin = Plugin(name="{name}", label="{name}", models="trunkline_{name}.models")
"""
_BROKEN_MODELS = """
from sqlmodel import Field, Relationship
from trunkline.db.base import Record

class {word}Thing(Record, table=True):
    __tablename__ = "{name}_thing"
    others: list["NobodyKnows"] = Relationship()
"""


@pytest.mark.plugins
def test_tables_that_cannot_be_mapped_break_nobody_elses_queries(
    strangers: Strangers, app: App, config: Config
) -> None:
    declaration = _WITH_MODELS.format(name="tangle")
    models = _BROKEN_MODELS.format(word="Tangle", name="tangle")
    strangers.install("tangle", files={"plugin.py": declaration, "models.py": models})
    lenient = config.model_copy(update={"plugins": ("tangle",), "strict_plugins": False})
    other = App.start(lenient, waker=Silent())
    assert other.loaded.statuses["tangle"].state is FAILED
    assert "NobodyKnows" in other.loaded.statuses["tangle"].error
    with other.reading() as ctx:
        assert ctx.session.scalars(select(Role)).first() is not None
    other.close()


def test_a_migration_that_cannot_be_read_takes_only_its_plugin_out(strangers: Strangers) -> None:
    strangers.install(
        "garbled",
        files={
            "plugin.py": _WITH_MODELS.format(name="garbled"),
            "models.py": "",
            "migrations/0001_initial.py": "this is no Python",
        },
    )
    loaded, _ = _load("garbled")
    assert loaded.statuses["garbled"].state is FAILED
    assert "0001_initial.py" in loaded.statuses["garbled"].error


def test_strict_loading_raises_and_names_the_plugin(strangers: Strangers) -> None:
    strangers.install("broken", "raise RuntimeError('no licence')")
    with pytest.raises(ConfigError, match=r"Plugin broken cannot be used: RuntimeError: no licence"):
        _load("broken", strict=True)


def _script(folder: Path, name: str, code: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(f"from trunkline.plugin import hookimpl\n{code}\n")


def test_scripts_run_as_plugins_sorted_and_after_the_others(tmp_path: Path, strangers: Strangers) -> None:
    strangers.install("plain", "@hookimpl\ndef menu(): return []\n")
    for name in ("b_second", "a_first", "_hidden"):
        _script(tmp_path / "extensions", name, "@hookimpl\ndef menu(): return []")
    _, hooks = _load("plain", extensions=tmp_path / "extensions")
    called = [plugin for plugin, _ in hooks.implementations("menu")]
    assert called == ["core", "plain", "extension_a_first", "extension_b_second"]


def test_a_failing_script_is_skipped_and_named(tmp_path: Path) -> None:
    _script(tmp_path / "extensions", "broken", "1 / 0")
    _script(tmp_path / "extensions", "sound", "@hookimpl\ndef menu(): return []")
    loaded, _ = _load(extensions=tmp_path / "extensions")
    assert loaded.order == ["extension_sound"]
    assert loaded.statuses["extension_broken"].error == "ZeroDivisionError: division by zero"
    assert loaded.statuses["extension_broken"].label == "broken.py"


def test_a_script_may_declare_dataclasses(tmp_path: Path) -> None:
    code = """
        from __future__ import annotations
        from dataclasses import KW_ONLY, dataclass

        @dataclass
        class Area:
            _: KW_ONLY
            code: str
    """
    (tmp_path / "extensions").mkdir()
    (tmp_path / "extensions" / "typed.py").write_text(textwrap.dedent(code))
    loaded, _ = _load(extensions=tmp_path / "extensions")
    status = loaded.statuses["extension_typed"]
    assert (status.state, status.error) == (ENABLED, "")
    assert isinstance(status.module, ModuleType)
