"""Calling hooks so that one broken plugin harms nobody else."""

import inspect
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pluggy
from sqlmodel import Session

from trunkline import hookspecs
from trunkline.clock import utc_now
from trunkline.events.event import Event
from trunkline.plugin import PROJECT, hookspec

log = logging.getLogger(__name__)
_KEPT_FAULTS = 20


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


class Hooks:
    """The plugin manager and what went wrong in it. Faults are kept in memory, newest last, one per plugin and place."""

    def __init__(self, *, strict: bool = False) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.strict = strict
        self.faults: dict[tuple[str, str], Fault] = {}

    def add_event(self, event: type[Event]) -> None:
        """Give `event` its two hooks."""

        def before(ctx: Any, event: Any) -> None: ...
        def on(ctx: Any, event: Any) -> None: ...

        names = {f"before_{event.hook_suffix()}": before, f"on_{event.hook_suffix()}": on}
        for name, function in names.items():
            function.__name__ = function.__qualname__ = name
        namespace = type(f"{event.__name__}Hooks", (), {n: staticmethod(hookspec(f)) for n, f in names.items()})
        self.manager.add_hookspecs(namespace)

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
                with session.begin_nested() if session is not None else nullcontext():
                    value = function(**arguments)
            except Exception as error:
                self.failed(plugin, f"hook {hook}", error)
                continue
            if value is not None:
                yield HookResult(plugin, value)

    def gather(self, hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Every item of every list that the implementations return, beside the plugin's name."""
        found: list[tuple[str, Any]] = []
        for result in self.each(hook, **arguments):
            try:
                found += [(result.plugin, item) for item in result.value]
            except TypeError as error:
                self.failed(result.plugin, f"hook {hook}", error)
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
        while len(self.faults) > _KEPT_FAULTS:
            del self.faults[next(iter(self.faults))]


def _takes_any(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    def call(**arguments: Any) -> Any:
        return function(**{name: arguments[name] for name in names})

    call.__doc__ = inspect.getdoc(function)
    return call
