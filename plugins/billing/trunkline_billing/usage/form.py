"""The form of many usage records at once, column by column.

Nearly all records of a file are well formed, and a built-in that looks at a whole column takes a tenth of the time of Python code
that looks at each cell. So `read_form` only says whether every record is in order; `fault_of` then says of one what is wrong.
Both must agree: a record has a fault exactly when it alone has no form.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from trunkline.i18n import gettext as _
from trunkline_billing.schemas import UNITS

#: No use is longer than this in any unit: 2^53 bytes are nine petabytes.
MAX_QUANTITY = 2**53
_MAX_KEY = 120
_MAX_TEXT = 60
#: Digits that are looked at at all, leading zeros among them.
_MAX_DIGITS = 40
_KINDS = frozenset(UNITS.items())
_DIRECTIONS = frozenset(("", "out", "in"))
#: How many minutes are remembered: two months of them.
_REMEMBERED = 100_000
#: How times in UTC to the second end behind `2026-11-21T14:30`.
_SECONDS = {f":{second:02d}Z": second for second in range(60)}

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
        starts, stored = _plain_times(times) or _any_times(times)
    except (ValueError, OverflowError):
        return None
    if max(starts) > latest:
        return None
    return Form(
        keys, kinds, directions, identifiers, others, origins, carriers, cells, amounts, starts, stored
    )


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts))


def _are_whole(quantities: Sequence[str]) -> bool:
    digits = "".join(quantities)
    return all(quantities) and digits.isascii() and digits.isdigit() and _longest(quantities) <= _MAX_DIGITS


class _Minutes(dict[str, float]):
    """POSIX times of minutes of UTC written as `2026-11-21T14:30`, of which a file has far fewer than records.

    Raises ValueError for what is none.
    """

    def __missing__(self, minute: str) -> float:
        if not minute.isascii() or (minute[4:5], minute[7:8], minute[10:11], minute[13:14]) != (
            "-",
            "-",
            "T",
            ":",
        ):
            raise ValueError(minute)
        begins = datetime.fromisoformat(f"{minute}:00+00:00").timestamp()
        if len(self) >= _REMEMBERED:
            self.clear()
        self[minute] = begins
        return begins


_minutes = _Minutes()


def _plain_times(times: Sequence[str]) -> tuple[Sequence[float], Sequence[str]] | None:
    """POSIX times and database texts where all are written in UTC to the second, as switches do; else None."""
    try:
        starts = [_minutes[time[:16]] + _SECONDS[time[16:]] for time in times]
    except (KeyError, ValueError):
        return None
    return starts, "\n".join(times).replace("T", " ").replace("Z", ".000000").split("\n")


def _any_times(times: Sequence[str]) -> tuple[Sequence[float], Sequence[str]]:
    """POSIX times, and whole seconds of UTC as SQLite keeps them: `2026-11-21 14:30:00.000000`.

    Raises ValueError or OverflowError for what is no time or names no zone.
    """
    moments = [datetime.fromisoformat(time) for time in times]
    if not all(moment.tzinfo for moment in moments):
        raise ValueError("a time without a zone")
    stored = [f"{moment.astimezone(UTC).isoformat(' ')[:19]}.000000" for moment in moments]
    return [moment.timestamp() for moment in moments], stored


def fault_of(record: Sequence[str], latest: float) -> tuple[str, str] | None:
    """The first column at fault of one record and the reason; None when its form is in order."""
    key, kind, _identifier, direction, caller, callee, origin, time, quantity, unit, carrier, cell = record
    if not key or len(key) > _MAX_KEY:
        return "source_key", str(_("must have 1 to {n} characters", n=_MAX_KEY))
    if kind not in UNITS:
        return "type", str(_("“{value}” is none of {values}", value=kind, values=", ".join(UNITS)))
    if unit != UNITS[kind]:
        return "unit", str(
            _("“{value}” is not the unit of {kind}; write {unit}", value=unit, kind=kind, unit=UNITS[kind])
        )
    if not (quantity.isascii() and quantity.isdigit()):
        return "quantity", str(_("“{value}” is no whole number", value=quantity))
    if len(quantity) > _MAX_DIGITS or int(quantity) > MAX_QUANTITY:
        return "quantity", str(_("“{value}” is too large", value=quantity))
    if direction not in _DIRECTIONS:
        return "direction", str(_("“{value}” is neither out nor in", value=direction))
    other = ("caller", caller) if direction == "in" else ("callee", callee)
    for column, text in (other, ("origin_area", origin), ("carrier", carrier), ("cell", cell)):
        if len(text) > _MAX_TEXT:
            return column, str(_("may not be longer than {n} characters", n=_MAX_TEXT))
    return _fault_of_time(time, latest)


def _fault_of_time(time: str, latest: float) -> tuple[str, str] | None:
    try:
        moment = datetime.fromisoformat(time)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return "start", str(_("“{value}” is no ISO 8601 time such as 2026-11-21T14:30:00-03:00", value=time))
    if moment.tzinfo is None:
        return "start", str(
            _("“{value}” has no time zone; end it with Z or an offset such as -03:00", value=time)
        )
    return (
        ("start", str(_("“{value}” lies in the future", value=time))) if moment.timestamp() > latest else None
    )
