"""Find, check, order and register plugins and extension scripts. Each is isolated: a broken one is named, the rest runs."""

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import importlib_metadata
from packaging.requirements import Requirement

from trunkline.declared import in_own_words, said_of_itself
from trunkline.errors import ConfigError
from trunkline.hooks import Hooks
from trunkline.plugin import ENTRY_POINT_GROUP, Plugin

CORE_DISTRIBUTION = "trunkline"
EXTENSION_PREFIX = "extension_"
#: Words that core's own tables, pages and folders begin with.
RESERVED_NAMES = frozenset(
    "account activity alembic alembic_version api assets core customers emails extension healthz home imports jobs metrics "
    "numbering plugin plugins readyz rest roles search settings sign_in sign_out static system trunkline ui users".split()
)


class PluginState(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"
    MISSING = "missing"
    INCOMPATIBLE = "incompatible"
    FAILED = "failed"


#: What a wheel's summary begins with for who finds it in a registry; in a list of plugins it says nothing.
_SUMMARY_OF_A_WHEEL = "Trunkline plugin: "
#: States of a plugin that should run and does not.
BROKEN = frozenset({PluginState.MISSING, PluginState.INCOMPATIBLE, PluginState.FAILED})


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
    #: What its wheel says of it, in English.
    described: str = ""
    point: importlib_metadata.EntryPoint | None = None

    @property
    def label(self) -> str:
        if self.plugin is not None:
            return self.plugin.label
        if self.path is not None:
            return self.path.name
        return (said_of_itself(self.point, "label") if self.point is not None else "") or self.name

    @property
    def summary(self) -> str:
        """What it is for, in the reader's language where its package has that."""
        if self.plugin is not None and self.plugin.summary:
            return self.plugin.summary
        if self.point is None:
            return self.described
        return said_of_itself(self.point, "summary") or in_own_words(self.point, self.described)

    @property
    def requires(self) -> tuple[str, ...]:
        return self.plugin.requires if self.plugin else ()

    def fail(self, error: BaseException | str) -> None:
        """Take the plugin out, keeping the reason and, for an exception, its traceback."""
        self.state = PluginState.FAILED
        if isinstance(error, str):
            self.error = error
            return
        self.error = f"{type(error).__name__}: {error}"
        self.traceback = "".join(traceback.format_exception(error))


@dataclass
class Loaded:
    """The outcome: every known plugin by name, and the enabled ones in dependency order."""

    statuses: dict[str, PluginStatus] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    @property
    def enabled(self) -> list[PluginStatus]:
        return [self.statuses[name] for name in self.order]


@dataclass(frozen=True)
class _Offer:
    """A plugin that an installed wheel has, and what the wheel says of itself."""

    point: importlib_metadata.EntryPoint
    version: str
    distribution: str
    summary: str
    problem: str


def installed() -> dict[str, importlib_metadata.EntryPoint]:
    """Entry points of every installed plugin by its name."""
    return {name: offers[0].point for name, offers in _offers().items()}


def incompatibility(name: str) -> str:
    """Why the core that runs does not fit what an installed plugin's wheel asks for; empty when it does."""
    return _offers()[name][0].problem


def _offers() -> Mapping[str, Sequence[_Offer]]:
    return _offers_on(tuple((entry, _changed_at(entry)) for entry in sys.path))


def _changed_at(entry: str) -> int:
    try:
        return os.stat(entry or ".").st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=2)
def _offers_on(path: tuple[tuple[str, int], ...]) -> Mapping[str, Sequence[_Offer]]:
    """What the wheels on the path offer; reading the metadata of all of them takes as long as all else at a start."""
    found: dict[str, list[_Offer]] = {}
    core = importlib_metadata.version(CORE_DISTRIBUTION)
    for point in importlib_metadata.entry_points(group=ENTRY_POINT_GROUP):
        found.setdefault(point.name, []).append(_offer(point, core))
    return found


def _summary_of(text: str) -> str:
    said = text.removeprefix(_SUMMARY_OF_A_WHEEL).rstrip(".")
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _offer(point: importlib_metadata.EntryPoint, core: str) -> _Offer:
    if point.dist is None:
        return _Offer(point, "", "", "", "")
    summary = point.dist.metadata.get("Summary") or ""
    return _Offer(
        point,
        point.dist.version,
        point.dist.name,
        _summary_of(summary),
        _incompatibility(point.dist.requires or (), core),
    )


