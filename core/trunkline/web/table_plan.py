"""How a list's select is asked, so that a page costs the same among a thousand rows and among a million.

A database that has no statistics (SQLite in most installations) guesses wrong where a filter and a sort each have an index. The
count says which of them leads: few matches are found by their filters and then sorted; many are met soon by walking the sort's
index. Joins that only bring names are left out of what counts and finds.
"""

from collections.abc import Hashable, Iterable, Sequence
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    Alias,
    BindParameter,
    Column,
    ColumnElement,
    FromClause,
    Join,
    Select,
    Table,
    and_,
    literal,
    select,
    true,
)
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList, False_, True_

Statement = Select[Any]
_KEPT = "_trunkline_froms"
#: So many ways of joining are known; beyond that they are asked for anew.
_WAYS = 200
_ways: dict[Hashable, Sequence[FromClause]] = {}
_UPPER = frozenset({operators.lt, operators.le})
_RANGES = _UPPER | {operators.gt, operators.ge}


def conditions_of(statement: Statement) -> list[ColumnElement[Any]]:
    """The parts of a select's WHERE that all hold."""
    return _parts(statement.whereclause)


def froms_of(statement: Statement) -> Sequence[FromClause]:
    """What a joined select reads from; nothing for one without joins.

    Its conditions, which only narrow, are left aside: some are written for one database. So are its columns but the first,
    because SQLAlchemy compiles the select to answer: the answer stays with the select and all that are made of it, and is known
    of the next that joins the same.
    """
    if not statement._setup_joins and not statement._from_obj:
        return ()
    kept = statement.__dict__.get(_KEPT)
    if kept is not None and kept[0] is statement._setup_joins and kept[1] is statement._from_obj:
        found: Sequence[FromClause] = kept[2]
        return found
    found = _froms_asked(statement)
    statement.__dict__[_KEPT] = (statement._setup_joins, statement._from_obj, found)
    return found


def _froms_asked(statement: Statement) -> Sequence[FromClause]:
    first = next(iter(statement.selected_columns))
    way = _way_of_joining(statement, first)
    if way is not None and (kept := _ways.get(way)) is not None:
        return kept
    bare = statement.with_only_columns(first)
    bare._where_criteria = ()
    found = bare.order_by(None).get_final_froms()
    if way is not None:
        if len(_ways) >= _WAYS:
            _ways.clear()
        _ways[way] = found
    return found


def _way_of_joining(statement: Statement, first: ColumnElement[Any]) -> Hashable | None:
    """The same for selects that join the very same tables on the same conditions; None where a condition has values.

    What is read from is known by itself, not by its shape: two aliases of one table look alike.
    """
    way: list[Hashable] = [*map(hash, statement._from_obj)]
    speaks_of = [first]
    for target, condition, source, flags in statement._setup_joins:
        if not isinstance(condition, ColumnElement):
            return None
        key = condition._generate_cache_key()
        if key is None or key.bindparams or key.params:
            return None
        speaks_of.append(condition)
        way.append((hash(target), key.key, hash(source), *flags.items()))
    return *way, frozenset(_tables(speaks_of))


def lean(statement: Statement, *columns: ColumnElement[Any]) -> Statement:
    """A select of these columns for the same rows, without the joins that neither they nor the conditions need.

    Only joins that keep the number of rows are left out: along a key that is unique on the other side, and that is either
    always there or joined from outside.
    """
    conditions = conditions_of(statement)
    froms = froms_of(statement)
    plain = statement.with_only_columns(*columns).order_by(None)
    if len(froms) != 1 or not isinstance(froms[0], Join) or statement._group_by_clauses:
        return plain
    clause = _without_idle_joins(froms[0], [*columns, *conditions])
    return plain if clause is froms[0] else select(*columns).select_from(clause).where(*conditions)


def walking(statement: Statement, sort: ColumnElement[Any]) -> Statement:
    """The same rows, found by walking the index of `sort`: no other condition may choose an index of its own.

    A condition on the sort's own column may, and an equality whose index goes on with that column.
    """
    conditions = conditions_of(statement)
    if not conditions or not isinstance(sort, Column):
        return statement
    hidden = [part if _fits(part, sort) else part.is_(true()) for part in conditions]
    changed = statement._generate()
    changed._where_criteria = (and_(*hidden),)
    return changed


