"""What becomes of each table's rows when a person is erased: declared by whoever owns the table, done in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, case, delete, func, select, update
from sqlmodel import SQLModel

from trunkline.customers.erasing.words import holding
from trunkline.db import append_only
from trunkline.db.savepoint import savepoint
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.operation import Context


class Fate(StrEnum):
    """Deleted, left without what is personal, or kept until the retention is over."""

    DELETED = "deleted"
    PSEUDONYMISED = "pseudonymised"
    KEPT = "kept"


@dataclass(frozen=True)
class Person:
    """Who is erased: the customer, those who were merged into it, and their portal users, by key."""

    customer_id: int
    number: str
    #: What is said instead of the name.
    pseudonym: str
    customer_ids: tuple[int, ...]
    numbers: tuple[str, ...]
    user_ids: tuple[int, ...]
    #: What these users are called, as rows say who did something.
    user_names: tuple[str, ...] = ()
    #: Addresses, phone numbers, tax ids, documents and full names, by which others' rows may name the person.
    called: tuple[str, ...] = ()
    #: Those of them that are nobody else's name.
    addresses: tuple[str, ...] = ()

    def told_in(self, *columns: Any) -> ColumnElement[bool]:
        """Rows that name the person in any of these columns, as text, inside JSON or inside an address."""
        return holding(self.called, columns)

    def reached_in(self, *columns: Any) -> ColumnElement[bool]:
        """As `told_in`, by addresses, numbers and documents alone, which no namesake shares."""
        return holding(self.addresses, columns)


@dataclass(frozen=True)
class ErasedRows:
    """A table with rows of customers, and what becomes of them when a person is erased.

    `of` finds the rows. Without `values` they are deleted; else these columns get these values (or what a callable makes of the
    person and the table) and the rows stay; an empty mapping says that there is nothing personal in them.

    With a `ground` for keeping them nothing happens before the retention is over; then the same does. `dated` is then the column
    with the day or time from which the retention runs.
    """

    model: type[SQLModel]
    #: What the rows are called, in the plural; empty for those that nobody needs to hear of.
    label: str
    of: Callable[[Person], ColumnElement[bool]]
    values: Mapping[str, Any] | None = None
    ground: str = ""
    dated: Any = None

    @property
    def table(self) -> Table:
        """The table itself."""
        found: Table = self.model.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
        return found

    @property
    def fate(self) -> Fate:
        """What the rows meet first."""
        if self.ground:
            return Fate.KEPT
        return Fate.DELETED if self.values is None else Fate.PSEUDONYMISED

    def count(self, ctx: "Context", person: Person) -> int:
        """How many rows there are."""
        rows = select(func.count()).select_from(self.table).where(self.of(person))
        return ctx.session.scalar(rows) or 0

    def newest(self, ctx: "Context", person: Person) -> date | None:
        """The day of the newest row that is kept, where the operator is."""
        if not self.ground:
            return None
        found: date | None = ctx.session.scalar(select(func.max(self.dated)).where(self.of(person)))
        return found.astimezone(ctx.app.config.zone).date() if isinstance(found, datetime) else found

    def act(self, ctx: "Context", person: Person) -> int:
        """Delete the rows, or take what is personal out of them; returns how many."""
        where = self.of(person)
        if self.values is not None and not self.values:
            return 0
        if self.values is None:
            with self._may_go(ctx):
                done: Any = ctx.session.execute(_unsynchronised(delete(self.table).where(where)))
            return int(done.rowcount)
        wanted = {
            name: value(person, self.table) if callable(value) else value
            for name, value in self.values.items()
        }
        done = ctx.session.execute(_unsynchronised(update(self.table).where(where).values(wanted)))
        return int(done.rowcount)

    def _may_go(self, ctx: "Context") -> AbstractContextManager[None]:
        """For tables whose rows are otherwise only added."""
        if self.table.info.get("append_only"):
            return append_only.lifted(ctx.session.connection(), [self.table.name])
        return nullcontext()


def of_customer(model: Any, column: str = "customer_id") -> Callable[[Person], ColumnElement[bool]]:
    """The rows of the customer and of those who were merged into it."""
    return lambda person: getattr(model, column).in_(person.customer_ids)


def pseudonym(person: Person, table: Table) -> str:
    """The value of a column that has to say something."""
    return person.pseudonym


def none_of(empty: Callable[[], Any]) -> Callable[[Person, Table], Any]:
    """An empty list or mapping, as the value of a JSON column."""
    return lambda person, table: empty()


def unless_theirs(column: str) -> Callable[[Person, Table], Any]:
    """Who did something, as the column says it: the pseudonym where it was the person, else as it is."""
    return lambda person, table: case(
        (table.c[column].in_(person.user_names), person.pseudonym), else_=table.c[column]
    )


def _unsynchronised(statement: Any) -> Any:
    """Rows go past the session: what they were must not reach the activity log as the value before."""
    return statement.execution_options(synchronize_session=False)


@dataclass(frozen=True)
class ErasedOtherwise:
    """Personal data that are no rows of their own: files, an index, words inside others' rows."""

    name: str
    label: str
    fate: Fate
    counting: "Callable[[Context, Person], int]"
    acting: "Callable[[Context, Person], int]"
    #: Tables whose rows of customers it sees to.
    tables: tuple[str, ...] = ()
    #: Nothing of this is kept.
    ground: str = field(default="", init=False)

    def count(self, ctx: "Context", person: Person) -> int:
        """How many there are."""
        return self.counting(ctx, person)

    def newest(self, ctx: "Context", person: Person) -> date | None:
        """No day: it goes at once."""
        return None

    def act(self, ctx: "Context", person: Person) -> int:
        """Erase; returns how many."""
        return self.acting(ctx, person)


