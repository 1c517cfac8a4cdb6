"""The plugin contract: facts as data, no I/O. What a bundled plugin uses is what a stranger's plugin uses.

A plugin is a wheel with an entry point in group `trunkline.plugins` that names a `Plugin` object. The module which holds that
object also holds the plugin's hook implementations (functions marked `@hookimpl`, see `trunkline.hookspecs`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pluggy
from pydantic import BaseModel

from trunkline.i18n import use_locale

if TYPE_CHECKING:
    from trunkline.events import Event
    from trunkline.jobs.renewing import Newer, Renewed
    from trunkline.jobs.steps import StepContext
    from trunkline.operation import Context
    from trunkline.web.pages import Page

PROJECT = "trunkline"
ENTRY_POINT_GROUP = "trunkline.plugins"

#: Marks a function of a plugin module as the implementation of the hook it is named after.
hookimpl = pluggy.HookimplMarker(PROJECT)
#: Marks a function as a hook specification; for plugins that bring hooks of their own (named `<plugin>_…`).
hookspec = pluggy.HookspecMarker(PROJECT)

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")

#: The verbs a permission may end with.
VERBS = frozenset(
    "view list create edit delete archive export import issue cancel approve run retry assign release suspend resume "
    "terminate change record reverse configure invite disable impersonate use adjust reveal move merge "
    "erase".split()
)


@dataclass(frozen=True)
class Permission:
    """`<owner>.<noun>.<verb>`, with the built-in roles that get it when it first appears. Administrators hold all."""

    name: str
    label: str
    roles: tuple[str, ...] = ()
    #: Permissions of portal users are never offered to staff roles, nor the other way round.
    audience: Literal["staff", "portal"] = "staff"


@dataclass(frozen=True)
class Sensitive:
    """A kind of record of which looking is logged, named `<plugin>.<noun>`; pages show it after `trunkline.activity.viewed`."""

    name: str
    #: What was looked at, as the activity page offers it: “Call details”.
    label: str
    #: The operation that entries of looking carry; a plugin whose own operation reveals the record names that one.
    entry: str = ""

    @property
    def operation(self) -> str:
        """The operation that entries of looking carry."""
        return self.entry or f"{self.name}.view"


@dataclass(frozen=True)
class MailTemplate:
    """A letter that operators may word themselves. `name` is that of its files, as in `billing/mail/invoice_issued`.

    `sample` has a value for each name that the letter uses, to try a wording with. What is written in each language its own way
    (an amount, a day) is a function without parameters, called while that language is the reader's.
    """

    name: str
    label: str
    sample: Mapping[str, Any]

    def sample_in(self, language: str) -> dict[str, Any]:
        """The sample as the letter's reader of that language finds it."""
        with use_locale(language):
            return {name: value() if callable(value) else value for name, value in self.sample.items()}


@dataclass(frozen=True)
class MenuItem:
    """One entry of the staff sidebar (or, with audience `portal`, of the portal's navigation)."""

    label: str
    path: str
    icon: str
    permission: str
    group: Literal["", "Care", "Products", "Network", "Voice", "Billing", "Administration"] = ""
    order: int = 100
    #: A short count or word beside the label, computed on each page; keep it to one cheap query.
    badge: "Callable[[Context], str | int | None] | None" = None
    audience: Literal["staff", "portal"] = "staff"
    #: Second key of the `g …` jump.
    key: str = ""
    #: Further paths whose pages belong to this entry.
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slot:
    """A contribution to a named place of somebody else's page.

    `render` gets the page and the subject that the place offers (for `customer.tabs` the customer row) and returns HTML that a
    template rendered (`page.fragment(template, …)`) or None for nothing. A raising contribution becomes an error card.
    """

    place: str
    name: str
    render: "Callable[[Page, Any], str | None]"
    permission: str
    label: str = ""
    order: int = 100
    icon: str = ""
    #: For places that are tabs: a count beside the label.
    count: "Callable[[Page, Any], int | str | None] | None" = None


class Policy(StrEnum):
    """What becomes of a step that was running when its worker died."""

    RESUME = "resume"
    UNDO = "undo"
    #: The kind's `found` or `verify` looks first: what is done counts as done, anything else is done again.
    VERIFY = "verify"


