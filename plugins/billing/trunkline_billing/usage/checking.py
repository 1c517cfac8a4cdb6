"""Usage records checked and priced, without touching the database: fast enough for every row of a large file."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from trunkline_billing.rating.compiled import PrefixTable
from trunkline_billing.rating.pricing import Price
from trunkline_billing.usage.facts import ChargedService, Facts
from trunkline_billing.usage.form import Columns, Form, fault_of, read_form

#: A record that passed, in the order that sorts it: start (POSIX), key, then
#: service, type, direction, identifier, other party, origin area, carrier, cell, quantity, start (database text),
#: price or None, month.
CheckedUse = tuple[float, str, ChargedService, str, str, str, str, str, str, str, int, str, Price | None, str]
#: Where the column of the start is among the twelve.
_START = 7
_NEVER = (inf, -inf)


@dataclass
class Checked:
    """Records that passed, and (position, column, reason) of each that did not, both in their order."""

    uses: list[CheckedUse] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds an identifier from one time (POSIX) till another, and the tables of their tariff as last used, by type."""

    since: float
    until: float
    identifier: str
    service: ChargedService
    tables: dict[str, PrefixTable]


class _Unfit(Exception):
    """A well-formed record that cannot be rated: its column at fault and the reason."""


class Checker:
    """Checks rows, `source_columns` saying at which position each of the twelve columns is.

    A position behind the last cell stands for a column that the file does not have. What was found out for an identifier, a
    tariff or a month is kept at hand for the next row, which mostly asks the same.
    """

    def __init__(self, facts: Facts, source_columns: Sequence[int] = range(12)) -> None:
        self._facts = facts
        self._positions = source_columns
        self._holders: dict[str, _Holder] = {}
        self._tables: dict[int, dict[str, PrefixTable]] = {}

    def __call__(self, rows: Sequence[Sequence[str]]) -> Checked:
        """Check rows of equal width; best some hundred at a time."""
        checked = Checked()
        if rows:
            cells = [*zip(*rows, strict=True), ("",) * len(rows)]
            self._check([cells[position] for position in self._positions], 0, checked)
        return checked

    def _check(self, columns: Columns, first: int, checked: Checked) -> None:
        form = read_form(columns, self._facts.latest_start)
        count = len(columns[0])
        if form is not None:
            self._price(form, columns[_START], first, checked)
        elif count == 1:
            fault = fault_of([column[0] for column in columns], self._facts.latest_start)
            checked.faults.append((first, *(fault or ("", "is malformed"))))
        else:
            # By halves, so that a few malformed rows do not slow down all their neighbours.
            half = count // 2
            self._check([column[:half] for column in columns], first, checked)
            self._check([column[half:] for column in columns], first + half, checked)

    def _price(self, form: Form, times: Sequence[str], first: int, checked: Checked) -> None:
        holders, add = self._holders, checked.uses.append
        months, periods = self._facts.months, self._facts.periods
        period, (month_begins, month_ends) = "", _NEVER
        for index, (
            key, kind, direction, written, other, origin, carrier, cell, quantity, start, stored,
        ) in enumerate(zip(*form, strict=True)):  # fmt: skip
            try:
                holder = holders.get(written)
                if holder is None or not holder.since <= start < holder.until:
                    holder = holders[written] = self._holder(written, start, times[index])
                service = holder.service
                price: Price | None = None
                if direction == "out":
                    table = holder.tables.get(kind)
                    if table is None or not table.since <= start < table.until:
                        table = holder.tables[kind] = _table(service, kind, start)
                    price = table.known.get(other[: table.head]) or _price(service, table, kind, other)
                elif kind == "data":
                    raise _Unfit("direction", "data is counted in one direction only; write out")
            except _Unfit as unfit:
                checked.faults.append((first + index, *unfit.args))
                continue
            if not month_begins <= start < month_ends:
                month = bisect_right(months, start)
                period = periods[month - 1]
                month_begins = months[month - 1] if month else -inf
                month_ends = months[month] if month < len(months) else inf
            add(
                (
                    start, key, service, kind, direction, holder.identifier, other, origin, carrier, cell, quantity, stored,
                    price, period,
                )
            )  # fmt: skip

    def _holder(self, written: str, start: float, time: str) -> _Holder:
        identifier = written.lstrip("+")
        spans = self._facts.holders.get(identifier)
        if spans is None:
            raise _Unfit("identifier", f"no service has “{identifier}”")
        found = [span for span in spans if span[0] <= start < span[1]]
        if not found:
            raise _Unfit("identifier", f"no service had “{identifier}” at {time}")
        since, until, service_id = found[-1]
        service = self._facts.services.get(service_id)
        if service is None:
            raise _Unfit("identifier", f"the service that has “{identifier}” is not charged to any account")
        if sum(begins < until and since < ends for begins, ends, _service_id in spans) > 1:
            # Where spans overlap the last one counts, so what was found is certain for this moment only.
            since, until = _NEVER
        tables = self._tables.setdefault(service.tariff.tariff_id, {}) if service.tariff is not None else {}
        return _Holder(since, until, identifier, service, tables)


def _table(service: ChargedService, kind: str, start: float) -> PrefixTable:
    if service.tariff is None:
        raise _Unfit("type", service.problem)
    return service.tariff.table(kind, start)


def _price(service: ChargedService, table: PrefixTable, kind: str, other: str) -> Price:
    price = table.find_written(kind, other)
    if price is None:
        name = service.tariff.name if service.tariff is not None else ""
        raise _Unfit("callee", f"tariff {name} has no {kind} rate for “{other}” at that time")
    return price
