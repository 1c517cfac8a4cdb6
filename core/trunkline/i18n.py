"""Languages: translated strings, and figures and dates written the reader's way.

The locale and time zone of the current request (or job) live in context variables. `_` may be used at import
time: what it returns is translated each time it is shown, not when it is made.
"""

from __future__ import annotations

import gettext as _gettext
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from copy import copy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, Self, SupportsIndex
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel import dates as _dates
from babel import numbers as _numbers
from markupsafe import escape

#: Languages the interface is offered in, each under its own name.
LANGUAGES: dict[str, str] = {
    "en": "English",
    "pt_BR": "Português (Brasil)",
    "es": "Español",
    "fr": "Français",
}
DEFAULT_LOCALE = "en"
DOMAIN = "messages"
MICRO_DIGITS = 6
#: What people type as a number; Decimal itself would take NaN and 1e5 as well.
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")

_locale: ContextVar[str] = ContextVar("trunkline_locale", default=DEFAULT_LOCALE)
_zone: ContextVar[str] = ContextVar("trunkline_zone", default="UTC")


class MoneyLike(Protocol):
    """An amount in micro-units (1e-6) of a named currency, as `trunkline.money.Money`."""

    @property
    def micros(self) -> int: ...
    @property
    def currency(self) -> str: ...


class I18n:
    """The catalogues of core and of every plugin, merged per language and read when a language is first used.

    A `locale/` folder holds `<locale>/LC_MESSAGES/messages.po` (or `.mo`). Earlier folders win.
    """

    def __init__(self, locale_dirs: Iterable[Path] = ()) -> None:
        self.locale_dirs = tuple(locale_dirs)
        self._cache: dict[str, _gettext.NullTranslations] = {}

    def translations(self, locale: str) -> _gettext.NullTranslations:
        """The merged catalogue of a locale; an empty one (English source) when there is none."""
        found = self._cache.get(locale)
        if found is None:
            found = self._cache[locale] = self._load(locale)
        return found

    def _load(self, locale: str) -> _gettext.NullTranslations:
        head: _gettext.NullTranslations | None = None
        for name in dict.fromkeys((locale, locale.partition("_")[0])):
            for folder in self.locale_dirs:
                catalogue = _read_catalogue(folder / name / "LC_MESSAGES")
                if catalogue is None:
                    continue
                if head is None:
                    head = catalogue
                else:
                    head.add_fallback(catalogue)
        return head or _gettext.NullTranslations()


def _read_catalogue(folder: Path) -> _gettext.GNUTranslations | None:
    compiled, source = folder / f"{DOMAIN}.mo", folder / f"{DOMAIN}.po"
    if compiled.is_file() and not (source.is_file() and source.stat().st_mtime > compiled.stat().st_mtime):
        with compiled.open("rb") as file:
            return _gettext.GNUTranslations(file)
    if not source.is_file():
        return None
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalogue = read_po(file, locale=folder.parent.name, domain=DOMAIN)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    _keep(compiled, buffer.getvalue())
    buffer.seek(0)
    return _gettext.GNUTranslations(buffer)


def _keep(compiled: Path, content: bytes) -> None:
    """Spare the next start the reading of the source, which takes far longer; where nobody may write, it does not."""
    partial = compiled.with_suffix(f".{os.getpid()}.part")
    with suppress(OSError):
        partial.write_bytes(content)
        partial.replace(compiled)


_installed = I18n()


def install(i18n: I18n) -> None:
    """Makes these catalogues the ones that `_` and `ngettext` use in this process."""
    global _installed
    _installed = i18n
    _said.cache_clear()


def current_locale() -> str:
    """The locale of the current request, as `pt_BR`."""
    return _locale.get()


def current_zone() -> str:
    """The IANA zone in which times are shown."""
    return _zone.get()


@contextmanager
def use_locale(locale: str, zone: str | None = None) -> Iterator[None]:
    """Shows everything inside the block in this locale (and zone)."""
    token = _locale.set(locale if locale in LANGUAGES else negotiate(locale))
    zone_token = _zone.set(zone) if zone else None
    try:
        yield
    finally:
        _locale.reset(token)
        if zone_token is not None:
            _zone.reset(zone_token)


def set_locale(locale: str, zone: str | None = None) -> None:
    """Sets the locale for the rest of the current context (a request has a context of its own)."""
    _locale.set(locale if locale in LANGUAGES else negotiate(locale))
    if zone:
        _zone.set(zone)


