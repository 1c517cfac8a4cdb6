"""A tariff compiled for lookups: overlapping prefixes flattened to intervals, found by bisection.

Digits compare as text: all numbers beginning with 5511 lie between "5511" and "5512". Flattening turns nested prefixes into
intervals that do not overlap, each with the price of its longest prefix, so that one bisection finds the longest match.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from trunkline_billing.rating.pricing import Price, Tier


@dataclass(frozen=True)
class RateRow:
    """One row of a tariff: a tier of a prefix from a moment on."""

    type: str
    prefix: str
    destination: str
    tier: Tier
    effective_from: datetime


#: Beginnings of numbers that a table remembers; a switch's customers call far fewer.
_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """Prices of one type of use from one time till another (POSIX).

    No bound is longer than `head` - 1 signs, so numbers that begin alike for `head` signs, a plus among them, cost alike: `known`
    has the prices of such beginnings that were asked for before.
    """

    starts: Sequence[str]
    prices: Sequence[Price | None]
    since: float = -inf
    until: float = inf
    head: int = field(init=False)
    known: dict[str, Price] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", 1 + max(map(len, self.starts), default=0))

    def find_written(self, kind: str, other: str) -> Price | None:
        """The price for the other side as usage records write it; see `rated_number`."""
        price = self.find(rated_number(kind, other))
        begins = other[: self.head]
        # With blanks or dashes among them, so many signs may be too few digits to decide.
        decides = (
            kind in ("data", "event") or len(other) < self.head or len(digits_of(begins)) >= self.head - 1
        )
        if price is not None and decides:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            self.known[begins] = price
        return price

    def find(self, number: str) -> Price | None:
        """The price of the longest prefix of `number` (digits only); None when none matches."""
        position = bisect_right(self.starts, number) - 1
        return self.prices[position] if position >= 0 else None


def flatten(prices: Iterable[Price], since: float = -inf, until: float = inf) -> PrefixTable:
    """Non-overlapping intervals of these prefixes, in force from `since` till `until`. The empty prefix matches every number."""
    by_prefix = {price.prefix: price for price in prices}
    bounds: dict[str, None] = {}
    for prefix in by_prefix:
        bounds[prefix] = None
        if prefix:
            bounds[_after(prefix)] = None
    starts = sorted(bounds)
    found = [_longest(by_prefix, start) for start in starts]
    return PrefixTable(starts, found, since, until)


def _after(prefix: str) -> str:
    """The first text after every number with this prefix (":" follows "9")."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _longest(by_prefix: Mapping[str, Price], start: str) -> Price | None:
    # A bound such as "56" or "5:" is no number; what holds from there on is the longest prefix that contains it.
    for size in range(len(start), -1, -1):
        price = by_prefix.get(start[:size])
        if price is not None:
            return price
    return None


@dataclass
class CompiledTariff:
    """A tariff at one revision; the prefix tables of each stretch of time are made when first asked for."""

    tariff_id: int
    name: str
    currency: str
    revision: int
    rows: Sequence[RateRow]
    boundaries: list[float] = field(init=False)
    #: Rows with the POSIX time from which they hold.
    by_type: dict[str, list[tuple[float, RateRow]]] = field(init=False)
    tables: dict[tuple[str, int], PrefixTable] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        times: dict[datetime, float] = {}
        self.by_type = {}
        for row in self.rows:
            at = times.setdefault(row.effective_from, row.effective_from.timestamp())
            self.by_type.setdefault(row.type, []).append((at, row))
        self.boundaries = sorted(times.values())

    def table(self, type: str, at: float) -> PrefixTable:  # noqa: A002 — the domain's word
        """The prefixes of a type of use that are in force at a POSIX time."""
        stretch = bisect_right(self.boundaries, at)
        table = self.tables.get((type, stretch))
        if table is None:
            table = self.tables[type, stretch] = self._compile(type, stretch)
        return table

    def _compile(self, type: str, stretch: int) -> PrefixTable:  # noqa: A002 — the name people type
        since = self.boundaries[stretch - 1] if stretch else -inf
        until = self.boundaries[stretch] if stretch < len(self.boundaries) else inf
        rows = [(at, row) for at, row in self.by_type.get(type, ()) if at <= since]
        latest: dict[str, float] = {}
        for at, row in rows:
            if at > latest.get(row.prefix, -inf):
                latest[row.prefix] = at
        groups: dict[str, list[RateRow]] = {}
        for at, row in rows:
            if at == latest[row.prefix]:
                groups.setdefault(row.prefix, []).append(row)
        return flatten((_price(prefix, group) for prefix, group in groups.items()), since, until)


def _price(prefix: str, rows: list[RateRow]) -> Price:
    rows.sort(key=lambda row: row.tier.start)
    return Price(prefix, rows[0].destination, tuple(row.tier for row in rows))


def digits_of(number: str) -> str:
    """The digits of a number as written in usage records: `+55 11 …` without its sign and blanks."""
    plain = number[1:] if number[:1] == "+" else number
    if plain.isdigit() and plain.isascii():
        return plain
    return "".join(character for character in number if character in "0123456789")


def rated_number(kind: str, other: str) -> str:
    """What prefixes are compared with: the digits of a number, the name of an event, nothing for data."""
    if kind == "data":
        return ""
    return other if kind == "event" else digits_of(other)
