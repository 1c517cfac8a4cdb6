"""Paging by keyset: the next page starts after (sort value, id) of the last row, so no page costs more than another.

Rows without a sort value come last in both directions. A cursor is opaque text that holds only what its reader saw.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any

from sqlalchemy import Column as TableColumn
from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Join,
    RowMapping,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, Label, Null

from trunkline.db.alike import rows_alike
from trunkline.db.types import UtcDateTime
from trunkline.web.table_plan import conditions_of, froms_of, lean, ranged, same, walking

SORT_VALUE = "_sort_value"
_ID = "_key"
_TOTAL = "_total"
#: BIGINT of SQL.
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the cursors of its neighbours (None where there is none).

    `total` is how many rows match on all pages, where finding the page has counted them.
    """

    rows: Sequence[RowMapping]
    previous: str | None
    next: str | None
    total: int | None = None


def expression(statement: "Select[Any]", key: str) -> "ColumnElement[Any]":
    """The expression behind a select's column. Raises LookupError when the select has no such column."""
    for column in statement.selected_columns:
        if column.key == key or getattr(column, "name", None) == key:
            found: ColumnElement[Any] = column.element if isinstance(column, Label) else column
            return found
    raise LookupError(f"the select has no column {key!r}; label one so")


def holds_dates(column: "ColumnElement[Any]") -> bool:
    """Whether a column holds calendar dates, not moments."""
    kind = getattr(column.type, "impl", column.type)
    return isinstance(kind, Date) and not isinstance(kind, DateTime)


def ordered(statement: "Select[Any]", sort: str, id_key: str = "id") -> "Sequence[Select[Any]]":
    """The whole statement in the order that `page` walks it: one select, or one more for rows without a sort value."""
    return list(_Way.of(statement, sort, id_key, None).along_index())


def page(
    session: Session,
    statement: "Select[Any]",
    sort: str,
    limit: int,
    cursor: str | None,
    id_key: str = "id",
    few: int | None = None,
) -> Page:
    """One page of the statement, sorted by a column's key (`-` in front: descending).

    `few` says that at most so many rows match: they are found by their conditions first and sorted then. Without it the page
    is found by walking the sort's index.
    """
    if not leads_into(statement, sort, cursor, id_key):
        cursor = None
    place = _decode(cursor)
    backwards = place is not None and place[0] == "b"
    rows = _from_place(session, statement, sort, limit + 1, cursor if place else None, id_key, few)
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([], None, None, 0 if few is not None and place is None else None)
    total = rows[0][_TOTAL] if few is not None else None
    ends = [(row[SORT_VALUE], row[_ID]) for row in (rows[0], rows[-1])]
    if few is not None or place is not None:
        rows = _whole(session, statement, id_key, [row[_ID] for row in rows])
    has_previous = more if backwards else place is not None
    has_next = True if backwards else more
    previous = _encode("b", *ends[0]) if has_previous else None
    return Page(rows, previous, _encode("f", *ends[1]) if has_next else None, total)


def _from_place(
    session: Session,
    statement: "Select[Any]",
    sort: str,
    most: int,
    cursor: str | None,
    id_key: str,
    few: int | None,
) -> list[RowMapping]:
    """The rows from a place on, in the order in which they are met."""

    def steps() -> "Iterator[Select[Any]]":
        way = _Way.of(statement, sort, id_key, cursor)
        return way.among_few(few) if few is not None else way.along_index(keys_only=cursor is not None)

    rows: list[RowMapping] = []
    if cursor is not None:
        for query in steps():
            rows += session.execute(query.limit(most - len(rows))).mappings()
            if len(rows) == most:
                break
        return rows
    rows += rows_alike(
        session, statement, ("page", sort, id_key, few, most), lambda: next(steps()).limit(most)
    )
    if few is None and len(rows) < most and _Way.of(statement, sort, id_key, None).nullable:
        for query in islice(steps(), 1, None):
            rows += session.execute(query.limit(most - len(rows))).mappings()
    return rows


