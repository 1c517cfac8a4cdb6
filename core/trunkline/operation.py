"""`@operation`: the one way state changes, and the context every operation and query takes.

Operations never commit. Whoever calls (route, job step, command line) opens one unit of work (`App.unit_of_work`), which holds
the change, its activity entry and its outbox events, and commits them together.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlmodel import Session

from trunkline.clock import Clock, utc_now
from trunkline.errors import Forbidden, NotFound
from trunkline.i18n import gettext as _
from trunkline.i18n import translate

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import SessionTransaction

    from trunkline.app import App
    from trunkline.approvals.second_person import Approved, SecondPerson
    from trunkline.db.prepared import PreparedObject
    from trunkline.events import Event
    from trunkline.versions import Versioned

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M")


class ActorKind(StrEnum):
    STAFF = "staff"
    PORTAL = "portal"
    API = "api"
    SYSTEM = "system"


@dataclass(frozen=True)
class Scope:
    """Which customers' rows the actor sees. All None: every one; else those that any of the facts allows.

    The customers with these keys, those of a reseller, those that the user with this key looks after or has registered, and
    those that wear one of these tags today.
    """

    customer_ids: frozenset[int] | None = None
    reseller_id: int | None = None
    assigned_to: int | None = None
    registered_by: int | None = None
    tags: frozenset[str] | None = None

    @property
    def is_limited(self) -> bool:
        """Whether there are rows that the actor does not see."""
        return self is not EVERYTHING and self != EVERYTHING


#: Every customer's rows.
EVERYTHING = Scope()


@dataclass(frozen=True)
class Actor:
    """Who acts. `permissions` None means every permission (the system itself and administrators)."""

    kind: ActorKind
    id: int | None
    name: str
    permissions: frozenset[str] | None = frozenset()
    scope: Scope = EVERYTHING
    language: str = "en"
    address: str = ""
    #: Until when the actor holds every permission by emergency access; None: not at all.
    break_glass: datetime | None = None

    def may(self, permission: str) -> bool:
        """Whether the actor holds `permission`."""
        return self.permissions is None or permission in self.permissions


#: The system acting by itself: worker, command line, event handlers.
SYSTEM = Actor(ActorKind.SYSTEM, None, "system", permissions=None)


@dataclass
class Context:
    """What an operation or query works with. `session` is its one transaction."""

    session: Session
    actor: Actor
    app: "App"
    clock: Clock = utc_now
    request_id: str = ""
    idempotency_key: str | None = None
    on_behalf_of: Actor | None = None
    writing: bool = False
    #: The second person's agreement to the operation that comes next.
    approved: "Approved | None" = None
    #: Called once after the unit of work has committed (wake-ups only: never needed for correctness).
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    _operations: list["_Running"] = field(default_factory=list)
    _answers: dict[Hashable, Any] = field(default_factory=dict)
    _connection: "tuple[SessionTransaction | None, Connection] | None" = field(default=None, repr=False)

    def now(self) -> datetime:
        """The time of this unit of work's clock, aware UTC."""
        return self.clock()

    def connection(self) -> "Connection":
        """The session's connection. What asks the session of a unit of work that writes costs as much as a small read itself."""
        if not self.writing:
            return self.session.connection()
        if self._connection is None or self._connection[0] is not self.session.get_transaction():
            connection = self.session.connection()
            self._connection = (self.session.get_transaction(), connection)
        return self._connection[1]

    def require(self, permission: str) -> None:
        """Raise Forbidden unless the actor holds `permission`."""
        if not self.actor.may(permission):
            label = self.app.permission_label(permission)
            raise Forbidden(
                _(
                    "You may not do this: it needs the permission “{label}” ({permission}).",
                    label=translate(label),
                    permission=permission,
                ),
                remedy=_("Ask an administrator for a role that has it."),
                permission=permission,
            )

    def settings(self, model: type["S"]) -> "S":
        """The settings of the plugin (or core section) that declared `model`, with defaults, page, file and variables applied."""
        return self.app.settings_of(self.session, model)

    def emit(self, event: "Event") -> None:
        """Record that something happened. `before_<event>` hooks run now and may refuse; `on_<event>` run after commit."""
        from trunkline.events.outbox import emit

        emit(self, event)

    def emit_all(self, events: "Sequence[Event]") -> None:
        """`emit` for a batch, in a few statements however many there are."""
        from trunkline.events.outbox import emit_all

        emit_all(self, events)

    def visible(self, model: type[M]) -> Select[M]:
        """`select(model)` narrowed to what the actor may see (by `customer_id`, or `id` of a customer)."""
        return select(model).where(*self.visible_conditions(model))

    def visible_conditions(self, model: Any) -> list[ColumnElement[bool]]:
        """The conditions behind `visible`, for Core selects of columns. None for who sees everything."""
        if not self.actor.scope.is_limited:
            return []
        from trunkline.access.row_scope import conditions

        return conditions(self, model)

    def load(self, model: type[M], key: int | None, *, version: int | None = None, lock: bool = False) -> M:
        """One visible row by its key, optionally locked.

        Raises NotFound when it is absent or out of scope, Conflict when `version` is given and the row has moved on.
        """
        return self.load_by(model, getattr(model, "id"), key, version=version, lock=lock)  # noqa: B009 — the protocol has no id

    def load_by(
        self, model: type[M], column: Any, value: object, *, version: int | None = None, lock: bool = False
    ) -> M:
        """One visible row whose `column` equals `value`; see `load`."""
        locked, of = lock or version is not None, cast("Hashable", model)
        row: M | None
        if self.actor.scope.is_limited or getattr(column, "class_", None) is not model:
            statement = _locked(self.visible(model).where(column == bindparam("value")), locked)
            row = self.session.scalars(statement, {"value": value}).one_or_none()
        elif locked or self.writing:
            row = self.session.scalars(_one_by(of, column.key, locked), {"value": value}).one_or_none()
        else:
            row = _object_by(of, column.key).first(self.connection(), value)
        if row is None:
            noun = translate(_words(model.__name__).capitalize()).lower()
            raise NotFound(_("There is no {noun} {value}.", noun=noun, value=value))
        if version is not None:
            from trunkline.versions import require_version

            require_version(cast("Versioned", row), version)
        return row

    def once(self, key: Hashable, ask: Callable[[], R]) -> R:
        """What `ask` answers, asked once in a unit of work that reads: several parts of a page want the same rows.

        A unit that writes asks every time, because the answer may have changed.
        """
        if self.writing:
            return ask()
        if key not in self._answers:
            self._answers[key] = ask()
        answer: R = self._answers[key]
        return answer

    @property
    def running(self) -> "_Running | None":
        """The innermost operation under way, which collects what changes."""
        return self._operations[-1] if self._operations else None

    def note(self, subject: object, *, label: str = "", **details: Any) -> None:
        """Say what the running operation is about; its activity entry names this row and carries `details`."""
        if self.running is not None:
            self.running.about(subject, label, details)

    def note_each(self, subjects: Iterable["Subject"], **details: Any) -> None:
        """Say what the running operation, one for many, is about: each of these rows gets an activity entry of its own.

        So everybody reads in the history of a customer what happened to this one, and nothing of the others.
        """
        if self.running is not None:
            self.running.each = tuple(subjects)
            self.running.details.update(details)

    @contextmanager
    def run(self, name: str) -> Iterator["_Running"]:
        """Bracket an operation: collect its changes and write its activity entry at the end."""
        from trunkline.activity.recording import recorded

        running = _Running(name)
        if self.actor.break_glass is not None:
            running.details["emergency_access"] = True
        self._operations.append(running)
        try:
            with recorded(self, running):
                yield running
        finally:
            self._operations.pop()


