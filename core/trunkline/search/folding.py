"""How text becomes entries of the index: case and accents folded, words split, numbers read from both ends."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, filterfalse

from trunkline.plugin import SearchDocument

#: Longer entries are cut: nobody types more.
KEY_LENGTH = 60
#: Shorter fragments of a number would find everything.
SHORTEST_FRAGMENT = 3
#: From here on a fragment is looked for inside numbers too; shorter ones only at their ends.
SHORTEST_INNER = 5
#: A title is found by the words it begins with, from each of its first words on.
_TURNS = 6
_KEYS = 60
_MOST_WORDS = 8
_SHORTEST_TYPO, _LONGEST_TYPO = 4, 24
#: In a word of so many letters two mistakes are made good. Two words that differ so little share five letters, in order, of their
#: first seven (Garbe's prefix filter): 21 entries a word, however long.
_SHORTEST_FAR, _FAR_LETTERS = 8, 7
#: Begins entries of a title from its second word on, of a number read backwards, of a whole word of the vocabulary, and of a long
#: one without two of its letters.
TURNED, BACKWARDS, WHOLE, FAR = "~", "<", "=", "-"
_WORD = re.compile(r"[^\W_]+")
_FIGURES = re.compile(r"[\d\s+()./\-]+")
#: A number of ours, with its year or day where it has one, or a serial number.
_SERIAL = re.compile(r"[a-z][a-z-]*/?(\d{8}-|\d{4}-)?(\d{3,})")


def fold(text: str) -> str:
    """Lower case without accents: `São José` and `sao jose` are the same."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filterfalse(unicodedata.combining, decomposed))


def words(text: str) -> list[str]:
    """The folded words of a text."""
    return _split(fold(text))


def _split(folded: str) -> list[str]:
    found = _WORD.findall(folded)
    return found if len(folded) <= KEY_LENGTH else [word[:KEY_LENGTH] for word in found]


def figures(text: str) -> str:
    """Only the figures of a text."""
    return text if text.isdecimal() else "".join(filter(str.isdecimal, text))


@lru_cache(maxsize=8)
def calling_code(country: str) -> str:
    """The telephone prefix of a country, `55` for BR; empty for an unknown one."""
    import phonenumbers

    code = phonenumbers.country_code_for_region(country)
    return str(code) if code else ""


@dataclass(frozen=True)
class Entries:
    """What the index keeps of one document."""

    #: Folded title, for the order of results.
    sort: str
    #: Beginnings by which the document is found one by one, in order.
    keys: Sequence[str]
    #: Distinct words, all of which count alike.
    words: str
    #: Long numbers, for fragments from their middle.
    numbers: str
    #: Words of the title and of what goes with it, for the vocabulary.
    names: frozenset[str]


def entries_of(document: SearchDocument, code: str = "") -> Entries:
    """The entries of a document; `code` is the telephone prefix that people of this country leave out."""
    title = words(document.title)
    keys = dict.fromkeys([" ".join(title), *_turned(title)])
    bag, names = dict.fromkeys(title), set(title)
    numbers = dict.fromkeys([figures(document.title)] if _FIGURES.fullmatch(document.title) else [])
    for text in (*document.subtitle.split(" · "), *document.terms):
        folded = fold(text)
        found = _split(folded)
        bag.update(dict.fromkeys(found))
        # The parts of addresses are no words that anybody knows, and there is no end of them.
        names.update(() if "@" in text else found)
        whole = folded.strip()
        if whole and " " not in whole:
            keys[whole] = None
            if serial := _SERIAL.fullmatch(whole):
                numbers[figures("".join(filter(None, serial.groups())))] = None
    for number in document.digits:
        plain = figures(number)
        numbers[plain] = None
        if code and number.startswith(f"+{code}"):
            keys[plain[len(code) :]] = None
    for number in filter(None, numbers):
        keys[number] = keys[BACKWARDS + number[::-1]] = bag[number] = None
    return Entries(
        " ".join(title)[:KEY_LENGTH],
        list(dict.fromkeys(key[:KEY_LENGTH] for key in keys if key))[:_KEYS],
        " ".join(bag),
        " ".join(number for number in numbers if len(number) > SHORTEST_INNER),
        frozenset(word for word in names if is_name(word)),
    )


def _turned(title: Sequence[str]) -> Iterable[str]:
    return (TURNED + " ".join(title[start:]) for start in range(1, min(len(title), _TURNS)))


@dataclass(frozen=True)
class Asked:
    """What a query asks for: all its words as beginnings, or one number, at least a fragment of which must be there."""

    words: tuple[str, ...]
    #: The query as one entry: an address, a code, a name so far.
    whole: str
    #: The number that the query is; empty when it is none.
    number: str

    def __bool__(self) -> bool:
        return bool(self.words)

    @property
    def beginnings(self) -> list[str]:
        """Beginnings of entries that find it, the best first."""
        text = " ".join(self.words)
        found = [text, self.whole]
        if len(self.number) >= SHORTEST_FRAGMENT:
            found.append(BACKWARDS + self.number[::-1])
        elif not self.number:
            found.append(TURNED + text)
        return [key[:KEY_LENGTH] for key in dict.fromkeys(filter(None, found))]


def read_query(query: str) -> Asked:
    """What was asked for. A query of figures and punctuation is one number."""
    query = query.strip()[:200]
    number = figures(query) if _FIGURES.fullmatch(query) else ""
    if number:
        return Asked((number,), "", number)
    found = tuple(dict.fromkeys(words(query)))[:_MOST_WORDS]
    whole = fold(query)
    return Asked(found, whole if found and " " not in whole else "", "")


def typo_variants(word: str) -> set[str]:
    """The word, and the word without any one of its letters.

    Two words that share a variant differ by one letter too many, too few, wrong, or two changed over.
    """
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def is_dated(text: str) -> bool:
    """Whether a text is a number of ours that holds a year or a day: all its figures together are no other number."""
    serial = _SERIAL.fullmatch(fold(text))
    return serial is not None and serial.group(1) is not None


def far_variants(word: str) -> set[str]:
    """What a long word shares with each that differs from it by two mistakes; nothing for one that no long word is meant by."""
    if len(word) < _FAR_LETTERS:
        return set()
    return {FAR + "".join(kept) for kept in combinations(word[:_FAR_LETTERS], _FAR_LETTERS - 2)}


def vocabulary_entries(word: str) -> list[str]:
    """Everything that a word of the vocabulary is found by."""
    far = far_variants(word) if len(word) >= _SHORTEST_FAR else set()
    return [WHOLE + word, *sorted(typo_variants(word) | far)]


def differ_little(one: str, other: str, mistakes: int) -> bool:
    """Whether so many mistakes at most make one word the other: a letter too many, too few or wrong, or two changed over."""
    start = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return abs(len(one) - len(other)) <= mistakes
    if mistakes == 0:
        return False
    one, other = one[start:], other[start:]
    turned = one[:2] == other[1::-1] and len(one) > 1 and differ_little(one[2:], other[2:], mistakes - 1)
    return turned or any(
        differ_little(one[skip:], other[jump:], mistakes - 1) for skip, jump in ((1, 1), (1, 0), (0, 1))
    )


def is_name(word: str) -> bool:
    """Whether a word is kept in the vocabulary: long enough, and of letters only."""
    return _SHORTEST_TYPO <= len(word) <= _LONGEST_TYPO and word.isalpha()