@dataclass(frozen=True)
class _Way:
    """Where a page begins and which way it goes."""

    statement: "Select[Any]"
    identity: "ColumnElement[Any]"
    column: "ColumnElement[Any]"
    place: tuple[str, Any, Any] | None
    descending: bool
    nullable: bool
    by_id: bool

    @classmethod
    def of(cls, statement: "Select[Any]", sort: str, id_key: str, cursor: str | None) -> "_Way":
        column, place, by_id = (
            expression(statement, sort.lstrip("-")),
            _decode(cursor),
            sort.lstrip("-") == id_key,
        )
        backwards = place is not None and place[0] == "b"
        return cls(
            statement,
            expression(statement, id_key),
            column,
            place,
            sort.startswith("-") != backwards,
            not by_id and _may_be_null(column, statement),
            by_id,
        )

    @property
    def backwards(self) -> bool:
        return self.place is not None and self.place[0] == "b"

    def along_index(self, *, keys_only: bool = False) -> "Iterator[Select[Any]]":
        """Every column, or sort value and key only, in the order of the sort's index.

        From a place deep inside PostgreSQL would merge with all rows of a joined table, from its first. Rows without a sort value
        are a select of their own: no index has them behind all others in both directions.
        """
        query = walking(self.statement, self.column)
        ends = (self.column.label(SORT_VALUE), self.identity.label(_ID))
        query = lean(query, *ends) if keys_only else query.add_columns(*ends)
        if not self.nullable:
            yield self.from_here(query, self.column, self.identity)
            return
        here = self.place is not None and self.place[1] is None
        parts = [(self.column.is_not(None), False), (self.column.is_(None), True)]
        for condition, empty in reversed(parts) if self.backwards else parts:
            if self.place is None or empty == here:
                way = replace(self, nullable=False, by_id=empty)
            elif empty != self.backwards:
                way = replace(self, nullable=False, by_id=empty, place=None)
            else:
                continue
            yield way.from_here(query.where(condition), self.column, self.identity)

    def among_few(self, few: int) -> "Iterator[Select[Any]]":
        """Sort value and key only, of what the conditions find, with how many that are.

        The limit keeps the database from walking the sort instead. What is found is named once and asked twice, so that it is
        found once: finding is what takes long. A range is found along its index: PostgreSQL would read the table, taking rows of
        the range to lie all over it.
        """
        found = lean(self.statement, self.column.label(SORT_VALUE), self.identity.label(_ID)).limit(few)
        along = ranged(conditions_of(self.statement))
        inner = (found if along is None else found.order_by(along)).cte("found")
        total = select(func.count()).select_from(inner).scalar_subquery()
        yield self.from_here(select(inner, total.label(_TOTAL)), inner.c[SORT_VALUE], inner.c[_ID])

    def from_here(
        self, query: "Select[Any]", column: "ColumnElement[Any]", identity: "ColumnElement[Any]"
    ) -> "Select[Any]":
        if self.place is not None:
            query = query.where(
                _after(
                    column,
                    identity,
                    *self.place[1:],
                    self.descending,
                    self.backwards,
                    self.nullable,
                    self.by_id,
                )
            )
        query = query.order_by(None)
        if not self.by_id:
            if self.nullable:
                query = query.order_by(column.is_(None).desc() if self.backwards else column.is_(None))
            query = query.order_by(column.desc() if self.descending else column.asc())
        return query.order_by(identity.desc() if self.descending else identity.asc())


def _whole(session: Session, statement: "Select[Any]", id_key: str, keys: Sequence[Any]) -> list[RowMapping]:
    """The rows with these keys and all their columns, in this order. What the keys were found by is not asked again."""

    def whole() -> "Select[Any]":
        every = statement._generate()
        every._where_criteria = ()
        identity = expression(statement, id_key)
        among = bindparam("keys", expanding=True, type_=identity.type)
        return every.add_columns(identity.label(_ID)).order_by(None).where(identity.in_(among))

    found = {row[_ID]: row for row in rows_alike(session, statement, ("whole", id_key), whole, keys=keys)}
    return [found[key] for key in keys if key in found]


def _after(
    column: "ColumnElement[Any]",
    identity: "ColumnElement[Any]",
    value: Any,
    key: Any,
    descending: bool,
    backwards: bool,
    nullable: bool,
    by_id: bool,
) -> "ColumnElement[bool]":
    beyond_id: ColumnElement[bool] = identity < key if descending else identity > key
    if by_id:
        return beyond_id
    if value is None:
        same = and_(column.is_(None), beyond_id)
        return or_(column.is_not(None), same) if backwards else same
    at = literal(_typed(column, value), column.type)
    if not nullable:
        here = tuple_(at, literal(key, identity.type))
        return tuple_(column, identity) < here if descending else tuple_(column, identity) > here
    beyond = column < at if descending else column > at
    parts = [beyond, and_(column == at, beyond_id)]
    return or_(*parts) if backwards else or_(*parts, column.is_(None))


