"""Months of a contract, counted along its own first day: a contract of the 31st ends its months on the last day there is."""

from calendar import monthrange
from datetime import date, timedelta

_DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day so many months later (or earlier), or the last day of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day(starts_on: date, months: int) -> date:
    """The last day, included, of so many months from `starts_on`."""
    return add_months(starts_on, months) - _DAY


def months_in_force(starts_on: date, until: date) -> int:
    """How many of the contract's months have begun by `until`, included; 0 before it starts."""
    months = max((until.year - starts_on.year) * 12 + until.month - starts_on.month, 0)
    return months + 1 if add_months(starts_on, months) <= until else months


def remaining_months(starts_on: date, months: int, until: date) -> int:
    """Whole months of a term of `months` that lie after `until`, its last day in force. Never negative."""
    return max(months - months_in_force(starts_on, until), 0)


def next_yearly(day: date, after: date) -> date:
    """`day` in the first year in which it comes after `after`, in steps of 12 months."""
    years = max(after.year - day.year, 0)
    found = add_months(day, 12 * years)
    return found if found > after else add_months(day, 12 * (years + 1))
