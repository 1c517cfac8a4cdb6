"""Reads put together once: on a page of many small ones, building a statement costs several times as much as running it."""

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import BindParameter, ColumnCollection, Connection, Select, bindparam, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import iterate

if TYPE_CHECKING:
    from trunkline.operation import Context

#: A statement is kept for each length of a list up to this one; longer ones are rare, and take their time anyway.
_LONGEST = 50
#: Where SQLAlchemy has PostgreSQL's driver put a value, and how it writes a percent sign.
_PLACE = re.compile(r"%(?:%|\(([^)]+)\)s)")
M = TypeVar("M")
#: mypy looks for field names written out; here a statement has them.
_named: Callable[..., Any] = namedtuple


class Found(Protocol):
    """One row: a tuple whose values are known by the names of their columns, too, unless two have the same."""

    def __getattr__(self, name: str) -> Any: ...
    def __getitem__(self, at: int | slice) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def _asdict(self) -> dict[str, Any]: ...


class Prepared:
    """A select of columns with named parameters (`bindparam`), kept for the life of the process.

    `owner` is the model whose rows it reads, if they belong to customers: an actor who sees only some customers gets only their
    rows. A statement without `owner` shows the same to everybody; its caller has checked who asks.
    """

    def __init__(self, statement: "Select[*tuple[Any, ...]]", owner: Any = None) -> None:
        self._statement = statement
        self._owner = owner
        names = [str(column.key) for column in statement.selected_columns]
        # What a named tuple's own `_make` does, without a look at the length, which a statement's rows all have.
        self._row: Callable[[Sequence[Any]], Found] = partial(
            tuple.__new__, _named("Found", names, rename=True)
        )
        self._ready: dict[object, Ready] = {}
        # Lists that the statement brings itself have values already.
        self._lists = tuple(
            part.key
            for part in iterate(statement)
            if isinstance(part, BindParameter) and part.expanding and part.required
        )

    def rows(self, ctx: "Context", /, **values: object) -> Sequence[Found]:
        """Every row that the actor may see, with what the unit of work has changed so far."""
        if ctx.writing:
            ctx.session.flush()
        conditions = ctx.visible_conditions(self._owner) if self._owner is not None else ()
        connection = ctx.connection()
        if conditions:
            return list(map(self._row, connection.execute(self._statement.where(*conditions), values)))
        return self.found(connection, **values)

    def first(self, ctx: "Context", /, **values: object) -> Found | None:
        """The first such row, if there is one."""
        return next(iter(self.rows(ctx, **values)), None)

    def found(self, connection: Connection, /, **values: object) -> Sequence[Found]:
        """Every row, whoever asks: for what finds out who asks."""
        key: object = connection.dialect.name
        if self._lists:
            lengths = [len(cast("Sized", values[name])) for name in self._lists]
            if max(lengths) > _LONGEST:
                return list(map(self._row, connection.execute(self._statement, values)))
            key = key, *lengths
        if (ready := self._ready.get(key)) is None:
            ready = self._ready[key] = Ready(self._statement, connection, values, fixed=True)
        return list(map(self._row, ready.rows(connection, values)))


