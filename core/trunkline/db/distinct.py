"""The different values of a column that many rows share."""

from typing import Any

from sqlalchemy import Select, func, select


def each_value(column: Any) -> Select[*tuple[Any, ...]]:
    """Every different value of an indexed column, in order: one look into the index each, where DISTINCT reads all of it."""
    values = select(func.min(column).label("value")).cte("each_value", recursive=True)
    following = select(func.min(column)).where(column > values.c.value).scalar_subquery()
    values = values.union_all(select(following).where(values.c.value.is_not(None)))
    return select(values.c.value).where(values.c.value.is_not(None))
