"""Billing months in the operator's zone, and exact proration by days."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from trunkline.errors import Refused
from trunkline.i18n import gettext as _


@dataclass(frozen=True, order=True)
class Period:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2026-11`. Raises Refused when it is no month."""
        try:
            day = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise Refused(
                _("“{text}” is no month.", text=text), field="period", remedy=_("Write it like 2026-11.")
            ) from None
        return cls(day.year, day.month)

    @classmethod
    def of(cls, day: date) -> Self:
        """The month that holds `day`."""
        return cls(day.year, day.month)

    @classmethod
    def at(cls, moment: datetime, zone: ZoneInfo) -> Self:
        """The month that it is at `moment` where the operator is."""
        return cls.of(moment.astimezone(zone).date())

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def days(self) -> int:
        return monthrange(self.year, self.month)[1]

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def next(self) -> "Period":
        return Period.of(self.last_day + timedelta(days=1))

    @property
    def previous(self) -> "Period":
        return Period.of(self.first_day - timedelta(days=1))

    def start(self, zone: ZoneInfo) -> datetime:
        """Its first moment, in UTC."""
        return midnight(self.first_day, zone)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first moment after it, in UTC."""
        return self.next.start(zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of `day` in `zone`, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day that it is at `moment` in `zone`."""
    return moment.astimezone(zone).date()


def charged_days(period: Period, starts_on: date, ends_on: date | None) -> tuple[date, date] | None:
    """First and last day of `period` on which a service runs, both included; None when it does not run in it."""
    first = max(period.first_day, starts_on)
    last = period.last_day if ends_on is None else min(period.last_day, ends_on)
    return (first, last) if first <= last else None


#: From a moment until, and without, another.
Span = tuple[datetime, datetime]


def whole_days(spans: Sequence[Span], first: date, last: date, zone: ZoneInfo) -> list[date]:
    """The days from `first` to `last`, both included, that lie in the spans together from midnight to midnight in `zone`."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    found = []
    for start, end in merged:
        day = max(first, local_day(start, zone))
        if midnight(day, zone) < start:
            day += timedelta(days=1)
        while day <= last and midnight(day + timedelta(days=1), zone) <= end:
            found.append(day)
            day += timedelta(days=1)
    return found


def prorated(monthly_micros: int, days: int, days_in_month: int) -> int:
    """The share of a monthly price for some of its days, in micro-units, rounded half up once."""
    return (monthly_micros * days * 2 + days_in_month) // (2 * days_in_month)
