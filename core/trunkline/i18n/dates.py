"""Dates and times in the reader's zone, written the reader's way."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import dates as _dates

from trunkline.i18n.reader import babel_locale, current_locale, current_zone


@lru_cache(maxsize=64)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def localize(value: datetime, zone: str | None = None) -> datetime:
    """The moment in the zone of display. A naive value is taken as UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(_zone_info(zone or current_zone()))


def format_date(value: date | datetime, locale: str | None = None, style: str = "medium") -> str:
    """A calendar date; a moment is first moved to the zone of display."""
    day = localize(value).date() if isinstance(value, datetime) else value
    return _dates.format_date(day, style, locale=babel_locale(locale))


def format_datetime(value: datetime, locale: str | None = None, style: str = "medium") -> str:
    """Date and time in the zone of display; seconds only in style `long`."""
    moment, place = localize(value), babel_locale(locale)
    day = _dates.format_date(moment.date(), "medium", locale=place)
    clock = _dates.format_time(moment, "HH:mm:ss" if style == "long" else "short", locale=place)
    return f"{day}, {clock}" if style != "full" else f"{day}, {clock} {moment.tzname()}"


def format_month(month: str, locale: str | None = None) -> str:
    """A month that is kept as `2026-11`, as people name it: `Nov 2026`."""
    return _month(month, locale or current_locale())


def format_time(value: datetime, locale: str | None = None, style: str = "short") -> str:
    """The clock time in the zone of display; `long` has seconds."""
    return _dates.format_time(
        localize(value), "HH:mm:ss" if style == "long" else style, locale=babel_locale(locale)
    )


def format_relative(value: datetime, locale: str | None = None, now: datetime | None = None) -> str:
    """How long ago or ahead, as `3 hours ago`; beyond 30 days the date."""
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    delta = moment - (now or datetime.now(UTC))
    if abs(delta) > timedelta(days=30):
        return _day(localize(moment).date(), locale or current_locale())
    return _from_now(delta.days * 86_400 + delta.seconds, locale or current_locale())


@lru_cache(maxsize=4096)
def _day(day: date, locale: str) -> str:
    return format_date(day, locale)


@lru_cache(maxsize=512)
def _month(month: str, locale: str) -> str:
    return _dates.format_skeleton("yMMM", date.fromisoformat(f"{month}-01"), locale=babel_locale(locale))


@lru_cache(maxsize=4096)
def _from_now(seconds: int, locale: str) -> str:
    return _dates.format_timedelta(seconds, add_direction=True, locale=babel_locale(locale))
