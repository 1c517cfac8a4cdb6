"""Switching plugins on and off in the configuration file, whose comments and order stay."""

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

import tomlkit
from tomlkit.items import Array

from trunkline.config import Config
from trunkline.errors import Refused
from trunkline.loader import incompatibility, installed
from trunkline.plugin import Plugin
from trunkline.plugin_life.contract import with_requirements

_VARIABLE = "TRUNKLINE_PLUGINS"


def enable(path: Path, config: Config, name: str) -> list[str]:
    """Add `name`, and what it requires, to `plugins` in the file; returns the names that were added.

    Raises Refused when it is not installed, does not fit this core, or cannot be imported.
    """
    points = installed()
    if name not in points:
        near = get_close_matches(name, points, 1)
        hint = f"Did you mean “{near[0]}”?" if near else "Install its wheel into this environment first."
        raise Refused(f"No installed wheel offers the plugin “{name}”.", field="name", remedy=hint)
    for wanted in _loadable(name):
        if wanted not in points:
            raise Refused(
                f"It requires the plugin “{wanted}”, which is not installed.", remedy="Install its wheel."
            )
        if problem := incompatibility(wanted):
            raise Refused(f"The plugin “{wanted}” does not fit: {problem}")
    added = [wanted for wanted in with_requirements(name) if wanted not in config.plugins]
    if added:
        _write(path, [*config.plugins, *added])
    return added


def disable(path: Path, config: Config, name: str, *, with_dependants: bool = False) -> list[str]:
    """Take `name` out of `plugins` in the file; its data stay. Returns the names that were taken out.

    Raises Refused when it is not enabled, or enabled plugins require it and `with_dependants` is not given.
    """
    if name not in config.plugins:
        raise Refused(
            f"The plugin “{name}” is not enabled.",
            field="name",
            remedy=f"Enabled: {', '.join(config.plugins)}.",
        )
    dependants = dependants_of(name, config.plugins)
    if dependants and not with_dependants:
        raise Refused(
            f"{', '.join(dependants)} cannot run without {name}.",
            remedy="Disable them too: add --with-dependants.",
        )
    gone = [one for one in config.plugins if one == name or one in dependants]
    _write(path, [one for one in config.plugins if one not in gone])
    return gone


def dependants_of(name: str, among: Iterable[str]) -> list[str]:
    """Those of `among` that require `name`, directly or through others. One that cannot be imported requires nothing."""
    found = []
    for other in among:
        if other != name and name in _requirements_of(other):
            found.append(other)
    return found


def _requirements_of(name: str) -> Sequence[str]:
    try:
        return with_requirements(name)
    except (Exception, SystemExit):
        return ()


def _loadable(name: str) -> Sequence[str]:
    """The plugin and all that it requires, installed or not."""
    points = installed()
    try:
        order = with_requirements(name)
        plugins = [points[one].load() for one in order]
    except (Exception, SystemExit) as error:
        raise Refused(
            f"The plugin “{name}” cannot be imported: {type(error).__name__}: {error}",
            remedy="Correct it or install another version.",
        ) from error
    required = {one for plugin in plugins if isinstance(plugin, Plugin) for one in plugin.requires}
    return [*order, *sorted(required - set(order))]


def _write(path: Path, names: Sequence[str]) -> None:
    if _VARIABLE in os.environ:
        raise Refused(
            f"The variable {_VARIABLE} says which plugins run, so the file would change nothing.",
            remedy=f"Change the variable, or unset it and write `plugins` into {path}.",
        )
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    listed = document.get("plugins")
    if isinstance(listed, Array):
        for gone in [item for item in listed if str(item) not in names]:
            listed.remove(gone)
        for name in names:
            if name not in listed:
                listed.append(name)
    else:
        document["plugins"] = list(names)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(tomlkit.dumps(document), encoding="utf-8")
    if path.exists():
        fresh.chmod(path.stat().st_mode)
    fresh.replace(path)
