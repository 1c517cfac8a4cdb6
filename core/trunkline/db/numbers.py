"""Stable human numbers: `C000123` for customers, `S000456` for services. Gaps are allowed; reuse is not."""

from functools import cache
from typing import Any

from sqlalchemy import case
from sqlmodel import Field, Session, SQLModel

from trunkline.db.upserting import insert_into
from trunkline.errors import Refused

#: Prefix and width by kind; a plugin adds its kinds with `register`.
_SHAPES: dict[str, tuple[str, int]] = {"customer": ("C", 6), "job": ("J", 6)}


class Counter(SQLModel, table=True):
    """The last number given out per kind; the row lock serialises takers."""

    __tablename__ = "core_counter"

    kind: str = Field(primary_key=True, max_length=40)
    last: int


_COUNTERS = Counter.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it


@cache
def _statements(dialect: str) -> tuple[Any, Any]:
    """Count on by `last`, and raise to `last`; each gives the new number and makes the counter where there is none.

    One statement, so that two who take the very first number do not both insert the row.
    """
    insert = insert_into(_COUNTERS, dialect)
    wanted, now = insert.excluded.last, _COUNTERS.c.last

    def or_set(raised: Any) -> Any:
        change = insert.on_conflict_do_update(index_elements=["kind"], set_={"last": raised})
        return change.returning(now)

    return or_set(now + wanted), or_set(case((now < wanted, wanted), else_=now))


def register(kind: str, prefix: str, width: int = 6) -> None:
    """Give numbers of `kind` their shape. A second registration must agree with the first."""
    if _SHAPES.setdefault(kind, (prefix, width)) != (prefix, width):
        raise ValueError(f"numbers of kind {kind} already look different")


def next_number(session: Session, kind: str) -> str:
    """The next number of `kind`, taken under its row lock."""
    return take_numbers(session, kind, 1)[0]


def take_numbers(session: Session, kind: str, count: int) -> list[str]:
    """`count` numbers in a row, for bulk work."""
    prefix, width = _SHAPES[kind]
    last = _count_on(session, kind, count)
    return [f"{prefix}{n:0{width}d}" for n in range(last - count + 1, last + 1)]


def next_of_series(session: Session, series: str) -> int:
    """The next number of a series that shapes its numbers itself, such as one for each day, taken under its row lock."""
    return _count_on(session, series, 1)


def _count_on(session: Session, kind: str, by: int) -> int:
    connection = session.connection()
    count_on, _raise_to = _statements(connection.dialect.name)
    number: int = connection.execute(count_on, {"kind": kind, "last": by}).scalar_one()
    return number


def in_full(kind: str, text: str) -> str:
    """The number of `kind` that somebody typed, with or without its zeros and in any case; empty when it is none."""
    prefix, width = _SHAPES[kind]
    typed = text.strip().upper()
    digits = typed.removeprefix(prefix)
    if digits == typed or not digits.isascii() or not digits.isdecimal() or len(digits) > 15:
        return ""
    return f"{prefix}{int(digits):0{width}d}"


def claim_number(session: Session, kind: str, number: str) -> None:
    """Use a number that came from elsewhere (an import): later ones are given out above it.

    Raises Refused when it does not look like a number of `kind`.
    """
    prefix, width = _SHAPES[kind]
    digits = number.removeprefix(prefix)
    if not number.startswith(prefix) or not digits.isdecimal() or len(digits) < width or len(digits) > 15:
        raise Refused(
            f"“{number}” does not look like a number of this kind.",
            field="number",
            remedy=f"Write it as {prefix}{1:0{width}d}, or leave it empty.",
        )
    connection = session.connection()
    _count_on_by, raise_to = _statements(connection.dialect.name)
    connection.execute(raise_to, {"kind": kind, "last": int(digits)})
