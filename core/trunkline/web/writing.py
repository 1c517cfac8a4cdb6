"""Figures and dates as markup. What was written once in a language is remembered: lists repeat amounts, days and numbers."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from markupsafe import Markup, escape

from trunkline import i18n

_REMEMBERED = 8192
#: Letters after which a word may go on in the next line, if it has more than twice as many.
_PIECE = 20
#: Tags stay whole, and so does an escaped character.
_LONG_WORD = re.compile(rf"<[^>]*>|(?:&[#\w]+;|[^\s<&]){{{2 * _PIECE + 1},}}")
_PIECES = re.compile(rf"(?:&[#\w]+;|[^\s<&]){{{_PIECE}}}(?=.)")


def money_text(micros: int, currency: str, *, exact: bool = False) -> Markup:
    """An amount of micro-units in its currency, on one line."""
    return _money(int(micros), str(currency), exact, i18n.current_locale())


@lru_cache(maxsize=_REMEMBERED)
def _money(micros: int, currency: str, exact: bool, locale: str) -> Markup:
    text = i18n.format_money(micros, currency, locale, exact=exact)
    return Markup(f'<span class="num text-nowrap">{escape(text)}</span>')  # noqa: S704 — the text is escaped


def moment_text(value: date | datetime, kind: str, style: str = "medium") -> Markup:
    """A `<time>` of kind `datetime`, `date`, `time` or `relative`, with the full moment as its title."""
    if kind == "relative" and isinstance(value, datetime):
        return _told(value, i18n.format_relative(value), i18n.current_locale(), i18n.current_zone())
    return _moment(value, kind, style, i18n.current_locale(), i18n.current_zone())


@lru_cache(maxsize=_REMEMBERED)
def _moment(value: date | datetime, kind: str, style: str, locale: str, zone: str) -> Markup:
    if kind == "datetime" and isinstance(value, datetime):
        text = i18n.format_datetime(value, locale, style)
    elif kind == "time" and isinstance(value, datetime):
        text = i18n.format_time(value, locale, style)
    else:
        text = i18n.format_date(value, locale, style)
    return _time(value, text, locale)


@lru_cache(maxsize=_REMEMBERED)
def _told(value: datetime, ago: str, locale: str, zone: str) -> Markup:
    return _time(value, ago, locale)


def _time(value: date | datetime, text: str, locale: str) -> Markup:
    if not isinstance(value, datetime):
        return Markup(f'<time datetime="{value.isoformat()}">{escape(text)}</time>')  # noqa: S704 — the text is escaped
    machine, full = i18n.localize(value).isoformat(), escape(i18n.format_datetime(value, locale, "full"))
    return Markup(f'<time datetime="{machine}" title="{full}">{escape(text)}</time>')  # noqa: S704 — the texts are escaped


def number_text(value: float | Decimal, digits: int | None = None) -> str:
    """A figure with the locale's separators."""
    return _number(value, digits, i18n.current_locale())


@lru_cache(maxsize=_REMEMBERED)
def _number(value: float | Decimal, digits: int | None, locale: str) -> str:
    return i18n.format_number(value, locale, digits)


def bytes_text(value: int) -> str:
    """Bytes as `412 GB`."""
    return _bytes(value, i18n.current_locale())


@lru_cache(maxsize=_REMEMBERED)
def _bytes(value: int, locale: str) -> str:
    return i18n.format_bytes(value, locale)


@lru_cache(maxsize=_REMEMBERED)
def email_text(value: str) -> Markup:
    """An address that breaks behind its @ and dots where it is too long, not within a word."""
    return Markup("<wbr>").join(re.split(r"(?<=[@.])(?=[^@.])", value))


def breakable(value: object) -> Markup:
    """A text or markup whose longest words may break, so that one of them does not push the columns beside it out of sight."""
    text = escape(value)
    if len(text) <= 2 * _PIECE:
        return text
    return Markup(_LONG_WORD.sub(_in_pieces, text))  # noqa: S704 — the text is escaped


def _in_pieces(found: re.Match[str]) -> str:
    word = found.group()
    return word if word.startswith("<") else _PIECES.sub(r"\g<0><wbr>", word)


@lru_cache(maxsize=_REMEMBERED)
def phone_text(value: str) -> str:
    """An E.164 number spaced the way its country writes it; anything else unchanged."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(value if value.startswith("+") else f"+{value}")
    except phonenumbers.NumberParseException:
        return value
    if not phonenumbers.is_possible_number(parsed):
        return value
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def identifier_text(value: str) -> str:
    """What identifies something, as people read it: a telephone number, known by its plus, spaced; all else unchanged."""
    return phone_text(value) if value.startswith("+") else value
