"""Stable human numbers: `C000123` for customers, `S000456` for services. Gaps are allowed; reuse is not."""

from typing import Any

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel

from trunkline.errors import Refused

#: Prefix and width by kind; a plugin adds its kinds with `register`.
_SHAPES: dict[str, tuple[str, int]] = {"customer": ("C", 6), "job": ("J", 6)}


class Counter(SQLModel, table=True):
    """The last number given out per kind; the row lock serialises takers."""

    __tablename__ = "core_counter"

    kind: str = Field(primary_key=True, max_length=40)
    last: int


_COUNTERS = Counter.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it


def _statements(dialect: Any) -> tuple[Any, Any]:
    """Count on by `last`, and raise to `last`; each gives the new number and makes the counter where there is none.

    One statement, so that two who take the very first number do not both insert the row.
    """
    insert = dialect.insert(_COUNTERS)
    wanted, now = insert.excluded.last, _COUNTERS.c.last

    def or_set(raised: Any) -> Any:
        change = insert.on_conflict_do_update(index_elements=["kind"], set_={"last": raised})
        return change.returning(now)

    return or_set(now + wanted), or_set(case((now < wanted, wanted), else_=now))


_TAKE, _CLAIM = (
    dict(zip(("sqlite", "postgresql"), both, strict=True))
    for both in zip(_statements(sqlite), _statements(postgresql), strict=True)
)


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
    last = _raise(session, _TAKE, kind, count)
    return [f"{prefix}{n:0{width}d}" for n in range(last - count + 1, last + 1)]


def next_of_series(session: Session, series: str) -> int:
    """The next number of a series that shapes its numbers itself, such as one for each day, taken under its row lock."""
    return _raise(session, _TAKE, series, 1)


def _raise(session: Session, statements: dict[str, Any], kind: str, last: int) -> int:
    connection = session.connection()
    statement = statements[connection.dialect.name]
    number: int = connection.execute(statement, {"kind": kind, "last": last}).scalar_one()
    return number


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
    claimed = int(digits)
    _raise(session, _CLAIM, kind, claimed)