@dataclass(frozen=True)
class StepKind:
    """A kind of job step. `do` returns outputs, which later steps and `undo` can read.

    A transactional step works through `step.ctx` (operations, events) and commits together with its own state: exactly once.
    Any other step acts on the outside world and must be safe to repeat under `step.idempotency_key`.
    `undo` must accept that nothing was done. A kind without `undo` is refused unless it says `irreversible`.
    `verify` looks after `do` whether the effect is there, and raises StepFailed where it is not; then the step has failed.
    `found` looks, with the policy `VERIFY`, whether a worker that died had done it: it returns what `do` would have returned, or
    raises StepFailed, and then the step is done again. A kind without it is looked at by `verify`.
    `rehearse` looks what `do` would change, says so by `step.log` and changes nothing; a dry run says of a kind without it that
    nobody can know before, and of one that raises CannotTell the same with its words. Outputs of steps before are missing there:
    they have not been done.
    `gather` reads from the database what `rehearse` needs, which finds it as `step.gathered`. A plan that is tried before it is
    ordered stands in that transaction only, which has ended before the outside world is asked.
    """

    name: str
    label: str
    do: "Callable[[StepContext], Mapping[str, Any] | None]"
    undo: "Callable[[StepContext], None] | None" = None
    inputs: type[BaseModel] | None = None
    transactional: bool = False
    irreversible: bool = False
    policy: Policy = Policy.RESUME
    timeout: timedelta = timedelta(minutes=10)
    #: What `do` must return; anything else fails the step before a later one relies on it.
    outputs: type[BaseModel] | None = None
    verify: "Callable[[StepContext], None] | None" = None
    found: "Callable[[StepContext], Mapping[str, Any] | None] | None" = None
    rehearse: "Callable[[StepContext], None] | None" = None
    gather: "Callable[[Context, StepContext], Any] | None" = None
    #: What a step that is not done could be done with instead of what it was planned with; None where nothing newer is sound.
    newer: "Callable[[Context, Any], Newer | None] | None" = None
    #: Plans it with that, as whoever retries its job may choose. None where it is planned so already; raises Refused where what
    #: is newest cannot be run with what the job holds.
    renew: "Callable[[Context, Any], Renewed | None] | None" = None
    #: Raises Refused for inputs that cannot work, when the plan is made: the earliest moment at which somebody can mend them.
    check: "Callable[[Context, Any], None] | None" = None


@dataclass(frozen=True)
class ScheduledTask:
    """Work the worker does at intervals, in a unit of work of its own, on one worker at a time."""

    name: str
    run: "Callable[[Context], None]"
    every: timedelta
    #: What the system page calls it, translated when shown; its name where it is empty.
    label: str = ""


@dataclass(frozen=True)
class ServiceProcess:
    """A program that a worker keeps running beside itself, started again when it ends and stopped (SIGTERM) with the worker.

    It is started with the kernel's promise to get SIGTERM when the worker dies (`prctl(PR_SET_PDEATHSIG)`), so none outlives it.
    """

    #: `<plugin>.<word>`; the log lines of the program carry it.
    name: str
    argv: Sequence[str]
    #: Whether it can be used by now; asked a few times a second after the start, and answers at once.
    ready: Callable[[], bool]
    #: Folder it runs in; None for the worker's own.
    folder: Path | None = None
    #: Its output goes to this file; None for the worker's own log.
    log_file: Path | None = None
    #: All that it knows of its surroundings; None for the worker's own environment.
    environment: Mapping[str, str] | None = None


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class HealthReport:
    """One line of the status page: what was checked, how it is, and what to do about it."""

    name: str
    health: Health
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class ConnectionCheck:
    """A connection that the plugin's settings set up; a button on their page tries it, for who may change them.

    `run` gets a context that only reads, connects as the plugin does in earnest, changes nothing there, and answers in a
    sentence what it found, within ten seconds. It raises Unavailable or Refused, with what to do, when it does not work.
    """

    #: A word, unique within the plugin.
    name: str
    label: str
    run: "Callable[[Context], str]"


@dataclass(frozen=True)
class SettingChoices:
    """What a setting of the plugin may be where only the running system knows: names of engines, of tariffs.

    Its page offers these; another value is refused when it is saved, wherever it comes from.
    """

    #: The setting's name in the plugin's model.
    name: str
    #: Value and label; include `""` where none may be chosen.
    options: "Sequence[tuple[str, str]]"


