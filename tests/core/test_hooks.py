"""Calling hooks: each on its own, in a savepoint of its own; what fails is kept with its traceback and harms nobody else."""

from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from trunkline.access.models import Role
from trunkline.app import App
from trunkline.hooks import Hooks
from trunkline.plugin import MenuItem, hookimpl

pytestmark = pytest.mark.plugins


def _hooks(**implementations: Any) -> Hooks:
    """Hooks with one plugin per keyword, called in that order, each implementing `menu` or `health_checks`."""
    hooks = Hooks()
    for name, function in reversed(implementations.items()):
        module = ModuleType(name)
        setattr(module, function.__name__, hookimpl(function))
        hooks.manager.register(module, name)
    return hooks


def _item(label: str) -> MenuItem:
    return MenuItem(label, "/x", "x", "core.customer.list")


def test_the_others_run_when_one_raises() -> None:
    def menu() -> list[MenuItem]:
        raise RuntimeError("no menu today")

    broken = menu

    def sound() -> list[MenuItem]:
        return [_item("fine")]

    sound.__name__ = "menu"
    hooks = _hooks(first=sound, second=broken, third=sound)
    assert [(plugin, item.label) for plugin, item in hooks.gather("menu")] == [
        ("first", "fine"),
        ("third", "fine"),
    ]
    fault = hooks.faults["second", "hook menu"]
    assert fault.error == "RuntimeError: no menu today"
    assert "test_hooks.py" in fault.traceback
    assert fault.times == 1


def test_a_repeated_failure_is_counted_not_piled_up() -> None:
    def menu() -> list[MenuItem]:
        raise RuntimeError

    hooks = _hooks(broken=menu)
    for _ in range(3):
        hooks.gather("menu")
    assert [(fault.plugin, fault.times) for fault in hooks.faults.values()] == [("broken", 3)]


def test_exit_in_a_hook_ends_nothing() -> None:
    def menu() -> list[MenuItem]:
        raise SystemExit(4)

    hooks = _hooks(quitter=menu)
    assert hooks.gather("menu") == []
    assert hooks.faults["quitter", "hook menu"].error == "SystemExit: 4"


@pytest.mark.parametrize("value", [42, [_item("good"), "a string"]])
def test_what_is_not_of_the_wanted_type_is_named_and_left_out(value: object) -> None:
    def menu() -> object:
        return value

    hooks = _hooks(odd=menu)
    assert [item.label for _, item in hooks.gather("menu", MenuItem)] == (
        ["good"] if isinstance(value, list) else []
    )
    assert hooks.faults["odd", "hook menu"].error.startswith("TypeError")


def test_a_generator_that_fails_half_way_is_named() -> None:
    def menu() -> Iterator[MenuItem]:
        yield _item("one")
        raise RuntimeError("half way")

    hooks = _hooks(halfway=menu)
    assert hooks.gather("menu") == []
    assert hooks.faults["halfway", "hook menu"].error == "RuntimeError: half way"


def test_strict_hooks_raise() -> None:
    def menu() -> list[MenuItem]:
        raise RuntimeError("seen in tests")

    hooks = _hooks(broken=menu)
    hooks.strict = True
    with pytest.raises(RuntimeError, match="seen in tests"):
        hooks.gather("menu")


@pytest.mark.both_databases
def test_an_sql_error_in_a_hook_undoes_that_hook_only(app: App) -> None:
    def health_checks(ctx: Any) -> list[Any]:
        ctx.session.add(Role(name="left_behind", label="x"))
        ctx.session.flush()
        ctx.session.execute(text("SELECT nothing FROM nowhere"))
        return []

    hooks = _hooks(broken=health_checks)
    with app.unit_of_work() as ctx:
        ctx.session.add(Role(name="before", label="x"))
        assert hooks.gather("health_checks", session=ctx.session, ctx=ctx) == []
        ctx.session.add(Role(name="after", label="x"))
    assert "nowhere" in hooks.faults["broken", "hook health_checks"].error
    assert _made(app) == {"before", "after"}


@pytest.mark.both_databases
def test_an_sql_error_that_a_hook_swallows_poisons_nothing(app: App) -> None:
    """PostgreSQL refuses every further statement of a transaction after an error, caught or not."""

    def health_checks(ctx: Any) -> list[Any]:
        with suppress(SQLAlchemyError):
            ctx.session.execute(text("SELECT nothing FROM nowhere"))
        return []

    hooks = _hooks(careless=health_checks)
    with app.unit_of_work() as ctx:
        ctx.session.add(Role(name="before", label="x"))
        hooks.gather("health_checks", session=ctx.session, ctx=ctx)
        ctx.session.add(Role(name="after", label="x"))
    assert _made(app) == {"before", "after"}


def _made(app: App) -> set[str]:
    with app.reading() as ctx:
        names = ctx.session.execute(
            text("SELECT name FROM core_role WHERE name IN ('before', 'after', 'left_behind')")
        )
        return set(names.scalars())
