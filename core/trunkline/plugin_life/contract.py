"""Whether a plugin keeps the contract. Any plugin can run this on itself, in a test or by `trunkline plugin check`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.errors import TrunklineError
from trunkline.loader import PluginState, PluginStatus, installed
from trunkline.plugin import Plugin
from trunkline.plugin_life.problem import Problem

if TYPE_CHECKING:
    from trunkline.app import App

__all__ = ["Problem", "check", "with_requirements"]


def check(app: "App", name: str) -> list[Problem]:
    """Everything that `name` does against the contract; empty when it keeps it.

    The plugin is tried with nothing but what it requires, on a database of its own that is thrown away: nothing of `app` but
    its configuration is used, and the plugin need not be enabled there.
    """
    if name not in installed():
        return [
            Problem(
                "installed",
                f"No installed wheel offers the plugin “{name}”.",
                "Install it, or check the name.",
            )
        ]
    try:
        wanted = with_requirements(name)
    except (Exception, SystemExit) as error:
        return [Problem("loads", f"{type(error).__name__}: {error}")]
    with _alone(app, wanted) as fresh:
        tried = fresh.loaded.statuses[name]
        if tried.state is not PluginState.ENABLED:
            return [Problem("loads", tried.error)]
        return _problems(fresh, tried)


def with_requirements(name: str) -> tuple[str, ...]:
    """The installed plugin and all that it requires, what is required first. Raises what importing them raises."""
    points, order = installed(), list[str]()

    def place(wanted: str, seen: tuple[str, ...]) -> None:
        if wanted in order or wanted in seen or wanted not in points:
            return
        plugin = points[wanted].load()
        for required in plugin.requires if isinstance(plugin, Plugin) else ():
            place(required, (*seen, wanted))
        order.append(wanted)

    place(name, ())
    return tuple(order)


@contextmanager
def _alone(app: "App", plugins: tuple[str, ...]) -> Iterator["App"]:
    """A lenient system with just these plugins on an empty database."""
    from trunkline.app import App
    from trunkline.jobs.wake import Silent

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        changes = {
            "data": folder,
            "database": f"sqlite:///{folder / 'trunkline.db'}",
            "plugins": plugins,
            "extensions": folder / "extensions",
            "strict_plugins": False,
            # The keyring is one per process; a second key would make what is sealed unreadable.
            "key_file": app.config.key_path,
        }
        fresh = App.start(app.config.model_copy(update=changes), waker=Silent())
        try:
            yield fresh
        finally:
            fresh.close()


def _problems(app: "App", status: PluginStatus) -> list[Problem]:
    from trunkline.plugin_life.checks import (
        contributions,
        imports,
        migrations,
        permissions,
        tables,
        templates,
        wheel,
    )

    found: list[Problem] = []
    for part in (wheel, imports, tables, migrations, contributions, permissions, templates):
        try:
            found += part.problems(app, status)
        except TrunklineError as error:
            found.append(Problem(part.AREA, error.message, error.remedy or ""))
    return found