class Ready:
    """A statement in the words of one database, for lists of known lengths, which the driver runs.

    SQLAlchemy writes it and says how values are converted. Its own way of running one takes many times as long as SQLite does.
    A `fixed` one is planned once by PostgreSQL instead of for its very values.
    """

    def __init__(
        self,
        statement: "Select[*tuple[Any, ...]]",
        connection: Connection,
        values: Mapping[str, object],
        *,
        fixed: bool = False,
    ) -> None:
        self._dialect = connection.dialect
        written = statement.compile(dialect=self._dialect)
        state = written.construct_expanded_state(dict(values))
        self._sql, self._order = state.statement, list(state.positiontup or ())
        self._ask: Callable[[Any, Any], tuple[Sequence[Sequence[Any]], Any]] = self._ask_sqlite
        if self._dialect.name == "postgresql":
            # The driver of a database that most installations do not have.
            from trunkline.db.statements import ask

            self._sql, self._order = _numbered(state.statement)
            self._ask = partial(ask, self._sql.encode(), fixed)
        self._lists = {name: names for name, names in state.parameter_expansion.items() if name in values}
        self._processors = {
            name: process
            for parameter, known in written.bind_names.items()
            if (process := parameter.type.dialect_impl(self._dialect).bind_processor(self._dialect))
            for name in state.parameter_expansion.get(known, [known])
        }
        given = set(values).union(*self._lists.values())
        self._constants = {name: value for name, value in state.parameters.items() if name not in given}
        self._errors = self._dialect.loaded_dbapi.Error
        #: Most statements take what they are given as it is, at places that are known.
        self._as_given = not (self._lists or self._processors or self._constants)
        self._types = [column.type.dialect_impl(self._dialect) for column in statement.selected_columns]
        self._converters: list[tuple[int, Callable[[Any], Any]]] | None = None

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """The rows, with values as Python has them. Raises DBAPIError as SQLAlchemy itself does."""
        parameters = self._parameters(values)
        pooled = connection.connection
        try:
            rows, types = self._ask(pooled, parameters)
        except self._errors as error:
            raise self._said(error, parameters, pooled) from error
        else:
            return self._converted(types, rows)

    def _ask_sqlite(self, pooled: Any, parameters: Sequence[Any]) -> tuple[Sequence[Sequence[Any]], None]:
        # The driver's own: the pool's would hand it on.
        cursor = pooled.dbapi_connection.cursor()
        try:
            return cursor.execute(self._sql, parameters).fetchall(), None
        finally:
            cursor.close()

    def _said(self, error: Any, parameters: Any, pooled: Any) -> BaseException:
        """As SQLAlchemy itself says it, also whether the database went away."""
        said: BaseException = DBAPIError.instance(
            self._sql,
            parameters,
            error,
            self._errors,
            connection_invalidated=self._dialect.is_disconnect(error, pooled, None),
            dialect=self._dialect,
        )
        return said

    def _parameters(self, values: Mapping[str, Any]) -> list[Any]:
        if self._as_given:
            return [values[name] for name in self._order]
        given = {**self._constants, **values}
        for name, names in self._lists.items():
            given.update(zip(names, given.pop(name), strict=True))
        for name, process in self._processors.items():
            given[name] = process(given[name])
        return [given[name] for name in self._order]

    def _converted(
        self, types: "Callable[[int], int] | None", rows: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any]]:
        if self._converters is None:
            # What is to be done may depend on the type that the database names, which is known only now.
            processors = [
                one.result_processor(self._dialect, types(at) if types else None)
                for at, one in enumerate(self._types)
            ]
            self._converters = [(at, process) for at, process in enumerate(processors) if process]
        if not self._converters:
            return rows
        converted = [list(row) for row in rows]
        for row in converted:
            for at, process in self._converters:
                row[at] = process(row[at])
        return converted


def _numbered(sql: str) -> tuple[str, list[str]]:
    """A statement with `%(name)s` for its values in the words of PostgreSQL itself, which numbers them; and their names."""
    order: dict[str, int] = {}

    def number(found: "re.Match[str]") -> str:
        name = found[1]
        return "%" if name is None else f"${order.setdefault(name, len(order) + 1)}"

    return _PLACE.sub(number, sql), list(order)


class PreparedObject(Generic[M]):
    """One row by a unique column, as an object of its model that no session keeps: for units of work that only read.

    What a session does to load an object costs several times as much as reading the row.
    """

    def __init__(self, model: type[M], column: str) -> None:
        mapper = inspect(model)
        keys = {shown.key: mapper.get_property_by_column(shown).key for shown in mapper.local_table.c}
        table = mapper.local_table.c
        self._names = tuple(keys.values())
        self._new: Callable[[], M] = mapper.class_manager.new_instance
        self._read = Prepared(
            select(*(table[name] for name in keys)).where(mapper.columns[column] == bindparam("value"))
        )

    def first(self, connection: Connection, value: object) -> M | None:
        """The object, if there is such a row."""
        for row in self._read.found(connection, value=value):
            found = self._new()
            found.__dict__.update(zip(self._names, row, strict=True))
            return found
        return None


def among(name: str) -> BindParameter[Any]:
    """The parameter of an `IN`: `column.in_(among("ids"))`, given a list."""
    return bindparam(name, expanding=True)


def columns(model: Any) -> "ColumnCollection[str, Any]":
    """The columns of a model's table, plain: selecting those of the model itself would load objects."""
    found: ColumnCollection[str, Any] = model.__table__.c
    return found