@lru_cache(maxsize=256)
def _one_by(model: Any, column: str, locked: bool) -> Select[Any]:
    """One row by a column, built once: building the statement costs more than running it."""
    return _locked(select(model).where(getattr(model, column) == bindparam("value")), locked)


@lru_cache(maxsize=256)
def _object_by(model: Any, column: str) -> "PreparedObject[Any]":
    from trunkline.db.prepared import PreparedObject

    return PreparedObject(model, column)


def _locked(statement: Select[M], locked: bool) -> Select[M]:
    # A row read earlier in this transaction may be older than the one just locked.
    return statement.with_for_update().execution_options(populate_existing=True) if locked else statement


S = TypeVar("S", bound=BaseModel)


class Subject(NamedTuple):
    """A row that an operation is about, where there is no object of it. `kind`: its table; `customer_id`: whose it is."""

    kind: str
    id: int | None
    label: str
    customer_id: int | None


@dataclass
class _Running:
    """One operation under way."""

    name: str
    subject: object = None
    each: tuple[Subject, ...] = ()
    label: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    changes: list[Mapping[str, Any]] = field(default_factory=list)

    def about(self, subject: object, label: str, details: Mapping[str, Any]) -> None:
        self.subject, self.label = subject, label or self.label
        self.details.update(details)


@dataclass(frozen=True)
class OperationInfo:
    """What documentation and tests know about an operation."""

    name: str
    function: Callable[..., Any]
    #: The function itself, without the permission and the entry, for its parameters.
    plain: Callable[..., Any]
    approval: "SecondPerson | None" = None


#: Every operation by its name.
OPERATIONS: dict[str, OperationInfo] = {}


def operation(
    name: str, *, approval: "SecondPerson | None" = None, entry: str = ""
) -> Callable[[Callable[Concatenate[Context, P], R]], Callable[Concatenate[Context, P], R]]:
    """Make a function an operation named by the permission it needs, as in `billing.invoice.issue`.

    The permission is asked of the outermost operation only: one that another calls acts on the caller's authority. Each writes
    its own activity entry. An operation outside a writing unit of work raises RuntimeError.

    `entry` is what the activity log calls it, as in `core.customer.unmerge`, where several operations need one permission and
    its word fits only one of them.

    With `approval` the outermost call may need a second person: then nothing is done, what was asked for is kept when the unit
    of work ends, and WaitsForSecondPerson is raised. The system itself waits for nobody.
    """

    def decorate(function: Callable[Concatenate[Context, P], R]) -> Callable[Concatenate[Context, P], R]:
        key = f"{function.__module__}.{function.__qualname__}"

        @wraps(function)
        def run(ctx: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not ctx.writing:
                raise RuntimeError(f"operation {name} called in a unit of work that only reads")
            if ctx.running is None:
                ctx.require(name)
                if approval is not None and ctx.actor.kind != ActorKind.SYSTEM:
                    from trunkline.approvals.second_person import wait_if_needed

                    wait_if_needed(ctx, OPERATIONS[key], args, kwargs)
            approved, ctx.approved = ctx.approved, None
            with ctx.run(entry or name) as running:
                if approved is not None:
                    running.details |= {"approved_by": approved.by, "approval": approved.number}
                return function(ctx, *args, **kwargs)

        OPERATIONS[key] = OperationInfo(name, run, function, approval)
        return run

    return decorate


def _words(class_name: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in class_name).strip()
