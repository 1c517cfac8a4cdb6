"""Find, check, order and register plugins and extension scripts. Each is isolated: a broken one is named, the rest runs."""

import importlib.util
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import importlib_metadata
from packaging.requirements import Requirement
from pluggy import PluginValidationError

from trunkline.errors import ConfigError
from trunkline.hooks import Hooks
from trunkline.plugin import ENTRY_POINT_GROUP, Plugin

CORE_DISTRIBUTION = "trunkline"
EXTENSION_PREFIX = "extension_"


class PluginState(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"
    MISSING = "missing"
    INCOMPATIBLE = "incompatible"
    FAILED = "failed"


@dataclass
class PluginStatus:
    """What the status page says about one plugin or extension script."""

    name: str
    state: PluginState
    version: str = ""
    distribution: str = ""
    plugin: Plugin | None = None
    module: ModuleType | None = None
    error: str = ""
    traceback: str = ""
    is_extension: bool = False
    path: Path | None = None

    @property
    def label(self) -> str:
        return self.plugin.label if self.plugin else self.name


@dataclass
class Loaded:
    """The outcome: every known plugin by name, and the enabled ones in dependency order."""

    statuses: dict[str, PluginStatus] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    @property
    def enabled(self) -> list[PluginStatus]:
        return [self.statuses[name] for name in self.order]


def installed() -> dict[str, importlib_metadata.EntryPoint]:
    """Entry points of every installed plugin by its name."""
    return {point.name: point for point in importlib_metadata.entry_points(group=ENTRY_POINT_GROUP)}


def load(wanted: Iterable[str], extensions: Path | None, hooks: Hooks, core: ModuleType, *, strict: bool = False) -> Loaded:
    """Load the trunk's own hooks, the wanted plugins and the extension scripts into `hooks`.

    With `strict` the first problem raises ConfigError naming the plugin.
    """
    points, loaded = installed(), Loaded()
    wanted = list(dict.fromkeys(wanted))
    for name in wanted:
        loaded.statuses[name] = _examine(name, points)
    for name, point in points.items():
        if name not in loaded.statuses:
            loaded.statuses[name] = PluginStatus(name, PluginState.DISABLED, *_version(point))
    for status in _extension_scripts(extensions):
        loaded.statuses[status.name] = status
        wanted.append(status.name)
    loaded.order = _in_order(wanted, loaded.statuses)
    _register(loaded, hooks, core)
    if strict:
        _refuse_problems(loaded)
    return loaded


def _version(point: importlib_metadata.EntryPoint) -> tuple[str, str]:
    return (point.dist.version, point.dist.name) if point.dist is not None else ("", "")


def _examine(name: str, points: dict[str, importlib_metadata.EntryPoint]) -> PluginStatus:
    point = points.get(name)
    if point is None:
        near = get_close_matches(name, points, 1)
        hint = f" Did you mean “{near[0]}”?" if near else " Install the wheel that has it, or remove it from `plugins`."
        return PluginStatus(name, PluginState.MISSING, error=f"No installed wheel offers the plugin “{name}”.{hint}")
    version, distribution = _version(point)
    if problem := _incompatibility(point):
        return PluginStatus(name, PluginState.INCOMPATIBLE, version, distribution, error=problem)
    try:
        plugin = point.load()
        if not isinstance(plugin, Plugin):
            raise TypeError(f"{point.value} is no trunkline.plugin.Plugin")
        if plugin.name != name:
            raise ValueError(f"the entry point is called {name}, the plugin {plugin.name}")
        if plugin.models:
            importlib.import_module(plugin.models)
    except Exception as error:
        return _failed(PluginStatus(name, PluginState.FAILED, version, distribution), error)
    return PluginStatus(name, PluginState.ENABLED, version, distribution, plugin, sys.modules[point.module])


def _incompatibility(point: importlib_metadata.EntryPoint) -> str:
    """Compare the wheel's own `Requires-Dist` on core with the core that runs."""
    core = importlib_metadata.version(CORE_DISTRIBUTION)
    for text in (point.dist.requires if point.dist else None) or ():
        requirement = Requirement(text)
        if requirement.name == CORE_DISTRIBUTION and not requirement.specifier.contains(core, prereleases=True):
            return f"Needs {CORE_DISTRIBUTION}{requirement.specifier}, this is {core}. Install a matching version."
    return ""


def _failed(status: PluginStatus, error: BaseException) -> PluginStatus:
    status.state, status.error = PluginState.FAILED, f"{type(error).__name__}: {error}"
    status.traceback = "".join(traceback.format_exception(error))
    return status


def _extension_scripts(folder: Path | None) -> Iterable[PluginStatus]:
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.glob("[!_]*.py")):
        name = EXTENSION_PREFIX + path.stem
        status = PluginStatus(name, PluginState.ENABLED, is_extension=True, path=path)
        try:
            spec = importlib.util.spec_from_file_location(f"trunkline_{name}", path)
            if spec is None or spec.loader is None:
                raise ImportError(f"{path} cannot be read as a module")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            status.module = module
        except Exception as error:
            _failed(status, error)
        yield status