Erased = ErasedRows | ErasedOtherwise


@dataclass(frozen=True)
class Hindrance:
    """Why somebody cannot be erased yet, what to do about it, and where."""

    reason: str
    remedy: str
    href: str = ""


def declared(ctx: "Context") -> list[tuple[str, Erased]]:
    """What core and the enabled plugins declare, plugin beside part; of plugins that require others first.

    Raises Refused naming a plugin that fails: what it holds would stay behind unsaid.
    """
    found: list[tuple[str, Erased]] = []
    for plugin, parts in reversed(list(_asked(ctx, "customer_erasures", {}))):
        found += [(plugin, part) for part in parts]
    return found


def hindrances(ctx: "Context", person: Person) -> list[Hindrance]:
    """Every reason why the person cannot be erased yet. Raises Refused naming a plugin that fails."""
    return [
        one
        for _plugin, some in _asked(ctx, "customer_erasure_hindrances", {"ctx": ctx, "person": person})
        for one in some
    ]


def _asked(ctx: "Context", hook: str, arguments: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    """What each plugin answers. One that fails refuses, because nobody could say what is left."""
    for plugin, function in ctx.app.hooks.implementations(hook):
        try:
            with savepoint(ctx.session):
                answer = list(function(**arguments))
        except TrunklineError:
            raise
        except Exception as error:  # a plugin's code may raise anything
            ctx.app.hooks.failed(plugin, f"hook {hook}", error)
            raise Refused(
                _("The plugin {plugin} could not say what it holds of this customer.", plugin=plugin),
                remedy=_("Ask an administrator to look at the plugin's status page."),
            ) from error
        yield plugin, answer


def undeclared(ctx: "Context", parts: Sequence[Erased]) -> list[tuple[str, Any]]:
    """(plugin, column) of each column that names customers in a table of which nobody says what becomes of its rows."""
    known = {
        name
        for part in parts
        for name in ((part.table.name,) if isinstance(part, ErasedRows) else part.tables)
    }
    found = []
    for plugin in ctx.app.plugins:
        for name, table in sorted(SQLModel.metadata.tables.items()):
            if name.startswith(f"{plugin.name}_") and name not in known:
                found += [
                    (plugin.name, column) for column in _naming_customers(table) if not _is_record(name)
                ]
    return found


def _naming_customers(table: Table) -> list[Any]:
    return [
        column
        for column in table.columns
        if column.name == "customer_id"
        or any(key.target_fullname == "core_customer.id" for key in column.foreign_keys)
    ]


def _is_record(name: str) -> bool:
    """The record of the erasure itself."""
    return name == "core_customer_erasure"
