"""Strings in the reader's language.

`_` may be used at import time: what it returns is translated each time it is shown, not when it is made.
"""

from __future__ import annotations

import gettext as _gettext
import io
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, SupportsIndex

from markupsafe import escape

from trunkline.i18n.figures import format_number
from trunkline.i18n.reader import current_locale, reader

DOMAIN = "messages"


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
    words.clear()


class Lazy(str):
    """A message translated when it is shown; as a plain `str` (JSON, comparison, database) the English source."""

    __slots__ = ("_context", "_message", "_values")
    _message: str
    _values: dict[str, Any]
    _context: str

    def __new__(cls, message: str, values: dict[str, Any] | None = None, context: str = "") -> Self:
        self = super().__new__(cls, _fill(message, values) if values else message)
        self._message = message
        self._values = values or {}
        self._context = context
        return self

    def translated(self) -> str:
        """The message in the current locale."""
        said = _said(reader(), self._message, self._context)
        return _fill(said, self._values) if self._values else said

    @property
    def parts(self) -> tuple[str, dict[str, Any]]:
        """The English source with its `{names}` and what fills them, for keeping; `translate` puts them together again."""
        return self._message, dict(self._values)

    def filled(self, **values: Any) -> Lazy:
        """The same message with its `{names}` filled, still translated only when it is shown."""
        return Lazy(self._message, {**self._values, **values}, self._context)

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

    def __reduce__(self) -> tuple[type[Lazy], tuple[str, dict[str, Any], str]]:
        return (Lazy, (self._message, self._values, self._context))


@lru_cache(maxsize=20_000)
def _said(locale: str, message: str, context: str = "") -> str:
    """A message in a locale: a page has a hundred, mostly those of the page before."""
    catalogue, source = _installed.translations(locale), str.__str__(message)
    return catalogue.pgettext(context, source) if context else catalogue.gettext(source)


class _Words(dict[str, str]):
    """The constant words of templates in one locale, each looked up when it is first shown."""

    def __init__(self, locale: str) -> None:
        super().__init__()
        self._locale = locale

    def __missing__(self, message: str) -> str:
        said = self[message] = _said(self._locale, message)
        return said


class _Locales(dict[str, _Words]):
    def __missing__(self, locale: str) -> _Words:
        found = self[locale] = _Words(locale)
        return found


#: `words[locale]["Edit"]`, for templates: what they say is known when they are compiled, and no call is needed to look it up.
words = _Locales()


def _fill(message: str, values: Mapping[str, Any]) -> str:
    if not values:
        return message
    for value in values.values():
        if value.__class__ is not str and hasattr(value, "__html__") and not isinstance(value, Lazy):
            return escape(message).format(**values)
    return message.format(**values)


def gettext(message: str, **values: Any) -> Lazy:
    """Marks a string for translation; `{name}` in it is filled from `values`. Safe at import time."""
    return message.filled(**values) if isinstance(message, Lazy) else Lazy(message, values)


_ = gettext


def pgettext(context: str, message: str, **values: Any) -> Lazy:
    """As `gettext`, for a word whose translation depends on its use: `pgettext("verb", "Open")`, `pgettext("page", "Home")`."""
    return Lazy(message, values, context)


def translate_in(context: str, message: str, **values: Any) -> str:
    """As `translate`, for a word whose translation depends on its use."""
    said = _said(current_locale(), message, context)
    return _fill(said, values) if values else said


def translate(message: str, **values: Any) -> str:
    """The message in the current locale, now. With markup among the values, the result is markup."""
    said = _said(reader(), message, message._context if isinstance(message, Lazy) else "")
    return _fill(said, values) if values else said


def ngettext(singular: str, plural: str, n: int, **values: Any) -> str:
    """The right plural form in the current locale; `{n}` is the number, written the locale's way."""
    message = _installed.translations(current_locale()).ngettext(singular, plural, n)
    return _fill(message, {"n": format_number(n), **values})