def _in_order(wanted: list[str], statuses: dict[str, PluginStatus]) -> list[str]:
    """Config order, except that a plugin comes after those it requires."""
    usable = {name: s for name in wanted if (s := statuses[name]).state is PluginState.ENABLED}
    for name, status in list(usable.items()):
        requires = status.plugin.requires if status.plugin else ()
        missing = [r for r in requires if r not in usable]
        if missing:
            status.state = PluginState.FAILED
            status.error = f"Requires {', '.join(missing)}, which is not enabled. Add it to `plugins`."
            del usable[name]
            return _in_order(wanted, statuses)
    graph = {name: (s.plugin.requires if s.plugin else ()) for name, s in usable.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        for name in error.args[1]:
            statuses[name].state, statuses[name].error = PluginState.FAILED, "Plugins require each other in a circle."
        return _in_order(wanted, statuses)


def _register(loaded: Loaded, hooks: Hooks, core: ModuleType) -> None:
    core_plugin: Plugin = core.plugin
    for event in core_plugin.events:
        hooks.add_event(event)
    for status in loaded.enabled:
        if status.plugin is not None:
            for event in status.plugin.events:
                hooks.add_event(event)
            for specs in status.plugin.hookspecs:
                hooks.manager.add_hookspecs(specs)
    for status in reversed(list(loaded.enabled)):
        try:
            hooks.manager.register(status.module, status.name)
        except Exception as error:
            _failed(status, error)
            loaded.order.remove(status.name)
    hooks.manager.register(core, core_plugin.name)
    _check_spelling(loaded, hooks)


def _check_spelling(loaded: Loaded, hooks: Hooks) -> None:
    """A hook nobody calls is a misspelling, unless it belongs to a plugin that is known and off."""
    known = set(hooks.manager.hook.__dict__)
    for status in list(loaded.enabled):
        for name, caller in list(hooks.manager.hook.__dict__.items()):
            if name.startswith("_") or caller.has_spec():
                continue
            if any(implementation.plugin is status.module for implementation in caller.get_hookimpls()):
                if _may_be_of_disabled(name, loaded):
                    continue
                near = get_close_matches(name, [n for n in known if getattr(hooks.manager.hook, n).has_spec()], 1)
                hint = f" Did you mean “{near[0]}”?" if near else ""
                _failed(status, PluginValidationError(status.module, f"There is no hook “{name}”.{hint}"))
                hooks.manager.unregister(name=status.name)
                loaded.order.remove(status.name)
                break


def _may_be_of_disabled(hook: str, loaded: Loaded) -> bool:
    off = (s.name for s in loaded.statuses.values() if s.state is not PluginState.ENABLED)
    event_hook = hook.startswith(("on_", "before_"))
    return any(hook.startswith(f"{name}_") for name in off) or (event_hook and any(
        s.state is not PluginState.ENABLED and not s.is_extension for s in loaded.statuses.values()
    ))


def _refuse_problems(loaded: Loaded) -> None:
    bad = (PluginState.MISSING, PluginState.FAILED, PluginState.INCOMPATIBLE)
    for status in loaded.statuses.values():
        if status.state in bad:
            raise ConfigError(f"Plugin {status.name} cannot be used: {status.error}", remedy="See its traceback.")
