"""Filters of a list: how each is declared, which parameters it reads, and the condition that it makes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select

from trunkline.i18n import current_zone, format_date, format_number
from trunkline.web import keyset
from trunkline.web.table_params import amount_of, day_of, typed_of, values_of

_MICROS = 1_000_000
_YES = frozenset({"1", "true", "yes", "on"})
#: What the parameter of a yes or no may say.
BOOLEANS = _YES | {"0", "false", "no", "off"}
#: The two parameters of a range, by kind of filter.
_ENDS = {"dates": ("from", "to"), "number": ("min", "max"), "money": ("min", "max")}


@dataclass(frozen=True)
class Filter:
    """A filter in the bar. `key` is its parameter and, unless `column` says otherwise, the select's column it compares.

    kind `choice` takes one or several of `choices` (value, label); `tag` one or several words that `choices` suggests; `text`
    what is typed, with `choices` as suggestions; `bool` yes or no; `dates` a range `<key>_from`, `<key>_to` in the zone of
    display; `number` and `money` a range `<key>_min`, `<key>_max` (money in units, of a column in micro-units). `where`
    replaces the comparison by one of its own, given the chosen values.
    """

    key: str
    label: str
    choices: Sequence[tuple[Any, str]] = ()
    kind: Literal["choice", "dates", "bool", "text", "number", "money", "tag"] = "choice"
    column: Any = None
    where: Callable[[Sequence[str]], ColumnElement[Any]] | None = None
    icon: str = "filter"
    #: Whether the choices are rows that come and go, such as stocks: what is written down once leaves them out.
    changing: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters it reads."""
        ends = _ENDS.get(self.kind)
        return (self.key,) if ends is None else tuple(f"{self.key}_{end}" for end in ends)

    @property
    def is_range(self) -> bool:
        """Whether it has two ends."""
        return self.kind in _ENDS

    def values(self, params: Mapping[str, Any]) -> list[str]:
        """What was chosen or typed; of a range nothing."""
        return typed_of(params, self.key) if self.kind == "text" else values_of(params, self.key)

    def ends(self, params: Mapping[str, Any]) -> tuple[str, str]:
        """The two ends of a range as they were typed; what cannot be read counts as empty."""
        read = day_of if self.kind == "dates" else amount_of
        first, last = (str(params.get(name, "")) for name in self.names)
        return first if read(first) is not None else "", last if read(last) is not None else ""

    @property
    def offered(self) -> list[str]:
        """The values that it knows; none of one that takes any."""
        if self.kind == "bool":
            return sorted(BOOLEANS)
        if self.kind != "choice":
            return []
        return [str(getattr(value, "value", value)) for value, _label in self.choices]

    def unreadable(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Parameter and value of what it was given and cannot read: it narrows nothing."""
        if self.is_range:
            typed = [str(params.get(name, "")).strip() for name in self.names]
            ends = zip(self.names, typed, self.ends(params), strict=True)
            return [(name, given) for name, given, read in ends if given and not read]
        known = self.offered
        return [(self.key, value) for value in self.values(params) if value not in known] if known else []

    def said(self, params: Mapping[str, Any]) -> str:
        """A range that is in force as people read it; empty when none is."""
        ends = [self._end(typed) if typed else "…" for typed in self.ends(params)]
        return "" if ends == ["…", "…"] else " – ".join(ends)

    def _end(self, typed: str) -> str:
        if self.kind == "dates":
            return format_date(date.fromisoformat(typed))
        amount = Decimal(typed)
        exponent = amount.normalize().as_tuple().exponent
        fraction = max(0, -exponent) if isinstance(exponent, int) else 0
        return format_number(amount, digits=max(fraction, 2 if self.kind == "money" else 0))

    def condition(self, statement: "Select[Any]", params: Mapping[str, Any]) -> ColumnElement[Any] | None:
        """What it asks of each row, None when it is not in force."""
        if self.is_range:
            return self._range(statement, params)
        known = self._known(params)
        if not known:
            return None
        if self.where is not None:
            return self.where([str(getattr(value, "value", value)) for value in known])
        column = self._compared(statement)
        if self.kind == "bool":
            return column.is_(known[-1] in _YES)
        return column == known[0] if len(known) == 1 else column.in_(known)

    def _known(self, params: Mapping[str, Any]) -> list[Any]:
        chosen = self.values(params)
        if self.kind != "choice" or not self.choices:
            return [*chosen]
        offered = {str(getattr(value, "value", value)): value for value, _label in self.choices}
        return [offered[value] for value in chosen if value in offered]

    def _compared(self, statement: "Select[Any]") -> ColumnElement[Any]:
        chosen: ColumnElement[Any] = (
            self.column if self.column is not None else keyset.expression(statement, self.key)
        )
        return chosen

    def _range(self, statement: "Select[Any]", params: Mapping[str, Any]) -> ColumnElement[Any] | None:
        first, last = self.ends(params)
        column = self._compared(statement)
        parts: list[ColumnElement[Any]] = []
        if self.kind == "dates":
            parts = _days(column, day_of(first), day_of(last))
        else:
            factor = _MICROS if self.kind == "money" else 1
            low, high = amount_of(first), amount_of(last)
            parts += [] if low is None else [column >= _whole(low * factor, up=True)]
            parts += [] if high is None else [column <= _whole(high * factor, up=False)]
        return None if not parts else parts[0] if len(parts) == 1 else parts[0] & parts[1]


def _whole(value: Decimal, *, up: bool) -> int:
    """The nearest integer inside the range: columns of figures and money are integers."""
    return int(value.to_integral_value("ROUND_CEILING" if up else "ROUND_FLOOR"))


def _days(column: ColumnElement[Any], first: date | None, last: date | None) -> list[ColumnElement[Any]]:
    whole_days = keyset.holds_dates(column)
    parts: list[ColumnElement[Any]] = []
    if first is not None:
        parts.append(column >= (first if whole_days else _midnight(first)))
    if last is not None:
        parts.append(column <= last if whole_days else column < _midnight(last + timedelta(days=1)))
    return parts


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(current_zone())).astimezone(UTC)