def _may_be_null(column: "ColumnElement[Any]", statement: "Select[Any]") -> bool:
    if any(_is_there(part, column) for part in conditions_of(statement)):
        return False
    if not isinstance(column, TableColumn) or column.nullable:
        return True
    optional: set[FromClause] = set()
    for clause in froms_of(statement):
        _optional_tables(clause, optional)
    return column.table in optional


def _is_there(condition: "ColumnElement[Any]", column: "ColumnElement[Any]") -> bool:
    """Whether a condition says that the column has a value."""
    asks = isinstance(condition, BinaryExpression) and condition.operator is operators.is_not
    return asks and isinstance(condition.right, Null) and same(condition.left, column)


def _optional_tables(clause: FromClause, found: set[FromClause]) -> None:
    if not isinstance(clause, Join):
        return
    if clause.full:
        found.update(_tables(clause.left))
    if clause.isouter or clause.full:
        found.update(_tables(clause.right))
    _optional_tables(clause.left, found)
    _optional_tables(clause.right, found)


def _tables(clause: FromClause) -> list[FromClause]:
    return [*_tables(clause.left), *_tables(clause.right)] if isinstance(clause, Join) else [clause]


def _typed(column: "ColumnElement[Any]", value: Any) -> Any:
    enum_class = getattr(column.type, "enum_class", None)
    return enum_class(value) if enum_class is not None and not isinstance(value, Enum) else value


def _encode(direction: str, value: Any, key: Any) -> str:
    raw = value.value if isinstance(value, Enum) else value
    if isinstance(raw, datetime):
        packed: list[Any] = ["t", raw.isoformat()]
    elif isinstance(raw, date):
        packed = ["d", raw.isoformat()]
    elif isinstance(raw, Decimal):
        packed = ["n", str(raw)]
    elif raw is None or isinstance(raw, int | float | str):
        packed = ["", raw]
    else:
        packed = ["", str(raw)]
    text = json.dumps([direction, *packed, key], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_at(value: Any, key: Any) -> str:
    """The cursor of the page after the row with this sort value and key."""
    return _encode("f", value, key)


def leads_into(statement: "Select[Any]", sort: str, cursor: str | None, id_key: str = "id") -> bool:
    """Whether the text is a cursor of a list sorted so; pages ignore one that is none, REST refuses it."""
    place = _decode(cursor)
    if place is None:
        return False
    _direction, value, key = place
    column, identity = expression(statement, sort.lstrip("-")), expression(statement, id_key)
    return _may_stand_in(identity, key) and (value is None or _may_stand_in(column, value))


def _may_stand_in(column: "ColumnElement[Any]", value: Any) -> bool:
    """Whether a column of this type may hold the value: the cursor of another sort holds something else."""
    kind = getattr(column.type, "impl", column.type)
    try:
        _typed(column, value)
        wanted = kind.python_type
    except NotImplementedError:
        return True
    except ValueError:
        return False
    if issubclass(wanted, Enum | str):
        return isinstance(value, str)
    if issubclass(wanted, datetime):
        return isinstance(value, datetime) and (
            value.tzinfo is not None or not isinstance(column.type, UtcDateTime)
        )
    if issubclass(wanted, date):
        return isinstance(value, date) and not isinstance(value, datetime)
    if issubclass(wanted, int | float | Decimal):
        return isinstance(value, int | float | Decimal) and -_LARGEST <= value <= _LARGEST
    return True


def _decode(cursor: str | None) -> tuple[str, Any, Any] | None:
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        direction, kind, raw, key = json.loads(text)
        value = _READERS[kind](raw)
    except (binascii.Error, KeyError, ValueError, TypeError, ArithmeticError):
        return None
    if direction not in ("f", "b") or isinstance(key, bool) or not isinstance(key, int | str):
        return None
    return direction, value, key


_READERS: dict[str, Callable[[Any], Any]] = {
    "": lambda raw: raw,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "n": Decimal,
}