def chosen_elsewhere(condition: ColumnElement[Any]) -> tuple[ColumnElement[Any], Statement] | None:
    """The column and the select of `column IN (SELECT …)` about other tables; None of any other condition."""
    if not isinstance(condition, BinaryExpression) or condition.operator is not operators.in_op:
        return None
    inner: Any = condition.right
    while not isinstance(inner, Select):
        inner = getattr(inner, "element", None)
        if inner is None:
            return None
    column = condition.left
    parts: list[Any] = [inner]
    if not isinstance(column, Column) or hash(column.table) in _tables(parts):
        return None
    return column, inner


def on_row(condition: ColumnElement[Any]) -> ColumnElement[Any]:
    """The condition as it is asked of one row after another: no index is chosen by it, and nothing gathered for all of them."""
    found = chosen_elsewhere(condition)
    if found is None:
        return condition.is_(true())
    column, inner = found
    (wanted,) = inner.selected_columns
    # Not EXISTS: PostgreSQL may gather all that the select finds at all, to look each row up among them.
    here = inner.where(wanted == column).with_only_columns(literal(1)).correlate(column.table).limit(1)
    return here.scalar_subquery().is_not(None)


def ranged(conditions: Iterable[ColumnElement[Any]]) -> ColumnElement[Any] | None:
    """The indexed column of which one of the conditions asks for a range, in the order that begins at the end that it names.

    One that has two ends comes before those that have one: fewer are between. Rows of the range lie beside each other in its
    index, but all over the table, or all at its end. What else is asked for is met sooner near the end that was named: of what
    was issued until a day, little is due after it, and that little came last.
    """
    open_ended: ColumnElement[Any] | None = None
    every = [part for condition in conditions for part in _parts(condition)]
    parts = [part for part in every if isinstance(part, BinaryExpression) and part.operator in _RANGES]
    for part in parts:
        column = part.left
        if isinstance(column, Column) and _leads_index(column):
            ends = {one.operator for one in parts if same(one.left, column)}
            if ends & _UPPER and ends - _UPPER:
                return column
            if open_ended is None:
                open_ended = column.desc() if ends <= _UPPER else column
    return open_ended


def led_by(
    leading: int, conditions: Sequence[ColumnElement[Any]], most: int | None = None
) -> list[ColumnElement[Any]]:
    """The conditions, of which only the leading one may choose an index, and no more than `most` are gathered for it."""
    first = conditions[leading] if most is None else at_most(conditions[leading], most)
    return [first if place == leading else on_row(one) for place, one in enumerate(conditions)]


def together(conditions: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]] | None:
    """The conditions, led by those of their values that begin one index together; None where no index has two of them.

    SQLite would rather take an index that has one of the values and a range, which leaves more.
    """
    parts = [part for condition in conditions for part in _parts(condition)]
    asked = {hash(part.left): part.left for part in parts if _values(part) is not None}
    best: frozenset[int] = frozenset()
    for index in {index for column in asked.values() for index in getattr(column.table, "indexes", ())}:
        begins = frozenset(map(hash, takewhile(lambda column: hash(column) in asked, index.columns)))
        best = max(best, begins, key=len)
    if len(best) < 2:
        return None
    leading = [hash(getattr(part, "left", None)) in best and _values(part) is not None for part in parts]
    return [part if leads else on_row(part) for part, leads in zip(parts, leading, strict=True)]


def leads(conditions: Sequence[ColumnElement[Any]]) -> list[int]:
    """The places of the conditions that are worth leading, best first.

    What is gathered elsewhere is bounded, a range is begun at its end, of a value all rows may have to be read. What is only not
    to be leads nowhere.
    """

    def rank(place: int) -> int:
        if chosen_elsewhere(conditions[place]) is not None:
            return 0
        return 2 if ranged([conditions[place]]) is None else 1

    return sorted((place for place, one in enumerate(conditions) if not _only_excludes(one)), key=rank)


def _only_excludes(condition: ColumnElement[Any]) -> bool:
    return all(
        isinstance(part, BinaryExpression) and part.operator in (operators.ne, operators.not_in_op)
        for part in _parts(condition)
    )


