"""Catalogues of translations kept in step with the source: what is said is gathered, what is new or gone is named.

A catalogue holds what its own package says, sorted, without places in the source, so that a change of one word changes one line.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.i18n import DEFAULT_LOCALE, DOMAIN, LANGUAGES

if TYPE_CHECKING:
    from babel.messages import Catalog, Message

#: The languages that need a catalogue: all but the one the source is written in.
TRANSLATED = tuple(name for name in LANGUAGES if name != DEFAULT_LOCALE)
_METHODS = [("**/templates/**", "jinja2"), ("**.py", "python")]
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_NAMED = re.compile(r"\{([a-zA-Z_][a-zA-Z_0-9.]*)(?:![rsa])?(?::[^{}]*)?\}")


def said_in(package: Path) -> "Catalog":
    """Everything that a package's modules and templates say to people."""
    from babel.messages import Catalog
    from babel.messages.extract import extract_from_dir

    catalogue = Catalog()
    found = extract_from_dir(package, _METHODS, {}, _KEYWORDS)
    for _file, _line, message, _comments, context in found:
        if message and message != ("", ""):
            catalogue.add(message, context=context)
    return catalogue


def place_of(package: Path, language: str) -> Path:
    """Where a package's catalogue of a language lies."""
    return package / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(package: Path, language: str) -> "Catalog":
    """A package's catalogue of a language; an empty one where there is none."""
    from babel.messages import Catalog
    from babel.messages.pofile import read_po

    place = place_of(package, language)
    if not place.is_file():
        return Catalog(locale=language)
    with place.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def update(package: Path, language: str, known: Mapping[str, str | list[str]] | None = None) -> int:
    """Write the catalogue anew with what is said now, keeping what is translated; returns how many translations it lacks.

    `known` are further translations by message, a list of forms for one with a plural; a message with a context is named
    `context|message`.
    """
    from babel.messages import Catalog
    from babel.messages.pofile import write_po

    said, former = said_in(package), read(package, language)
    catalogue, missing = Catalog(locale=language, fuzzy=False), 0
    for message in _messages(said):
        key = _key(message)
        string = (known or {}).get(key) or _string_of(former, message)
        entry = catalogue.add(message.id, string, context=message.context)
        missing += bool(problem_of(entry))
    place = place_of(package, language)
    if len(said):
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            write_po(file, catalogue, omit_header=True, sort_output=True, width=0)
        head = (
            f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {language}\\n"\n'
        )
        plural = f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
        place.write_text(head + plural + place.read_text(encoding="utf-8"), encoding="utf-8")
    return missing


def problems(package: Path, language: str) -> Iterator[str]:
    """What is wrong with a catalogue: messages it lacks, marks as uncertain, or translates with other names in braces."""
    catalogue = read(package, language)
    for message in _messages(said_in(package)):
        entry = catalogue.get(message.id, context=message.context)
        if entry is None:
            yield f"{_key(message)!r} is missing"
        elif problem := problem_of(entry):
            yield f"{_key(message)!r} {problem}"


def problem_of(entry: "Message") -> str:
    """What is wrong with one translation; empty when nothing is."""
    strings = [
        string or ""
        for string in (entry.string if isinstance(entry.string, tuple | list) else (entry.string,))
    ]
    if not all(strings):
        return "is not translated"
    if entry.fuzzy:
        return "is marked as uncertain"
    sources = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
    wanted = set().union(*(_NAMED.findall(source) for source in sources))
    for at, string in enumerate(strings):
        names = set(_NAMED.findall(string))
        # A plural's form for one may leave out what the source's form for one leaves out; any may say the number as a word.
        needed = set(_NAMED.findall(sources[0])) if at == 0 else wanted
        if names - wanted or needed - names - ({"n"} if len(sources) > 1 else set()):
            return f"names {sorted(names)} in braces instead of {sorted(wanted)}"
    return ""


def _messages(catalogue: "Catalog") -> list["Message"]:
    return sorted((message for message in catalogue if message.id), key=_key)


def _key(message: "Message") -> str:
    said = message.id if isinstance(message.id, str) else str(message.id[0])
    return f"{message.context}|{said}" if message.context else said


def _string_of(catalogue: "Catalog", message: "Message") -> str | list[str]:
    entry = catalogue.get(message.id, context=message.context)
    if entry is None or entry.fuzzy:
        return ""
    return list(entry.string) if isinstance(entry.string, tuple | list) else str(entry.string)