def load(
    wanted: Iterable[str], extensions: Path | None, hooks: Hooks, core: ModuleType, *, strict: bool = False
) -> Loaded:
    """Load the trunk's own hooks, the wanted plugins and the extension scripts into `hooks`.

    With `strict` the first problem raises ConfigError naming the plugin.
    """
    offers, loaded = _offers(), Loaded()
    wanted = list(dict.fromkeys(wanted))
    for name in wanted:
        loaded.statuses[name] = _examine(name, offers)
    for name, points in offers.items():
        if name not in loaded.statuses:
            loaded.statuses[name] = _described(PluginStatus(name, PluginState.DISABLED), points[0])
    for status in extension_scripts(extensions):
        loaded.statuses[status.name] = status
        wanted.append(status.name)
    for event in core.plugin.events:
        hooks.add_event(event)
    for stage in (_import_models, _register_specifications, _register_implementations, _check_spelling):
        _settle(wanted, loaded)
        for status in loaded.enabled:
            _attempt(stage, status, loaded, hooks)
    _settle(wanted, loaded)
    _register_in_order(loaded, hooks, core)
    if strict:
        _refuse_problems(loaded)
    return loaded


def _described(status: PluginStatus, offer: _Offer) -> PluginStatus:
    status.version, status.distribution = offer.version, offer.distribution
    status.described, status.point = offer.summary, offer.point
    return status


def _examine(name: str, offers: Mapping[str, Sequence[_Offer]]) -> PluginStatus:
    found = offers.get(name, ())
    if not found:
        near = get_close_matches(name, offers, 1)
        hint = (
            f" Did you mean “{near[0]}”?"
            if near
            else " Install the wheel that has it, or remove it from `plugins`."
        )
        return PluginStatus(
            name, PluginState.MISSING, error=f"No installed wheel offers the plugin “{name}”.{hint}"
        )
    point = found[0].point
    status = _described(PluginStatus(name, PluginState.ENABLED), found[0])
    if len(found) > 1:
        wheels = " and ".join(sorted(offer.distribution for offer in found))
        status.fail(f"Several wheels offer the plugin “{name}”: {wheels}. Uninstall all but one.")
        return status
    if found[0].problem:
        status.state, status.error = PluginState.INCOMPATIBLE, found[0].problem
        return status
    try:
        status.plugin = _plugin_object(name, point)
        status.module = sys.modules[point.module]
    except (Exception, SystemExit) as error:
        status.fail(error)
    return status


def _plugin_object(name: str, point: importlib_metadata.EntryPoint) -> Plugin:
    if name in RESERVED_NAMES or name.startswith(("core_", EXTENSION_PREFIX)):
        raise ValueError(f"the name {name} belongs to the trunk; choose another")
    plugin = point.load()
    if not isinstance(plugin, Plugin):
        raise TypeError(f"{point.value} is no trunkline.plugin.Plugin")
    if plugin.name != name:
        raise ValueError(f"the entry point is called {name}, the plugin {plugin.name}")
    return plugin


def _incompatibility(requires: Iterable[str], core: str) -> str:
    """Why the core that runs does not fit a wheel's own `Requires-Dist`; empty when it does."""
    for text in requires:
        requirement = Requirement(text)
        if requirement.name == CORE_DISTRIBUTION and not requirement.specifier.contains(
            core, prereleases=True
        ):
            return f"Needs {CORE_DISTRIBUTION}{requirement.specifier}, this is {core}. Install a matching version."
    return ""


def extension_scripts(folder: Path | None) -> Iterable[PluginStatus]:
    """Run every script of the folder; each that fails says why."""
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.glob("[!_]*.py")):
        name = EXTENSION_PREFIX + path.stem
        status = PluginStatus(name, PluginState.ENABLED, is_extension=True, path=path)
        try:
            status.module = _run_script(f"trunkline_{name}", path)
        except (Exception, SystemExit) as error:
            status.fail(error)
        yield status


