"""Stable human numbers: `C000123` for customers, `S000456` for services. Gaps are allowed; reuse is not.

Operators give each kind the form they like (`trunkline.numbering`). The count of a kind only ever goes on, whatever form its
numbers have, unless it begins anew each year or month, which then stands in the number. A form has no figures before the count
but a year, a month or a day: so each count can be read from its number, and no two numbers of a kind are ever the same.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, func, or_, select
from sqlmodel import Field, Session, SQLModel

from trunkline.clock import Clock, utc_now
from trunkline.db.upserting import insert_into
from trunkline.errors import Refused
from trunkline.i18n import gettext as _

#: Letters and hyphens that a number may begin with.
LONGEST_PREFIX = 5
#: Columns of numbers hold 20 signs; one is left for a count that grows.
LONGEST = 19
_MOST_FIGURES = 9
_CLOCK = "trunkline_clock"
#: As a number of any shape may be typed.
_TYPED = re.compile(r"([A-Z][A-Z-]*((\d{4}|\d{6}|\d{8})-)?|\d{8}-)\d+", re.ASCII)


class Restart(StrEnum):
    """When a count begins anew; the year or the month is part of the number then."""

    NEVER = "never"
    YEAR = "year"
    MONTH = "month"


@dataclass(frozen=True)
class Shape:
    """What numbers of a kind look like: `C000123`, with the year `C-2026-000123`, with the month `C-202611-000123`, or for each
    day `20261122-000123`."""

    prefix: str
    width: int
    with_year: bool = False
    by_day: bool = False
    restart: Restart = Restart.NEVER

    def write(self, count: int, day: date) -> str:
        """The number of this count that is given on `day`."""
        when = f"{day:{self._when}}-" if self._when else ""
        return f"{self.prefix}{when}{count:0{self.width}d}"

    def period(self, day: date) -> str:
        """The span around `day` that has a count of its own; empty where one count goes on for ever."""
        return f"{day:{self._when}}" if self.by_day or self.restart is not Restart.NEVER else ""

    def read(self, number: str) -> tuple[str, int] | None:
        """The year, month or day within a number of this shape (if any) and its count; None when it looks otherwise."""
        figures = rf"(\d{{{self.width},{_MOST_FIGURES}}})"
        found = re.fullmatch(self._before_count + figures, number, re.ASCII)
        return (found.group(1), int(found.group(2))) if found and len(number) <= LONGEST else None

    def in_full(self, typed: str) -> str:
        """The number of this shape that was typed without some of its zeros; empty when it is none."""
        found = re.fullmatch(rf"{self._before_count}(\d{{1,{_MOST_FIGURES}}})", typed, re.ASCII)
        return f"{typed[: found.start(2)]}{int(found.group(2)):0{self.width}d}" if found else ""

    @property
    def _when(self) -> str:
        if self.by_day:
            return "%Y%m%d"
        if self.restart is Restart.MONTH:
            return "%Y%m"
        return "%Y" if self.with_year or self.restart is Restart.YEAR else ""

    @property
    def _before_count(self) -> str:
        figures = {"%Y%m%d": 8, "%Y%m": 6, "%Y": 4}.get(self._when)
        return re.escape(self.prefix) + (rf"(\d{{{figures}}})-" if figures else "()")


@dataclass(frozen=True)
class Kind:
    """A kind of numbers as its package declares it."""

    name: str
    label: str
    shape: Shape
    #: Accountants and tax offices want every count to be there.
    gapless: bool = False
    #: Whether a reseller's customers may have numbers of a form, and a count, of their own.
    by_reseller: bool = False


_KINDS: dict[str, Kind] = {}


class Counter(SQLModel, table=True):
    """The last number given out per kind, and what numbers look like from now on; the row lock serialises takers."""

    __tablename__ = "core_counter"

    kind: str = Field(primary_key=True, max_length=40)
    last: int
    #: None while the kind has the shape that its package declares.
    prefix: str | None = Field(default=None, max_length=LONGEST_PREFIX)
    width: int | None = None
    with_year: bool | None = None
    #: `year` or `month` while each of them has a count of its own, in a row `<kind>:<period>`; None: one count goes on.
    restart: str | None = Field(default=None, max_length=5)
    #: How often the shape was changed; None: never.
    shape_version: int | None = None


_COUNTERS = Counter.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_SHAPE = (_COUNTERS.c.prefix, _COUNTERS.c.width, _COUNTERS.c.with_year, _COUNTERS.c.restart)
_CHOSEN_SHAPES = select(_COUNTERS.c.kind, *_SHAPE).where(_COUNTERS.c.prefix.is_not(None))
_OWN_SHAPE = select(*_SHAPE).where(_COUNTERS.c.kind == bindparam("kind"))


@cache
def _statements(dialect: str) -> tuple[Any, Any]:
    """Count on by `last`, and raise to `last`; each gives the new number and makes the counter where there is none.

    One statement, so that two who take the very first number do not both insert the row. A count that begins anew each year or
    month is not here but in that one's row: of this one only the shape is read, and its lock kept.
    """
    insert = insert_into(_COUNTERS, dialect)
    wanted, now = insert.excluded.last, _COUNTERS.c.last

    def or_set(raised: Any) -> Any:
        change = insert.on_conflict_do_update(index_elements=["kind"], set_={"last": raised})
        return change.returning(now, *_SHAPE)

    goes_on = case((_COUNTERS.c.restart.is_(None), now + wanted), else_=now)
    return or_set(goes_on), or_set(case((now < wanted, wanted), else_=now))


def register(
    kind: str,
    prefix: str,
    width: int = 6,
    *,
    label: str = "",
    gapless: bool = False,
    by_day: bool = False,
    by_reseller: bool = False,
) -> None:
    """Give numbers of `kind` their shape, until an operator chooses another. `label` names what has them, in the plural.

    With `by_day` they hold their day, and the count begins anew each day. With `by_reseller` whoever takes one says whose
    customer it is for, so that a reseller's may look otherwise. A second registration must agree with the first.
    """
    name = label or kind.replace("_", " ").capitalize()
    found = Kind(kind, name, Shape(prefix, width, by_day=by_day), gapless, by_reseller)
    if _KINDS.setdefault(kind, found).shape != found.shape:
        raise ValueError(f"numbers of kind {kind} already look different")


def kinds() -> list[Kind]:
    """Every kind that has been registered."""
    return list(_KINDS.values())


def tell_time(session: Session, clock: Clock, zone: tzinfo) -> None:
    """Have numbers of this session that hold a year or a day hold that of `clock` in the operator's zone."""
    session.info[_CLOCK] = clock, zone