def negotiate(accept_language: str | None, default: str = DEFAULT_LOCALE) -> str:
    """The offered language that fits an `Accept-Language` header (RFC 9110 §12.5.4) best."""
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _semicolon, rest = part.strip().partition(";")
        weight = 1.0
        if rest.strip().startswith("q="):
            try:
                weight = float(rest.strip()[2:])
            except ValueError:
                weight = 0.0
        if tag and weight > 0:
            wanted.append((-weight, position, tag.replace("-", "_")))
    for _weight, _position, tag in sorted(wanted):
        for offered in LANGUAGES:
            if offered.lower() == tag.lower():
                return offered
        language = tag.partition("_")[0].lower()
        for offered in LANGUAGES:
            if offered.partition("_")[0].lower() == language:
                return offered
    return default


class Lazy(str):
    """A message translated when it is shown; as a plain `str` (JSON, comparison, database) the English source."""

    __slots__ = ("_message", "_values")
    _message: str
    _values: dict[str, Any]

    def __new__(cls, message: str, values: dict[str, Any] | None = None) -> Self:
        self = super().__new__(cls, _fill(message, values or {}))
        self._message = message
        self._values = values or {}
        return self

    def translated(self) -> str:
        """The message in the current locale."""
        return _fill(_said(_locale.get(), self._message), self._values)

    @property
    def parts(self) -> tuple[str, dict[str, Any]]:
        """The English source with its `{names}` and what fills them, for keeping; `translate` puts them together again."""
        return self._message, dict(self._values)

    def filled(self, **values: Any) -> Lazy:
        """The same message with its `{names}` filled, still translated only when it is shown."""
        return Lazy(self._message, {**self._values, **values})

    def __str__(self) -> str:
        return self.translated()

    def __format__(self, spec: str) -> str:
        return format(self.translated(), spec)

    def __html__(self) -> str:
        return str(escape(self.translated()))

    def __mod__(self, other: Any) -> str:
        return str(self.translated() % other)

    def __add__(self, other: str) -> str:
        return self.translated() + str(other)

    def __radd__(self, other: str) -> str:
        return str(other) + self.translated()

    def format(self, *args: object, **values: object) -> str:
        return self.translated().format(*args, **values)

    def lower(self) -> str:
        return self.translated().lower()

    def upper(self) -> str:
        return self.translated().upper()

    def replace(self, old: str, new: str, count: SupportsIndex = -1) -> str:
        return self.translated().replace(old, new, count)

    def __reduce__(self) -> tuple[type[Lazy], tuple[str, dict[str, Any]]]:
        return (Lazy, (self._message, self._values))


@lru_cache(maxsize=20_000)
def _said(locale: str, message: str) -> str:
    """A message in a locale: a page has a hundred, mostly those of the page before."""
    return _installed.translations(locale).gettext(str.__str__(message))


def _fill(message: str, values: Mapping[str, Any]) -> str:
    if not values:
        return message
    if any(hasattr(value, "__html__") and not isinstance(value, Lazy) for value in values.values()):
        return escape(message).format(**values)
    return message.format(**values)


def gettext(message: str, **values: Any) -> Lazy:
    """Marks a string for translation; `{name}` in it is filled from `values`. Safe at import time."""
    return Lazy(message, values)


_ = gettext
lazy = gettext


def translate(message: str, **values: Any) -> str:
    """The message in the current locale, now. With markup among the values, the result is markup."""
    said = _said(_locale.get(), message)
    return _fill(said, values) if values else said


def ngettext(singular: str, plural: str, n: int, **values: Any) -> str:
    """The right plural form in the current locale; `{n}` is the number, written the locale's way."""
    message = _installed.translations(_locale.get()).ngettext(singular, plural, n)
    return _fill(message, {"n": format_number(n), **values})


# ------------------------------------------------------------------ figures


@lru_cache(maxsize=64)
def babel_locale(name: str) -> Locale:
    """Babel's data for a locale name; English when Babel does not know it."""
    try:
        # Plain English gets day-month order and the 24-hour clock: few of our readers are in the United States.
        return Locale.parse("en_GB" if name == "en" else name)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LOCALE)


def _place(locale: str | None) -> Locale:
    return babel_locale(locale or _locale.get())


def format_money(micros: int, currency: str, locale: str | None = None, *, exact: bool = False) -> str:
    """An amount of micro-units (1e-6) in words of the locale, rounded half-even to the currency's minor unit.

    With `exact` every digit that is not zero is shown, for unit prices below the minor unit.
    """
    amount = Decimal(micros).scaleb(-MICRO_DIGITS)
    place = _place(locale)
    if not exact:
        return _numbers.format_currency(amount, currency, locale=place)
    digits = _numbers.get_currency_precision(currency)
    exponent = amount.normalize().as_tuple().exponent
    needed = max(digits, -exponent if isinstance(exponent, int) else digits)
    pattern = copy(place.currency_formats["standard"])
    pattern.frac_prec = (needed, needed)
    return str(pattern.apply(amount, place, currency=currency, currency_digits=False))