@dataclass(frozen=True)
class SearchDocument:
    """How one entity is found. `terms` holds everything a person may type; `digits` numbers found by any fragment."""

    kind: str
    id: int
    title: str
    path: str
    permission: str
    subtitle: str = ""
    terms: Sequence[str] = ()
    digits: Sequence[str] = ()
    customer_id: int | None = None
    reseller_id: int | None = None
    icon: str = "file"


@dataclass(frozen=True)
class SearchKind:
    """A searchable entity. `load` turns keys into documents; `all_ids` lists every key for a rebuild."""

    kind: str
    label: str
    load: "Callable[[Context, Sequence[int]], Sequence[SearchDocument]]"
    all_ids: "Callable[[Context], Sequence[int]]"
    #: Who does not hold it finds nothing of this kind, so that its documents are not even looked through.
    permission: str = ""
    #: The address of the page that shows one, as its route is written: `/catalog/orders/{number}`.
    page: str = ""
    #: Among the kinds: what customers have stands before what an operator sets up (500).
    order: int = 100


@dataclass(frozen=True)
class SearchLookup:
    """Records that are found without the index: by their whole number, or because they lie in memory.

    What is written often and asked for by its number alone costs nothing so: its table has a unique index anyway. `find` answers
    with what the actor may see; it says of each document which permission its page needs (empty: `find` asked itself).
    """

    kind: str
    label: str
    find: "Callable[[Context, str], Sequence[SearchDocument]]"
    #: Who does not hold it finds nothing of this kind.
    permission: str = ""
    #: The kind of numbers (see `trunkline.db.numbers`) that `find` is asked for, written in full. Empty: `find` gets every query
    #: as it is typed, and must not ask the database.
    numbers: str = ""
    page: str = ""
    order: int = 100


@dataclass(frozen=True)
class Command:
    """Something the command palette offers by its name, beside the pages of the menu: “Add customer”, “Overdue invoices”.

    It leads to a page: a form to fill in, or a list with its filter set.
    """

    label: str
    path: str
    icon: str
    permission: str
    #: Other words by which people look for it, as one text.
    words: str = ""
    order: int = 100


@dataclass(frozen=True)
class Plugin:
    """The facts of a plugin. Version and the core it works with come from the wheel's own metadata."""

    #: Short lower-case word; prefixes tables, permissions, routes, templates and settings.
    name: str
    label: str
    #: Names of plugins whose operations, queries and schemas this one imports.
    requires: tuple[str, ...] = ()
    #: pydantic model of the settings; every field needs a default.
    settings: type[BaseModel] | None = None
    permissions: tuple[Permission, ...] = ()
    #: Kinds of records of which looking is logged.
    sensitive: tuple[Sensitive, ...] = ()
    #: Event classes the plugin emits; each gives the hooks `before_<event>` and `on_<event>`.
    events: "tuple[type[Event], ...]" = ()
    #: Modules or classes holding `@hookspec` functions that the plugin itself calls.
    hookspecs: tuple[ModuleType | type, ...] = ()
    #: Import path of the module with the table models; imported only after the plugin passed its checks.
    models: str | None = None
    #: One sentence for the plugins page.
    summary: str = ""
    description_url: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"plugin name {self.name!r} must be a short lower-case word")
        for permission in self.permissions:
            _check_permission(self.name, permission)
        for kind in self.sensitive:
            if kind.name.partition(".")[0] != self.name or kind.name.count(".") != 1:
                raise ValueError(f"sensitive kind {kind.name!r} must be {self.name}.<noun>")
        if self.settings is not None:
            required = [name for name, info in self.settings.model_fields.items() if info.is_required()]
            if required:
                raise ValueError(f"settings of plugin {self.name} need defaults for {', '.join(required)}")


def _check_permission(owner: str, permission: Permission) -> None:
    parts = permission.name.split(".")
    if len(parts) != 3 or parts[0] != owner:
        raise ValueError(f"permission {permission.name!r} must be {owner}.<noun>.<verb>")
    if parts[2] not in VERBS:
        raise ValueError(
            f"permission {permission.name!r} ends with an unknown verb; use one of {', '.join(sorted(VERBS))}"
        )