def day_of(session: Session) -> date:
    """The day whose year or date new numbers of this session hold."""
    clock, zone = session.info.get(_CLOCK, (utc_now, None))
    now: datetime = clock()
    return now.astimezone(zone).date()


def next_number(session: Session, kind: str, reseller_id: int | None = None) -> str:
    """The next number of `kind`, taken under its row lock; for a reseller's customer in the form of that reseller, if any."""
    return take_numbers(session, kind, 1, reseller_id)[0]


def take_numbers(session: Session, kind: str, count: int, reseller_id: int | None = None) -> list[str]:
    """`count` numbers in a row, for bulk work."""
    return _taken(session, kind, _series(session, kind, reseller_id), count)


def take_for(session: Session, kind: str, resellers: Sequence[int | None]) -> list[str]:
    """A number for each of many, in their order, by whose customer it is for."""
    series = {reseller: _series(session, kind, reseller) for reseller in set(resellers)}
    wanted = [series[reseller] for reseller in resellers]
    # In one order for everybody, or two who take numbers at once would wait for each other's rows.
    taken = {one: iter(_taken(session, kind, one, wanted.count(one))) for one in sorted(set(wanted))}
    return [next(taken[one]) for one in wanted]


def _taken(session: Session, kind: str, series: str, count: int) -> list[str]:
    declared, day = _KINDS[kind].shape, day_of(session)
    if declared.by_day:
        last, shape = _count_on(session, row_of(kind, declared, day), count)[0], shape_of(session, kind)
    else:
        last, *own = _count_on(session, series, count)
        shape = shape_with(declared, *own)
        if shape.period(day):
            last = _count_on(session, row_of(series, shape, day), count)[0]
    return [shape.write(n, day) for n in range(last - count + 1, last + 1)]


def series_of(kind: str, reseller_id: int | None) -> str:
    """The row of the numbers of `kind` that a reseller's customers have of their own, of everybody else's without a reseller."""
    return kind if reseller_id is None else f"{kind}@{reseller_id}"


def _series(session: Session, kind: str, reseller_id: int | None) -> str:
    """The row whose numbers are given to a reseller's customers: the operator's while the reseller has no form of their own."""
    if reseller_id is None:
        return kind
    series = series_of(kind, reseller_id)
    row = session.connection().execute(_OWN_SHAPE, {"kind": series}).first()
    return kind if row is None or row.prefix is None else series


def row_of(kind: str, shape: Shape, day: date) -> str:
    """The counter that numbers of this shape are counted by on `day`."""
    period = shape.period(day)
    return f"{kind}:{period}" if period else kind


