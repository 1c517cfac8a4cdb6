"""Calling hooks so that one broken plugin harms nobody else."""

import inspect
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from types import ModuleType
from typing import Any, TypeVar, overload

import pluggy
from sqlmodel import Session

from trunkline import hookspecs
from trunkline.clock import utc_now
from trunkline.db.savepoint import savepoint
from trunkline.events.event import Event
from trunkline.plugin import PROJECT, hookspec

log = logging.getLogger(__name__)
_KEPT_FAULTS = 20
T = TypeVar("T")


@dataclass(frozen=True)
class HookResult:
    """What one plugin's implementation returned."""

    plugin: str
    value: Any


@dataclass
class Fault:
    """The last time a plugin failed in one place."""

    plugin: str
    place: str
    error: str
    traceback: str
    at: datetime = field(default_factory=utc_now)
    times: int = 1


class _Manager(pluggy.PluginManager):
    """Looks only at names that can be hooks: looking at every name of every module takes most of the time of a start."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        return super().parse_hookimpl_opts(plugin, name) if _may_be_hook(plugin, name) else None

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> Any:
        if not _may_be_hook(module_or_class, name):
            return None
        return super().parse_hookspec_opts(module_or_class, name)


def _may_be_hook(namespace: Any, name: str) -> bool:
    if name.startswith("_"):
        return False
    if not isinstance(namespace, ModuleType):
        return True
    found = vars(namespace).get(name)
    return callable(found) and not isinstance(found, type)


class Hooks:
    """The plugin manager and what went wrong in it: the last faults of this process, newest last, one per plugin and place."""

    def __init__(self, *, strict: bool = False) -> None:
        self.manager = _Manager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.strict = strict
        self.faults: dict[tuple[str, str], Fault] = {}
        #: Whoever writes them down for other processes; must not raise.
        self.keep: Callable[[Fault], None] | None = None

    def add_event(self, event: type[Event]) -> None:
        """Give `event` its two hooks. Raises ValueError when an event of that name has them already."""

        def before(ctx: Any, event: Any) -> None: ...
        def on(ctx: Any, event: Any) -> None: ...

        names = {f"before_{event.hook_suffix()}": before, f"on_{event.hook_suffix()}": on}
        if any(self._has_specification(name) for name in names):
            raise ValueError(
                f"there is another event {event.name} already; an entity's name may carry the plugin's word"
            )
        for name, function in names.items():
            function.__name__ = function.__qualname__ = name
        namespace = type(
            f"{event.__name__}Hooks", (), {n: staticmethod(hookspec(f)) for n, f in names.items()}
        )
        self.manager.add_hookspecs(namespace)

    def add_specifications(self, owner: str, namespace: ModuleType | type) -> None:
        """Add the hooks that a plugin brings. Raises ValueError unless each is called `<owner>_…`."""
        for name in dir(namespace):
            if self.manager.parse_hookspec_opts(namespace, name) is not None and not name.startswith(
                f"{owner}_"
            ):
                raise ValueError(f"the hook {name} must be called {owner}_{name}")
        self.manager.add_hookspecs(namespace)

    def check_implementations(self, module: ModuleType) -> None:
        """Raise TypeError for implementations that could not be called on their own: wrappers and coroutines."""
        for name in dir(module):
            options = self.manager.parse_hookimpl_opts(module, name)
            if options is None:
                continue
            if options.get("wrapper") or options.get("hookwrapper"):
                raise TypeError(f"the hook {name} is a wrapper; each implementation runs on its own here")
            if inspect.iscoroutinefunction(getattr(module, name)):
                raise TypeError(f"the hook {name} is a coroutine; hooks are plain functions")

    def unspecified(self, module: ModuleType | None) -> list[str]:
        """Hooks that the module implements and nobody calls, those marked optional aside."""
        return [
            name
            for name, caller in sorted(self.manager.hook.__dict__.items())
            if not name.startswith("_")
            and not caller.has_spec()
            and any(i.plugin is module and not i.optionalhook for i in caller.get_hookimpls())
        ]

    def nearest(self, name: str, *, at_least: float) -> str | None:
        """The hook whose name is most like `name`, if any is as like as `at_least` (0 to 1)."""
        known = [hook for hook in self.manager.hook.__dict__ if self._has_specification(hook)]
        return next(iter(get_close_matches(name, known, 1, at_least)), None)

    def implemented_by(self, plugin: str) -> list[str]:
        """Names of the hooks that a registered plugin implements."""
        module = self.manager.get_plugin(plugin)
        callers = self.manager.get_hookcallers(module) if module is not None else None
        return sorted(caller.name for caller in callers or ())

    def _has_specification(self, name: str) -> bool:
        caller = getattr(self.manager.hook, name, None)
        return isinstance(caller, pluggy.HookCaller) and caller.has_spec()

    def implementations(self, hook: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        """(plugin, function) of every implementation, in call order; the function takes any of the hook's arguments."""
        caller = getattr(self.manager.hook, hook, None)
        if caller is None:
            return
        for implementation in reversed(caller.get_hookimpls()):
            yield implementation.plugin_name, _takes_any(implementation.function, implementation.argnames)

    def each(self, hook: str, *, session: Session | None = None, **arguments: Any) -> Iterator[HookResult]:
        """Call every implementation in a savepoint of its own; a failing one is recorded and skipped."""
        for plugin, function in self.implementations(hook):
            try:
                with savepoint(session) if session is not None else nullcontext():
                    value = function(**arguments)
                    if inspect.isgenerator(value):
                        value = list(value)
            except (Exception, SystemExit) as error:
                self.failed(plugin, f"hook {hook}", error)
                continue
            if value is not None:
                yield HookResult(plugin, value)

    @overload
    def gather(
        self, hook: str, *, session: Session | None = None, **arguments: Any
    ) -> list[tuple[str, Any]]: ...

    @overload
    def gather(
        self, hook: str, of: type[T], *, session: Session | None = None, **arguments: Any
    ) -> list[tuple[str, T]]: ...

    def gather(
        self, hook: str, of: type[Any] = object, *, session: Session | None = None, **arguments: Any
    ) -> list[tuple[str, Any]]:
        """Every item of every list that the implementations return, beside the plugin's name.

        An item that is no `of` is recorded and left out.
        """
        found: list[tuple[str, Any]] = []
        for result in self.each(hook, session=session, **arguments):
            try:
                items = list(result.value)
            except Exception as error:  # a plugin's code may raise anything
                self.failed(result.plugin, f"hook {hook}", error)
                continue
            for item in items:
                if isinstance(item, of):
                    found.append((result.plugin, item))
                else:
                    problem = TypeError(f"{type(item).__name__} returned where {of.__name__} is wanted")
                    self.failed(result.plugin, f"hook {hook}", problem)
        return found

    def failed(self, plugin: str, place: str, error: BaseException) -> None:
        """Record and log a plugin's failure. In strict mode (tests, CI) it is raised."""
        if self.strict:
            raise error
        log.error("plugin %s failed in %s: %s", plugin, place, error, exc_info=error)
        known = self.faults.pop((plugin, place), None)
        text = "".join(traceback.format_exception(error))
        self.faults[plugin, place] = Fault(
            plugin, place, f"{type(error).__name__}: {error}", text, times=known.times + 1 if known else 1
        )
        if self.keep is not None:
            self.keep(self.faults[plugin, place])
        while len(self.faults) > _KEPT_FAULTS:
            del self.faults[next(iter(self.faults))]


def _takes_any(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    def call(**arguments: Any) -> Any:
        return function(**{name: arguments[name] for name in names})

    call.__doc__ = inspect.getdoc(function)
    return call
