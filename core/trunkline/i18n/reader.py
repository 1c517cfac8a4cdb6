"""In which language and time zone things are shown: those of who reads the current request, or of a job."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.localedata import locale_identifiers

#: Languages the interface is offered in, each under its own name.
LANGUAGES: dict[str, str] = {
    "en": "English",
    "pt_BR": "Português (Brasil)",
    "es": "Español",
    "fr": "Français",
}
DEFAULT_LOCALE = "en"

_locale: ContextVar[str] = ContextVar("trunkline_locale", default=DEFAULT_LOCALE)
_zone: ContextVar[str] = ContextVar("trunkline_zone", default="UTC")


#: As `current_locale`, without a call of Python's: a page asks two hundred times.
reader: Callable[[], str] = _locale.get


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


def babel_locale(name: str | None = None) -> Locale:
    """Babel's data for a locale name, the current one's without; English when Babel does not know it."""
    return _parsed(name or current_locale())


@lru_cache(maxsize=64)
def _parsed(name: str) -> Locale:
    _forget_guesses()
    try:
        # Plain English gets day-month order and the 24-hour clock: few of our readers are in the United States.
        return Locale.parse("en_GB" if name == "en" else name)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LOCALE)


@cache
def _forget_guesses() -> None:
    """Babel guesses how 7,700 languages are written, in 1 MB, and has words of 300: the guesses at all others lead nowhere."""
    spoken = {name.partition("_")[0] for name in locale_identifiers()} | {"und"}
    guesses: Any = get_global("likely_subtags")
    for name in list(guesses):
        if name.partition("_")[0] not in spoken:
            guesses.pop(name, None)
