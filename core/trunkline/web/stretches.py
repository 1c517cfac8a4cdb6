"""Cards that show all of somebody's records: a page at a time, with a search among them, where there are many.

For records that are read as a whole anyway, such as the contacts of one customer; a list of everybody's is a `Table`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from trunkline.i18n import format_number, ngettext
from trunkline.i18n import gettext as _
from trunkline.search.folding import figures, fold
from trunkline.web.table_filters import Filter

if TYPE_CHECKING:
    from trunkline.web.pages import Page

#: As many rows as a page of a list has.
SHOWN = 50
#: More are no search but a text that was pasted.
_WORDS = 8
_SHORTEST_FRAGMENT = 3


Row = TypeVar("Row")


@dataclass(frozen=True)
class Stretch(Generic[Row]):
    """The rows that are shown of those that match, and the way to the others."""

    rows: Sequence[Row]
    #: How many there are altogether, and how many match.
    of: int
    total: int
    query: str
    path: str
    #: Counted from 1.
    at: int
    #: The id of its card on a page that shows several, which its parameters begin with; else empty.
    part: str = ""

    @property
    def long(self) -> bool:
        """Whether one page does not hold them all."""
        return self.of > SHOWN

    @property
    def words(self) -> str:
        """The parameter that holds what is searched for."""
        return _named("q", self.part)

    @property
    def place(self) -> str:
        """Address of the card without a search."""
        return f"{self.path}#{self.part}" if self.part else self.path

    @property
    def previous(self) -> str:
        """Address of the page before, empty on the first."""
        return self._address(self.at - 1) if self.at > 1 else ""

    @property
    def next(self) -> str:
        """Address of the next page, empty on the last."""
        return self._address(self.at + 1) if self.at * SHOWN < self.total else ""

    @property
    def position_text(self) -> str:
        """How many of them are on this page."""
        if len(self.rows) == self.total:
            return ngettext("{n} row", "{n} rows", self.total)
        return str(_("{n} of {total} rows", n=format_number(len(self.rows)), total=format_number(self.total)))

    def _address(self, at: int) -> str:
        asked: dict[str, Any] = {self.words: self.query} if self.query else {}
        if at > 1:
            asked[_named("page", self.part)] = at
        address = f"{self.path}?{urlencode(asked)}".rstrip("?")
        return f"{address}#{self.part}" if self.part else address


def stretch(
    page: "Page", rows: Sequence[Row], told: Callable[[Row], Iterable[str]], path: str, part: str = ""
) -> Stretch[Row]:
    """The page of these rows that the address asks for by `q` and `page`; what it does not understand is ignored.

    `told` gives the texts by which a row is found: by parts of words without accents, and by any figures of a number. `path` is
    the address of the page that shows the rows; where it shows several such cards, each has a `part`, the card's id, before the
    names of its parameters: `people_q` and `people_page`.
    """
    asked: Mapping[str, str] = page.query
    query = asked.get(_named("q", part), "").strip() if len(rows) > SHOWN else ""
    found = matching(rows, told, query)
    wanted = asked.get(_named("page", part), "")
    last = max(1, -(-len(found) // SHOWN))
    at = min(max(1, int(wanted)), last) if wanted.isdecimal() and len(wanted) < len("1000000") else 1
    return Stretch(found[(at - 1) * SHOWN : at * SHOWN], len(rows), len(found), query, path, at, part)


def _named(parameter: str, part: str) -> str:
    return f"{part}_{parameter}" if part else parameter


def one_of_many(
    key: str, label: str, choices: Sequence[tuple[str, str]], among: Callable[[Sequence[int]], Any]
) -> Filter:
    """A filter by records that one of the list's subjects has: chosen where a page holds them, else typed.

    `choices` are (key, name); `among` gives the condition on the keys of those whose names match what was typed.
    """
    if len(choices) <= SHOWN:
        return Filter(key, label, choices)

    def typed(values: Sequence[str]) -> Any:
        return among([int(one) for one, _name in matching(choices, lambda choice: (choice[1],), values[-1])])

    return Filter(key, label, kind="text", where=typed)


def matching(rows: Sequence[Row], told: Callable[[Row], Iterable[str]], query: str) -> Sequence[Row]:
    """Those of the rows whose texts hold every word of the query; all of them where it has none."""
    words = fold(query).split()[:_WORDS]
    return [row for row in rows if _is_found(words, told(row))] if words else rows


def _is_found(words: Sequence[str], texts: Iterable[str]) -> bool:
    given = [text for text in texts if text]
    folded, numbers = fold(" ".join(given)), [figures(text) for text in given]
    return all(
        word in folded
        or (len(part := figures(word)) >= _SHORTEST_FRAGMENT and any(part in number for number in numbers))
        for word in words
    )
