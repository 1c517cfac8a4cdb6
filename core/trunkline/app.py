"""The assembled system: configuration, database, plugins and what they contributed. One per process."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlmodel import Session

from trunkline import secrets, trunk
from trunkline.clock import Clock, utc_now
from trunkline.config import Config
from trunkline.customers.guided.steps import CustomerStep
from trunkline.db.engine import Database
from trunkline.db.numbers import tell_time
from trunkline.errors import WaitsForSecondPerson
from trunkline.hooks import Hooks
from trunkline.i18n import I18n, install
from trunkline.imports.importer import Importer
from trunkline.jobs.wake import HueyWaker, Waker
from trunkline.lists import ListColumns, ListOf, RowAction
from trunkline.loader import EXTENSION_PREFIX, Loaded, load
from trunkline.operation import SYSTEM, Actor, Context
from trunkline.plugin import (
    MailTemplate,
    MenuItem,
    Permission,
    Plugin,
    ScheduledTask,
    SearchKind,
    SearchLookup,
    Slot,
    StepKind,
)
from trunkline.plugin_life.keeping import FaultKeeper
from trunkline.settings.store import check_configuration, read_settings

log = logging.getLogger(__name__)
S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")


def _packages(loaded: Loaded) -> list[Path]:
    """The folders of core and of every enabled plugin."""
    modules = [status.module for status in loaded.enabled if status.module and not status.is_extension]
    return [Path(str(place)).parent for place in (__file__, *(module.__file__ for module in modules))]


def _catalogues(loaded: Loaded) -> list[Path]:
    """Folders of translations, so that workers and commands speak every language too: mail leaves from there."""
    return [folder / "locale" for folder in _packages(loaded)]


@dataclass
class App:
    """Everything a request, a job or a command needs. Make one with `App.start`."""

    config: Config
    database: Database
    hooks: Hooks
    loaded: Loaded
    waker: Waker
    clock: Clock = utc_now
    permissions: dict[str, Permission] = field(default_factory=dict)
    step_kinds: dict[str, StepKind] = field(default_factory=dict)
    #: What failed in plugins, for the pages of every process.
    faults: FaultKeeper = field(init=False, repr=False)
    _parts: dict[Any, Any] = field(default_factory=dict, repr=False)
    #: Reentrant, because a part may ask for another while it is made.
    _making_part: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.faults = FaultKeeper(self)
        self.hooks.keep = self.faults.take

    @classmethod
    def start(cls, config: Config, *, clock: Clock = utc_now, waker: Waker | None = None) -> "App":
        """Load keys, plugins and contributions. Raises ConfigError; does not touch the schema."""
        config.prepare_data_folder()
        secrets.use(secrets.Keyring.load(config.key_path))
        hooks = Hooks(strict=config.strict_plugins)
        loaded = load(config.plugins, config.extension_folder, hooks, trunk, strict=config.strict_plugins)
        install(I18n(_catalogues(loaded)))
        app = cls(config, Database(config.database_url), hooks, loaded, waker or HueyWaker(config), clock)
        models = {plugin.name: plugin.settings for plugin in app.plugins}
        check_configuration(config, models, loaded.statuses)
        app.permissions = {p.name: p for plugin in app.plugins for p in plugin.permissions}
        app.step_kinds = {
            name: kind for name, (_, kind) in app._once("step_kinds", StepKind, "name", owned=True).items()
        }
        return app

    @property
    def plugins(self) -> list[Plugin]:
        """The trunk itself, then the enabled plugins in order."""
        return [trunk.plugin, *(s.plugin for s in self.loaded.enabled if s.plugin is not None)]

    def package_folders(self) -> list[Path]:
        """The folders of core and of every enabled plugin, in which their templates and catalogues lie."""
        return _packages(self.loaded)

    def _once(self, hook: str, of: type[T], key: str, *, owned: bool = False) -> dict[str, tuple[str, T]]:
        """Contributions by their `key`, each beside its plugin. The second of a name is refused and named, not the first.

        With `owned`, so is one whose name does not begin with its plugin's own (extension scripts may choose any free one).
        """
        kept: dict[str, tuple[str, T]] = {}
        for plugin, item in self.hooks.gather(hook, of):
            name = str(getattr(item, key))
            if name in kept:
                problem = f"{kept[name][0]} offers {name} already"
            elif owned and not plugin.startswith(EXTENSION_PREFIX) and not name.startswith(f"{plugin}."):
                problem = f"{name} must begin with {plugin}."
            elif isinstance(item, StepKind) and item.undo is None and not item.irreversible:
                problem = f"the step kind {name} needs an undo, or irreversible=True"
            else:
                kept[name] = (plugin, item)
                continue
            self.hooks.failed(plugin, f"hook {hook}: {name}", ValueError(problem))
        return kept

    @cached_property
    def menu_items(self) -> Sequence[MenuItem]:
        return [item for _, item in self.menu_of]

    @cached_property
    def menu_of(self) -> Sequence[tuple[str, MenuItem]]:
        """Menu entries in order, each beside its plugin."""
        return sorted(self.hooks.gather("menu", MenuItem), key=lambda pair: pair[1].order)

    @cached_property
    def slots(self) -> dict[str, list[tuple[str, Slot]]]:
        """Contributions by place, each beside its plugin, in order."""
        places: dict[str, list[tuple[str, Slot]]] = {}
        for plugin, slot in self.hooks.gather("slots", Slot):
            places.setdefault(slot.place, []).append((plugin, slot))
        for contributions in places.values():
            contributions.sort(key=lambda pair: pair[1].order)
        return places

    @cached_property
    def importers(self) -> dict[str, Importer]:
        return {kind: importer for kind, (_, importer) in self._once("importers", Importer, "kind").items()}

    @cached_property
    def lists(self) -> dict[str, ListOf]:
        """Lists with a page of their own, by name."""
        return {name: found for name, (_, found) in self._once("lists", ListOf, "name").items()}

    @cached_property
    def list_columns(self) -> dict[str, list[ListColumns]]:
        """Further columns by the name of the list they are for."""
        found: dict[str, list[ListColumns]] = {}
        for _, columns in self.hooks.gather("list_columns", ListColumns):
            found.setdefault(columns.of, []).append(columns)
        return found

    @cached_property
    def row_actions(self) -> dict[str, RowAction]:
        """Actions on rows of lists by name."""
        offered = self._once("row_actions", RowAction, "name", owned=True).values()
        return {action.name: action for _, action in sorted(offered, key=lambda pair: pair[1].order)}

    @cached_property
    def customer_steps(self) -> Sequence[CustomerStep]:
        """Steps of adding a customer, in order."""
        found = [step for _, step in self._once("customer_steps", CustomerStep, "name", owned=True).values()]
        return sorted(found, key=lambda step: step.order)

    @cached_property
    def mail_templates(self) -> dict[str, tuple[str, MailTemplate]]:
        """Letters by name, each beside its plugin."""
        return self._once("mail_templates", MailTemplate, "name")

    @cached_property
    def search_kinds(self) -> dict[str, SearchKind]:
        """What the search's index holds, in the order in which results are shown."""
        found = [kind for _, kind in self._once("search_kinds", SearchKind, "kind").values()]
        return {kind.kind: kind for kind in sorted(found, key=lambda kind: kind.order)}

    @cached_property
    def search_lookups(self) -> dict[str, tuple[str, SearchLookup]]:
        """What is found without the index, each beside its plugin. A name that the index has is refused."""
        found = self._once("search_lookups", SearchLookup, "kind")
        for name in found.keys() & self.search_kinds.keys():
            plugin, _lookup = found.pop(name)
            self.hooks.failed(
                plugin, f"hook search_lookups: {name}", ValueError(f"{name} is indexed already")
            )
        return dict(sorted(found.items(), key=lambda item: item[1][1].order))

    @cached_property
    def scheduled_tasks(self) -> Sequence[tuple[str, ScheduledTask]]:
        return self.hooks.gather("scheduled_tasks", ScheduledTask)

    def part(self, kind: Callable[["App"], T]) -> T:
        """The one `kind` of this application, such as a throttle or a cache, made when it is first asked for."""
        if kind not in self._parts:
            # The first requests come at once, each in a thread of its own, and must not count or remember apart.
            with self._making_part:
                if kind not in self._parts:
                    self._parts[kind] = kind(self)
        found: T = self._parts[kind]
        return found

    def permission_label(self, name: str) -> str:
        """The permission's label, or its name when no enabled plugin declares it."""
        return self.permissions[name].label if name in self.permissions else name

    def settings_of(self, session: Session, model: type[S]) -> S:
        """Settings of the plugin that declared `model`, from every source."""
        owner = next((plugin.name for plugin in self.plugins if plugin.settings is model), None)
        if owner is None:
            raise LookupError(f"{model.__name__} is no enabled plugin's settings model")
        return read_settings(session, self.config, owner, model)

    @contextmanager
    def reading(self, actor: Actor = SYSTEM, *, request_id: str = "") -> Iterator[Context]:
        """A context whose session only reads."""
        with self.database.read() as session:
            yield Context(session, actor, self, self.clock, request_id)

    @contextmanager
    def unit_of_work(
        self,
        actor: Actor = SYSTEM,
        *,
        request_id: str = "",
        idempotency_key: str | None = None,
        on_behalf_of: Actor | None = None,
        keep: bool = True,
    ) -> Iterator[Context]:
        """A context in one writing transaction, committed at the end; with `keep` false it is rolled back (dry run)."""
        try:
            with self.database.write() as session:
                tell_time(session, self.clock, self.config.zone)
                ctx = Context(
                    session, actor, self, self.clock, request_id, idempotency_key, on_behalf_of, writing=True
                )
                yield ctx
                if not keep:
                    session.rollback()
                    return
        except WaitsForSecondPerson as waiting:
            # Of this unit of work only what was asked for is kept.
            if keep and not waiting.number:
                from trunkline.approvals.asking import keep_request

                with self.unit_of_work(actor, request_id=request_id, on_behalf_of=on_behalf_of) as asking:
                    keep_request(asking, waiting)
            raise
        for call in ctx.after_commit:
            call()

    def close(self) -> None:
        """Write down what is still to be written of failures, and give up the database connections."""
        self.faults.close()
        self.database.dispose()