def _run_script(module_name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be read as a module")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pydantic look their module up by name while their classes are made.
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:  # whatever it was, it goes on up
        del sys.modules[module_name]
        raise
    return module


def _settle(wanted: Iterable[str], loaded: Loaded) -> None:
    """Take out who requires what is not there, and put the rest in order."""
    usable = [name for name in wanted if loaded.statuses[name].state is PluginState.ENABLED]
    while dropped := [name for name in usable if _lacks(loaded, name, usable)]:
        usable = [name for name in usable if name not in dropped]
    try:
        TopologicalSorter({name: loaded.statuses[name].requires for name in usable}).prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        for name in set(error.args[1]):
            loaded.statuses[name].fail(f"Plugins require each other in a circle: {circle}.")
        _settle(wanted, loaded)
        return
    loaded.order = []
    for name in usable:
        _place(name, loaded)


def _lacks(loaded: Loaded, name: str, usable: list[str]) -> bool:
    status = loaded.statuses[name]
    missing = [required for required in status.requires if required not in usable]
    if not missing:
        return False
    broken = [r for r in missing if r in loaded.statuses and loaded.statuses[r].state in BROKEN]
    status.fail(
        f"Requires {', '.join(broken)}, which does not run."
        if broken
        else f"Requires {', '.join(missing)}, which is not enabled. Add it to `plugins`."
    )
    return True


def _place(name: str, loaded: Loaded) -> None:
    """Config order, except that a plugin comes after those it requires."""
    for required in loaded.statuses[name].requires:
        _place(required, loaded)
    if name not in loaded.order:
        loaded.order.append(name)


# Registering, one plugin at a time

_Stage = Callable[[PluginStatus, Loaded, Hooks], None]


def _attempt(stage: _Stage, status: PluginStatus, loaded: Loaded, hooks: Hooks) -> None:
    try:
        stage(status, loaded, hooks)
    except (Exception, SystemExit) as error:
        status.fail(error)


def _import_models(status: PluginStatus, loaded: Loaded, hooks: Hooks) -> None:
    if status.plugin is None or not status.plugin.models:
        return
    from trunkline.db.mapping import import_models
    from trunkline.db.migrate import lineage_of

    import_models(status.plugin.models)
    # Reads every migration: one that cannot be read would otherwise stop the start of everything.
    lineage_of(status.plugin, loaded.statuses).head()


def _register_specifications(status: PluginStatus, loaded: Loaded, hooks: Hooks) -> None:
    """The hooks that the plugin brings: two per event, and those of its own under its name."""
    if status.plugin is None:
        return
    for event in status.plugin.events:
        hooks.add_event(event)
    for specifications in status.plugin.hookspecs:
        hooks.add_specifications(status.name, specifications)


def _register_implementations(status: PluginStatus, loaded: Loaded, hooks: Hooks) -> None:
    if status.module is None:
        return
    hooks.check_implementations(status.module)
    hooks.manager.register(status.module, status.name)


def _check_spelling(status: PluginStatus, loaded: Loaded, hooks: Hooks) -> None:
    """A hook nobody calls is a misspelling, unless it belongs to a plugin that is known and off."""
    for name in hooks.unspecified(status.module):
        of_disabled = _may_be_of_disabled(name, loaded)
        near = hooks.nearest(name, at_least=0.9 if of_disabled else 0.6)
        if of_disabled and near is None:
            continue
        hint = f" Did you mean “{near}”?" if near else ""
        raise LookupError(
            f"There is no hook “{name}”.{hint} Mark it @hookimpl(optionalhook=True) if its plugin need not be installed."
        )


def _may_be_of_disabled(hook: str, loaded: Loaded) -> bool:
    off = [
        s.name for s in loaded.statuses.values() if s.state is not PluginState.ENABLED and not s.is_extension
    ]
    return any(hook.startswith(f"{name}_") for name in off) or (
        bool(off) and hook.startswith(("on_", "before_"))
    )


def _register_in_order(loaded: Loaded, hooks: Hooks, core: ModuleType) -> None:
    """Register who is left once more, the last one first: pluggy calls the latest registration first."""
    for name, module in hooks.manager.list_name_plugin():
        hooks.manager.unregister(module, name)
    for status in reversed(loaded.enabled):
        if status.module is not None:
            hooks.manager.register(status.module, status.name)
    hooks.manager.register(core, core.plugin.name)


def _refuse_problems(loaded: Loaded) -> None:
    for status in loaded.statuses.values():
        if status.state in BROKEN:
            raise ConfigError(
                f"Plugin {status.name} cannot be used: {status.error}", remedy=status.traceback or None
            )
