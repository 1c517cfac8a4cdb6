"""Charts as data: what a query answers, a page draws, a file lists and REST sends, the same figures each time.

`web/drawing.py` makes the picture of it, the macro `ui.chart` the card around that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from babel import dates as _dates
from pydantic import BaseModel, Field

from trunkline import i18n
from trunkline.i18n.reader import babel_locale
from trunkline.money import Money

#: A figure as it is stored: a count, micro-units of money, seconds, bytes or a share of one. None where nothing was measured.
Figure = int | float | None


class Kind(StrEnum):
    """How it is drawn: lines over time, bars that stand on each other or beside each other, or the parts of a whole."""

    LINE = "line"
    BAR = "bar"
    BESIDE = "beside"
    PIE = "pie"


class Unit(StrEnum):
    """What the figures count."""

    COUNT = "count"
    MONEY = "money"
    SECONDS = "seconds"
    BYTES = "bytes"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Point:
    """A place along the axis, or a part of a pie: `key` for files and REST, `label` for the axis, `name` where there is room."""

    key: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Series:
    """The figures of one thing, one for each point; none below nought is drawn. `key` stands in files and REST.

    Each series has a colour of its own; `tone` (ok, warn, bad) is for those whose name is a state. A dashed line is told from a
    whole one without colours.
    """

    key: str
    label: str
    values: Sequence[Figure]
    dashed: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """At most seven series, for so many colours there are; a pie has one. `axis` heads the points in files."""

    kind: Kind
    axis: str
    points: Sequence[Point]
    series: Sequence[Series]
    unit: Unit = Unit.COUNT
    currency: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for one in self.series for value in one.values)

    def write(self, value: Figure) -> str:
        """A figure in the reader's language; a dash where nothing was measured."""
        if value is None:
            return "–"
        if self.unit is Unit.MONEY:
            return i18n.format_money(int(value), self.currency)
        if self.unit is Unit.SECONDS:
            return i18n.format_duration(value)
        if self.unit is Unit.SHARE:
            return i18n.format_percent(value, digits=1)
        return i18n.format_bytes(int(value)) if self.unit is Unit.BYTES else i18n.format_number(value)

    def plain(self, value: Figure) -> int | Decimal | None:
        """A figure for programs: money in whole units, seconds to the millisecond, shares to a ten-thousandth."""
        if value is None or isinstance(value, int):
            money = self.unit is Unit.MONEY and value is not None
            return Decimal(str(Money(value, self.currency))) if money and value is not None else value
        return Decimal(f"{value:.{4 if self.unit is Unit.SHARE else 3}f}")

    def rows(self) -> Iterator[tuple[Point, list[Figure]]]:
        """Each point with the figures of all series."""
        for at, point in enumerate(self.points):
            yield point, [one.values[at] for one in self.series]


class ChartSeriesOut(BaseModel):
    """One series of a chart."""

    key: str
    label: str
    values: list[int | Decimal | None] = Field(
        description="One figure for each point; null where nothing was measured."
    )


class ChartPointOut(BaseModel):
    """One point of a chart."""

    key: str = Field(
        description="A moment (2026-11-23T08:15Z), a day (2026-11-23), a month (2026-11) or the code of a group."
    )
    name: str


class ChartOut(BaseModel):
    """The figures of a chart: money as amounts of `currency`, times in seconds, shares of one."""

    axis: str
    unit: Unit
    currency: str
    points: list[ChartPointOut]
    series: list[ChartSeriesOut]

    @classmethod
    def of(cls, chart: Chart) -> "ChartOut":
        """What REST says of a chart: the rows of its table."""
        return cls(
            axis=chart.axis,
            unit=chart.unit,
            currency=chart.currency,
            points=[ChartPointOut(key=one.key, name=one.name) for one in chart.points],
            series=[
                ChartSeriesOut(key=one.key, label=str(one.label), values=[chart.plain(v) for v in one.values])
                for one in chart.series
            ],
        )


def days(first: date, last: date) -> list[Point]:
    """A point for each day, both ends included."""
    place = babel_locale()
    return [
        Point(day.isoformat(), _dates.format_skeleton("MMMd", day, locale=place), i18n.format_date(day))
        for day in (first + timedelta(n) for n in range((last - first).days + 1))
    ]


def months(last: date, count: int) -> list[Point]:
    """A point for each of so many months up to that of `last`; their keys are as 2026-11."""
    place = babel_locale()
    numbers = range(last.year * 12 + last.month - count, last.year * 12 + last.month)
    firsts = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    return [
        Point(
            f"{day:%Y-%m}",
            _dates.format_date(day, "LLL", locale=place),
            _dates.format_skeleton("yMMMM", day, locale=place),
        )
        for day in firsts
    ]