def shape_of(session: Session, kind: str, reseller_id: int | None = None) -> Shape:
    """What numbers of `kind` look like from now on."""
    series = _series(session, kind, reseller_id)
    row = session.connection().execute(_OWN_SHAPE, {"kind": series}).first()
    return shape_with(_KINDS[kind].shape, *row) if row else _KINDS[kind].shape


def shape_with(
    declared: Shape, prefix: str | None, width: int | None, with_year: bool | None, restart: str | None
) -> Shape:
    """`declared` with what an operator chose instead, if anything."""
    if prefix is None or width is None:
        return declared
    begins_anew = Restart(restart or Restart.NEVER)
    return replace(declared, prefix=prefix, width=width, with_year=bool(with_year), restart=begins_anew)


def _count_on(session: Session, kind: str, by: int) -> Any:
    connection = session.connection()
    count_on, _raise_to = _statements(connection.dialect.name)
    return connection.execute(count_on, {"kind": kind, "last": by}).one()


def example(session: Session, kind: str) -> str:
    """A number as people may type it, for sentences that ask for one."""
    return shape_of(session, kind).write(123, day_of(session))


def count_in(number: str) -> str:
    """The count within a number of any shape, without zeros in front: what people say of it."""
    return number[len(number.rstrip("0123456789")) :].lstrip("0")


def in_full(session: Session, wanted: Collection[str], text: str) -> dict[str, list[str]]:
    """By kind, the numbers that may be meant by what somebody typed, with or without zeros and in any case.

    A kind is left out when it is none of its numbers. What was given in an earlier form is found as it was written.
    """
    typed = text.strip().upper()
    if not _TYPED.fullmatch(typed):
        return {}
    rows = session.connection().execute(_CHOSEN_SHAPES)
    chosen: dict[str, list[Any]] = {}
    for series, *own in rows:
        chosen.setdefault(series.partition("@")[0], []).append(own)
    found = {}
    for kind in wanted:
        declared = _KINDS[kind].shape
        shapes = [*(shape_with(declared, *own) for own in chosen.get(kind, ())), declared]
        numbers = [typed] if kind in chosen else []
        numbers += filter(None, (shape.in_full(typed) for shape in shapes))
        if numbers:
            found[kind] = list(dict.fromkeys(numbers))
    return found


def claim_number(session: Session, kind: str, number: str, reseller_id: int | None = None) -> None:
    """Use a number that came from elsewhere (an import): later ones are given out above it.

    Raises Refused when it looks neither like a number of `kind` as it is now, the reseller's or the operator's, nor as its
    package declares it.
    """
    for series in dict.fromkeys((_series(session, kind, reseller_id), kind)):
        if _claimed(session, kind, series, number):
            return
    example = shape_of(session, kind, reseller_id).write(1, day_of(session))
    raise Refused(
        _("“{number}” does not look like a number of this kind.", number=number),
        field="number",
        remedy=_("Write it as {example}, or leave it empty.", example=example),
    )


def _claimed(session: Session, kind: str, series: str, number: str) -> bool:
    row = session.connection().execute(_OWN_SHAPE, {"kind": series}).first()
    now = shape_with(_KINDS[kind].shape, *row) if row else _KINDS[kind].shape
    goes_on = replace(now, restart=Restart.NEVER)
    shapes = [now, replace(goes_on, with_year=True), replace(goes_on, with_year=False)]
    if series == kind:
        shapes.append(_KINDS[kind].shape)
    found = next((read for shape in shapes if (read := shape.read(number)) is not None), None)
    if found is None:
        return False
    period, count = found
    # The row of the form first, as who takes numbers locks it.
    raise_count(session, series, 0 if period and now.restart is not Restart.NEVER else count)
    # A number with a year or month counts there, too, should its count ever begin anew.
    if period:
        raise_count(session, f"{series}:{period}", count)
    return True


def highest_count(session: Session, kind: str) -> int:
    """The highest count that numbers of `kind` ever had, in whatever year or month."""
    column = _COUNTERS.c.kind
    of_kind = or_(column == kind, column.startswith(f"{kind}:", autoescape=True))
    return session.connection().execute(select(func.max(_COUNTERS.c.last)).where(of_kind)).scalar() or 0


def raise_count(session: Session, kind: str, last: int) -> int:
    """Go on above `last`, unless the count is there already; returns the last one given out, and locks its row until the end."""
    connection = session.connection()
    _count_on_by, raise_to = _statements(connection.dialect.name)
    now: int = connection.execute(raise_to, {"kind": kind, "last": last}).scalar_one()
    return now
