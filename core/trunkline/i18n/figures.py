"""Amounts, numbers, bytes and lengths of time, written the reader's way."""

import re
from copy import copy
from datetime import timedelta
from decimal import Decimal

from babel import numbers as _numbers

from trunkline.i18n.reader import babel_locale

MICRO_DIGITS = 6
#: What people type as a number; Decimal itself would take NaN and 1e5 as well.
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")


def format_money(micros: int, currency: str, locale: str | None = None, *, exact: bool = False) -> str:
    """An amount of micro-units (1e-6) in words of the locale, rounded half-even to the currency's minor unit.

    With `exact` every digit that is not zero is shown, for unit prices below the minor unit.
    """
    amount = Decimal(micros).scaleb(-MICRO_DIGITS)
    place = babel_locale(locale)
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
    place = babel_locale(locale)
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
    return _numbers.format_decimal(value, pattern, locale=babel_locale(locale))


def format_percent(part: float | Decimal, locale: str | None = None, digits: int = 0) -> str:
    """A share of one (0.41) as a percentage."""
    return _percent(part, (digits, digits), locale)


def format_rate(percent: float | Decimal, locale: str | None = None) -> str:
    """A rate in per cent (7.6) with its sign where the locale sets it, and as many digits as it has, at most four."""
    return _percent(Decimal(str(percent)) / 100, (0, 4), locale)


def _percent(part: float | Decimal, decimals: tuple[int, int], locale: str | None) -> str:
    place = babel_locale(locale)
    # The locale's own pattern: some set a blank before the sign.
    pattern = copy(place.percent_formats[None])
    pattern.frac_prec = decimals
    return _numbers.format_percent(part, pattern, locale=place)


_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def format_bytes(value: int, locale: str | None = None) -> str:
    """Bytes in decimal units (1 GB = 10^9 B, as data plans are sold), at most three figures."""
    size, unit = Decimal(value), 0
    while abs(size) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    pattern = "#,##0" if unit == 0 or abs(size) >= 100 else "#,##0.#"
    return f"{_numbers.format_decimal(size, pattern, locale=babel_locale(locale))}\u00a0{_UNITS[unit]}"


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
