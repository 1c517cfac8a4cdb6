"""How text becomes terms: case and accents folded, words split, numbers reduced to figures."""

import re
import unicodedata
from collections.abc import Iterable

from trunkline.plugin import SearchDocument

TERM_LENGTH = 60
#: Shorter fragments of a number would find everything.
SHORTEST_FRAGMENT = 3
#: A number is found by any fragment that begins within its last figures.
LONGEST_SUFFIX = 10
_WORD = re.compile(r"\w+")
_FIGURES = re.compile(r"[\d\s+()./\-]+")


def fold(text: str) -> str:
    """Lower case without accents: `São José` and `sao jose` are the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """The folded words of a text."""
    return [word[:TERM_LENGTH] for word in _WORD.findall(fold(text))]


def figures(text: str) -> str:
    """Only the figures of a text."""
    return "".join(character for character in text if character.isdecimal())


def terms_of(document: SearchDocument) -> set[str]:
    """Every term that finds a document: words, whole entries without blanks, numbers and their last figures."""
    found: set[str] = set()
    for text in (document.title, document.subtitle, *document.terms):
        found.update(words(text))
        whole = fold(text).strip()
        if whole and " " not in whole:
            found.add(whole[:TERM_LENGTH])
    for number in document.digits:
        found.update(_fragments(figures(number)))
    return found


def _fragments(number: str) -> Iterable[str]:
    if not number:
        return []
    longest = min(len(number) - 1, LONGEST_SUFFIX)
    return [number[:TERM_LENGTH], *(number[-size:] for size in range(SHORTEST_FRAGMENT, longest + 1))]


def query_terms(query: str) -> list[str]:
    """The prefixes a query asks for, all of which must be found. A query of figures and punctuation is one number."""
    query = query.strip()
    if _FIGURES.fullmatch(query) and len(figures(query)) >= SHORTEST_FRAGMENT:
        return [figures(query)]
    found: list[str] = []
    for part in query.split()[:8]:
        if "@" in part:
            found.append(fold(part)[:TERM_LENGTH])
        elif _FIGURES.fullmatch(part) and figures(part):
            found.append(figures(part))
        else:
            found.extend(words(part))
    return list(dict.fromkeys(found))[:8]
