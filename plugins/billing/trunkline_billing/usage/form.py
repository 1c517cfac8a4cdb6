"""The form of many usage records at once, column by column.

Nearly all records of a file are well formed, and a built-in that looks at a whole column takes a tenth of the time of Python code
that looks at each cell. So `read_form` only says whether every record is in order; `fault_of` then says of one what is wrong.
Both must agree: a record has a fault exactly when it alone has no form.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from trunkline_billing.schemas import UNITS

#: No use is longer than this in any unit: 2^53 bytes are nine petabytes.
MAX_QUANTITY = 2**53
_MAX_KEY = 120
_MAX_TEXT = 60
#: Digits that are looked at at all, leading zeros among them.
_MAX_DIGITS = 40
_KINDS = frozenset(UNITS.items())
_DIRECTIONS = frozenset(("", "out", "in"))
#: Where `2026-11-21T14:30:00Z` has which sign.
_SIGNS = ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "Z"))
_UTC_LENGTH = 20

#: The twelve columns of the file in the order of `imports.cdr.COLUMNS`, one cell per record in each.
Columns = Sequence[Sequence[str]]


class Form(NamedTuple):
    """Well-formed records, one sequence per fact. `starts` are POSIX times, `stored` the same as the database's text."""

    keys: Sequence[str]
    kinds: Sequence[str]
    directions: Sequence[str]
    identifiers: Sequence[str]
    others: Sequence[str]
    origins: Sequence[str]
    carriers: Sequence[str]
    cells: Sequence[str]
    quantities: Sequence[int]
    starts: Sequence[float]
    stored: Sequence[str]


def read_form(columns: Columns, latest: float) -> Form | None:
    """The facts of records, at least one; None when any of them is malformed or begins after `latest` (POSIX)."""
    (
        keys, kinds, identifiers, directions, callers, callees, origins, times, quantities, units, carriers, cells,
    ) = columns  # fmt: skip
    given = set(directions)
    if not (
        all(keys)
        and _longest(keys) <= _MAX_KEY
        and _KINDS.issuperset(zip(kinds, units, strict=True))
        and _are_whole(quantities)
        and given <= _DIRECTIONS
    ):
        return None
    amounts = list(map(int, quantities))
    if max(amounts) > MAX_QUANTITY:
        return None
    if given == {"out"}:
        others = callees
    else:
        directions = [direction or "out" for direction in directions]
        parties = zip(directions, callees, callers, strict=True)
        others = [callee if direction == "out" else caller for direction, callee, caller in parties]
    if max(_longest(others), _longest(origins), _longest(carriers), _longest(cells)) > _MAX_TEXT:
        return None
    try:
        moments = list(map(datetime.fromisoformat, times))
        if not all(moment.tzinfo for moment in moments):
            return None
        starts = list(map(datetime.timestamp, moments))
        if max(starts) > latest:
            return None
        stored = _stored(times, moments)
    except (ValueError, OverflowError):
        return None
    return Form(
        keys, kinds, directions, identifiers, others, origins, carriers, cells, amounts, starts, stored
    )


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts))


def _are_whole(quantities: Sequence[str]) -> bool:
    digits = "".join(quantities)
    return all(quantities) and digits.isascii() and digits.isdigit() and _longest(quantities) <= _MAX_DIGITS


def _stored(times: Sequence[str], moments: Sequence[datetime]) -> Sequence[str]:
    """Times as SQLite keeps them, `2026-11-21 14:30:00.000000`: whole seconds of UTC.

    Where all are written in UTC to the second, as switches do, the texts are changed in one go instead of each by itself.
    """
    joined = "\n".join(times)
    if set(map(len, times)) == {_UTC_LENGTH} and all(
        set(joined[at :: _UTC_LENGTH + 1]) == {sign} for at, sign in _SIGNS
    ):
        return joined.replace("T", " ").replace("Z", ".000000").split("\n")
    return [f"{moment.astimezone(UTC).isoformat(' ')[:19]}.000000" for moment in moments]


def fault_of(record: Sequence[str], latest: float) -> tuple[str, str] | None:
    """The first column at fault of one record and the reason; None when its form is in order."""
    key, kind, _identifier, direction, caller, callee, origin, time, quantity, unit, carrier, cell = record
    if not key or len(key) > _MAX_KEY:
        return "source_key", f"must have 1 to {_MAX_KEY} characters"
    if kind not in UNITS:
        return "type", f"“{kind}” is none of {', '.join(UNITS)}"
    if unit != UNITS[kind]:
        return "unit", f"“{unit}” is not the unit of {kind}; write {UNITS[kind]}"
    if not (quantity.isascii() and quantity.isdigit()):
        return "quantity", f"“{quantity}” is no whole number"
    if len(quantity) > _MAX_DIGITS or int(quantity) > MAX_QUANTITY:
        return "quantity", f"“{quantity}” is too large"
    if direction not in _DIRECTIONS:
        return "direction", f"“{direction}” is neither out nor in"
    other = ("caller", caller) if direction == "in" else ("callee", callee)
    for column, text in (other, ("origin_area", origin), ("carrier", carrier), ("cell", cell)):
        if len(text) > _MAX_TEXT:
            return column, f"may not be longer than {_MAX_TEXT} characters"
    return _fault_of_time(time, latest)


def _fault_of_time(time: str, latest: float) -> tuple[str, str] | None:
    try:
        moment = datetime.fromisoformat(time)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return "start", f"“{time}” is no ISO 8601 time such as 2026-11-21T14:30:00-03:00"
    if moment.tzinfo is None:
        return "start", f"“{time}” has no time zone; end it with Z or an offset such as -03:00"
    return ("start", f"“{time}” lies in the future") if moment.timestamp() > latest else None
