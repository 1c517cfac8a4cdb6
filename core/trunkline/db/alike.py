"""Selects that are put together anew for each request, but look like those before: what was written for one serves the next.

A list's select depends on what its reader may see and has chosen, so it cannot be written out once as a `Prepared` one. Its
shape, and only its values differ, comes again all the time. SQLAlchemy keeps what it wrote for a shape as well; but the select
has to be built for that, and its own way of running one takes several times as long as the database does.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import BindParameter, Connection, RowMapping, Select, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.selectable import _OffsetLimitParam
from sqlalchemy.sql.visitors import iterate

from trunkline.db.prepared import Ready

#: So many shapes are kept; beyond that they are written anew.
_KEPT = 500
#: A shape is kept for each length of a list up to this one; longer ones are rare, and take their time anyway.
_LONGEST = 50
#: What is written for SQLite beside each limit.
_NO_OFFSET = 0


@dataclass(frozen=True)
class _Shape:
    """A select in the words of one database, and where its values come from."""

    statement: "Select[Any]"
    #: Names of its columns.
    names: tuple[str, ...]
    #: Parameter and its place among the values of the select that this one is made of.
    places: Mapping[str, int]
    #: Those parameters that take a list, by name.
    lists: tuple[str, ...]
    ready: dict[tuple[int, ...], Ready] = field(default_factory=dict)

    def rows(
        self, connection: Connection, values: Sequence[Any], given: Mapping[str, Any]
    ) -> "Sequence[RowMapping] | None":
        """The rows; None where a list is too long."""
        filled = {name: values[place] for name, place in self.places.items()} | dict(given)
        lengths = tuple(len(filled[name]) for name in self.lists)
        if lengths and max(lengths) > _LONGEST:
            return None
        ready = self.ready.get(lengths)
        if ready is None:
            ready = self.ready[lengths] = Ready(self.statement, connection, filled)
        found = [dict(zip(self.names, row, strict=True)) for row in ready.rows(connection, filled)]
        # A plain mapping answers whatever is asked of a row.
        return cast("Sequence[RowMapping]", found)


_shapes: dict[Hashable, _Shape | None] = {}
_NEVER_SEEN = _Shape(select(), (), {}, ())


def likeness(statement: "Select[Any]") -> Hashable | None:
    """What two selects have in common that find the same: their shape and their values. None of one that has no telling shape."""
    key = statement._generate_cache_key()
    if key is None or key.params:
        return None
    return key.key, repr([value.effective_value for value in key.bindparams])


def rows_alike(
    session: Session,
    origin: "Select[Any]",
    way: Hashable,
    build: "Callable[[], Select[Any]]",
    **given: Any,
) -> "Sequence[RowMapping]":
    """The rows of `build()`: a select of columns that is made of `origin`, of what `way` says, and of nothing else.

    `given` are the values of parameters that `build` names itself (`bindparam`).
    """
    key = origin._generate_cache_key()
    if key is None or key.params:
        return session.execute(build(), given).mappings().all()
    connection = session.connection()
    place = (connection.dialect.name, way, key.key)
    shape = _shapes.get(place, _NEVER_SEEN)
    if shape is _NEVER_SEEN:
        return _first(session, place, key, build(), given)
    if session.new or session.deleted or session.dirty:
        session.flush()
    values = [value.effective_value for value in key.bindparams]
    rows = None if shape is None else shape.rows(connection, values, given)
    return session.execute(build(), given).mappings().all() if rows is None else rows


def _first(
    session: Session, place: Hashable, key: CacheKey, built: "Select[Any]", given: Mapping[str, Any]
) -> "Sequence[RowMapping]":
    result = session.execute(built, given)
    names, rows = tuple(result.keys()), result.mappings().all()
    if len(_shapes) >= _KEPT:
        _shapes.clear()
    _shapes[place] = _shape(session.connection(), key, built, names, given)
    return rows


def _shape(
    connection: Connection,
    key: CacheKey,
    built: "Select[Any]",
    names: tuple[str, ...],
    given: Mapping[str, Any],
) -> _Shape | None:
    """None when there is a value in it of which it is not known for certain where it comes from: it may differ next time."""
    if len(set(names)) != len(names) or len(names) != len(built.selected_columns):
        return None
    known = {value.key: place for place, value in enumerate(key.bindparams)}
    places: dict[str, int] = {}
    lists: list[str] = []
    written = built.compile(dialect=connection.dialect)
    there = {value.key for value in written.bind_names}
    if any(part.key not in there for part in iterate(built) if isinstance(part, BindParameter)):
        return None
    for value, name in written.bind_names.items():
        if value.key in known:
            places[name] = known[value.key]
        elif name not in given and not isinstance(value, _OffsetLimitParam) and value.value != _NO_OFFSET:
            return None
        if value.expanding:
            lists.append(name)
        if value.literal_execute or value.type._is_tuple_type:
            return None
    return _Shape(built, names, places, tuple(lists))
