"""Stable human numbers: `C000123` for customers, `S000456` for services. Gaps are allowed; reuse is not."""

from sqlmodel import Field, Session, SQLModel, col, select

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
    counter = session.scalars(select(Counter).where(col(Counter.kind) == kind).with_for_update()).one_or_none()
    if counter is None:
        counter = Counter(kind=kind, last=0)
        session.add(counter)
    first = counter.last + 1
    counter.last += count
    session.flush()
    return [f"{prefix}{n:0{width}d}" for n in range(first, first + count)]


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
    counter = session.scalars(select(Counter).where(col(Counter.kind) == kind).with_for_update()).one_or_none()
    if counter is None:
        session.add(Counter(kind=kind, last=int(digits)))
    else:
        counter.last = max(counter.last, int(digits))
    session.flush()