def parse_decimal(text: str, locale: str | None = None) -> Decimal:
    """A decimal typed the locale's way (`1.234,56` in pt_BR); `1234.56` is accepted where it is unambiguous.

    Raises ValueError when the text is no number.
    """
    text = text.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    place = _place(locale)
    point, group = place.number_symbols["latn"]["decimal"], place.number_symbols["latn"]["group"]
    plain = text.count(".") == 1 and "," not in text and len(text.rpartition(".")[2]) != 3
    if point == "," and plain:
        return Decimal(text)
    try:
        return _numbers.parse_decimal(text, locale=place, strict=group in text)
    except _numbers.NumberFormatError as error:
        raise ValueError(str(error)) from error


def format_number(value: Decimal | float, locale: str | None = None, digits: int | None = None) -> str:
    """A number with the locale's separators; `digits` fixes the decimals."""
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return _numbers.format_decimal(value, pattern, locale=_place(locale))


def format_percent(part: float | Decimal, locale: str | None = None, digits: int = 0) -> str:
    """A share of one (0.41) as a percentage."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return _numbers.format_percent(part, pattern, locale=_place(locale))


_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def format_bytes(value: int, locale: str | None = None) -> str:
    """Bytes in decimal units (1 GB = 10^9 B, as data plans are sold), at most three figures."""
    size, unit = Decimal(value), 0
    while abs(size) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    pattern = "#,##0" if unit == 0 or abs(size) >= 100 else "#,##0.#"
    return f"{_numbers.format_decimal(size, pattern, locale=_place(locale))}\u00a0{_UNITS[unit]}"


def format_duration(seconds: float | timedelta, locale: str | None = None) -> str:
    """A length of time: `0.8 s`, `45 s`, `3 min 05 s`, `2 h 10 min`, `4 d 3 h`."""
    total = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    if 0.05 <= abs(total) < 10 and total != int(total):
        return f"{format_number(round(total, 1), locale, 1)}\u00a0s"
    whole = round(total)
    sign, whole = ("−" if whole < 0 else ""), abs(whole)
    minutes, secs = divmod(whole, 60)
    hours, mins = divmod(minutes, 60)
    days, hrs = divmod(hours, 24)
    if days:
        text = f"{days}\u00a0d {hrs}\u00a0h" if hrs else f"{days}\u00a0d"
    elif hours:
        text = f"{hours}\u00a0h {mins:02d}\u00a0min" if mins else f"{hours}\u00a0h"
    elif minutes:
        text = f"{minutes}\u00a0min {secs:02d}\u00a0s" if secs else f"{minutes}\u00a0min"
    else:
        text = f"{secs}\u00a0s"
    return sign + text


# ------------------------------------------------------------------ dates


@lru_cache(maxsize=64)
def _tz(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def localize(value: datetime, zone: str | None = None) -> datetime:
    """The moment in the zone of display. A naive value is taken as UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(_tz(zone or _zone.get()))


def format_date(value: date | datetime, locale: str | None = None, style: str = "medium") -> str:
    """A calendar date; a moment is first moved to the zone of display."""
    day = localize(value).date() if isinstance(value, datetime) else value
    return _dates.format_date(day, style, locale=_place(locale))


def format_datetime(value: datetime, locale: str | None = None, style: str = "medium") -> str:
    """Date and time in the zone of display; seconds only in style `long`."""
    moment, place = localize(value), _place(locale)
    day = _dates.format_date(moment.date(), "medium", locale=place)
    clock = _dates.format_time(moment, "HH:mm:ss" if style == "long" else "short", locale=place)
    return f"{day}, {clock}" if style != "full" else f"{day}, {clock} {moment.tzname()}"


def format_time(value: datetime, locale: str | None = None, style: str = "short") -> str:
    """The clock time in the zone of display; `long` has seconds."""
    return _dates.format_time(
        localize(value), "HH:mm:ss" if style == "long" else style, locale=_place(locale)
    )


def format_relative(value: datetime, locale: str | None = None, now: datetime | None = None) -> str:
    """How long ago or ahead, as `3 hours ago`; beyond 30 days the date."""
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    delta = moment - (now or datetime.now(UTC))
    if abs(delta) > timedelta(days=30):
        return format_date(moment, locale)
    return _dates.format_timedelta(delta, add_direction=True, locale=_place(locale))
