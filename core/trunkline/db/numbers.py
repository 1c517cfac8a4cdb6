"""Stable human numbers: `C000123` for customers, `S000456` for services. Gaps are allowed; reuse is not."""

from sqlalchemy import ColumnElement, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from trunkline.errors import Refused

#: Prefix and width by kind; a plugin adds its kinds with `register`.
_SHAPES: dict[str, tuple[str, int]] = {"customer": ("C", 6), "job": ("J", 6), "contact_protocol": ("P", 8)}


class Counter(SQLModel, table=True):
    """The last number given out per kind; the row lock serialises takers."""

    __tablename__ = "core_counter"

    kind: str = Field(primary_key=True, max_length=40)
    last: int


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
    last = _raise(session, kind, count, col(Counter.last) + count)
    return [f"{prefix}{n:0{width}d}" for n in range(last - count + 1, last + 1)]


def _raise(session: Session, kind: str, first: int, raised: ColumnElement[int]) -> int:
    """Set the counter to `raised`, or to `first` where there is none: one statement, so that two who take the very first
    number do not both insert the row."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    last: int = session.execute(
        insert(Counter)
        .values(kind=kind, last=first)
        .on_conflict_do_update(index_elements=["kind"], set_={"last": raised})
        .returning(col(Counter.last))
    ).scalar_one()
    return last


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
    _raise(session, kind, claimed, case((col(Counter.last) < claimed, claimed), else_=col(Counter.last)))