def exclude_each_other(conditions: Iterable[ColumnElement[Any]]) -> bool:
    """Whether one column is asked to have different values at once: a database reads all of one to find none of the other."""
    allowed: dict[int, frozenset[Any]] = {}
    for condition in conditions:
        for part in _parts(condition):
            values = _values(part)
            if values is None:
                continue
            column = hash(part.left)
            allowed[column] = allowed.get(column, values) & values
            if not allowed[column]:
                return True
    return False


def _values(part: ColumnElement[Any]) -> frozenset[Any] | None:
    """What a condition leaves its column; None of one that is no list of values."""
    if not isinstance(part, BinaryExpression) or not isinstance(part.left, Column):
        return None
    wanted = part.right
    if isinstance(wanted, True_ | False_) and part.operator in (operators.is_, operators.eq):
        return frozenset({isinstance(wanted, True_)})
    if not isinstance(wanted, BindParameter):
        return None
    values = wanted.effective_value if part.operator is operators.in_op else [wanted.effective_value]
    if part.operator not in (operators.eq, operators.in_op) or not isinstance(values, list | tuple):
        return None
    return frozenset(values) if all(isinstance(value, str | int) for value in values) else None


def at_most(condition: ColumnElement[Any], most: int) -> ColumnElement[Any]:
    """The condition, of whose rows elsewhere no more than so many are gathered."""
    found = chosen_elsewhere(condition)
    return condition if found is None else found[0].in_(found[1].distinct().limit(most))


def _parts(clause: ColumnElement[Any] | None) -> list[ColumnElement[Any]]:
    if clause is None:
        return []
    if isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
        return [part for inner in clause.clauses for part in _parts(inner)]
    return [clause]


def _fits(part: ColumnElement[Any], sort: "Column[Any]") -> bool:
    columns = {column for column in _columns([part]) if same(column.table, sort.table)}
    if columns == {sort}:
        return True
    if not isinstance(part, BinaryExpression) or part.operator is not operators.eq or len(columns) != 1:
        return False
    (column,) = columns
    return any([*index.columns][:2] == [column, sort] for index in sort.table.indexes)


def _leads_index(column: "Column[Any]") -> bool:
    indexes: Iterable[Any] = getattr(column.table, "indexes", ())
    return any(same(next(iter(index.columns), None), column) for index in indexes)


def _without_idle_joins(clause: FromClause, used: Sequence[ColumnElement[Any]]) -> FromClause:
    if not isinstance(clause, Join) or clause.full:
        return clause
    onclause = [clause.onclause] if clause.onclause is not None else []
    if hash(clause.right) not in _tables(used) and _keeps_rows(clause):
        return _without_idle_joins(clause.left, used)
    left = _without_idle_joins(clause.left, [*used, *onclause])
    if left is clause.left:
        return clause
    return left.join(clause.right, clause.onclause, isouter=clause.isouter)


def _keeps_rows(clause: Join) -> bool:
    on = clause.onclause
    if not isinstance(clause.right, Table | Alias) or not isinstance(on, BinaryExpression):
        return False
    if on.operator is not operators.eq:
        return False
    far, near = on.left, on.right
    if not same(getattr(far, "table", None), clause.right):
        far, near = near, far
    if not isinstance(far, Column) or not same(far.table, clause.right):
        return False
    if not (far.primary_key or far.unique):
        return False
    if clause.isouter:
        return True
    return (
        isinstance(near, Column)
        and not near.nullable
        and any(same(key.column, own) for key in near.foreign_keys for own in far.base_columns)
    )


def _columns(expressions: Iterable[ColumnElement[Any]]) -> "Iterable[Column[Any]]":
    for expression in expressions:
        for element in visitors.iterate(expression):
            if isinstance(element, Column):
                yield element


def _tables(expressions: Iterable[ColumnElement[Any]]) -> set[int]:
    """Hashes of the tables that the expressions speak of."""
    found: set[int] = set()
    for expression in expressions:
        for element in visitors.iterate(expression):
            table = getattr(element, "table", None)
            if isinstance(table, FromClause):
                found.add(hash(table))
            elif isinstance(element, FromClause):
                found.add(hash(element))
    return found


def same(one: object, other: object) -> bool:
    """Whether both are the same table or column: SQLAlchemy annotates copies of them, which keep the hash."""
    return hash(one) == hash(other)
