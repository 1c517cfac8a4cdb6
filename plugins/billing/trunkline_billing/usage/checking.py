"""Usage records checked and priced, without touching the database: fast enough for every row of a large file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from math import inf
from typing import Any

from trunkline.i18n import gettext as _
from trunkline_billing.rating.compiled import PrefixTable
from trunkline_billing.rating.pricing import Price, Tier
from trunkline_billing.usage.facts import ChargedService, Facts
from trunkline_billing.usage.form import Columns, Form, fault_of, read_form


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """From one time (POSIX) till another, how uses of one type and direction by one identifier are rated.

    In between neither the holder of the identifier nor the tariff nor the month changes.
    """

    since: float
    until: float
    service: ChargedService
    kind: str
    direction: str
    identifier: str
    period: str
    #: None where nothing is charged.
    table: PrefixTable | None
    #: Prices of the other side's first `head` signs that were asked for before.
    head: int
    known: dict[str, Price]
    #: How the rows of its uses begin: account, customer, service, type, direction, identifier.
    row: tuple[int, int, int, str, str, str]

    @property
    def is_charged(self) -> bool:
        """Whether its uses are charged; incoming ones are only kept."""
        return self.table is not None


#: A record that passed, in the order that sorts it: start (POSIX), key, then
#: stretch, other party, origin area, carrier, cell, quantity, start (database text), price, and its position among those that
#: this checker passed.
CheckedUse = tuple[float, str, Stretch, str, str, str, str, int, str, Price, int]
#: Where the column of the start is among the twelve.
_START = 7
_NEVER = (inf, -inf)
#: What incoming uses cost.
_FREE = Price("", "", (Tier(0, 0, 1, 1),))


@dataclass
class Checked:
    """Records that passed, and (position, column, reason) of each that did not, both in their order."""

    uses: list[CheckedUse] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


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
        self._stretches: dict[tuple[str, str, str], Stretch] = {}
        self._passed = 0

    def __call__(self, columns: Columns) -> Checked:
        """Check records, at least one, given by the columns of their source; best some hundred at a time."""
        cells = [*columns, ("",) * len(columns[0])]
        checked = Checked()
        self._check([cells[position] for position in self._positions], 0, checked)
        return checked

    def _check(self, columns: Columns, first: int, checked: Checked) -> None:
        form = read_form(columns, self._facts.latest_start)
        count = len(columns[0])
        if form is not None:
            self._price(form, columns[_START], first, checked)
        elif count == 1:
            fault = fault_of([column[0] for column in columns], self._facts.latest_start)
            checked.faults.append((first, *(fault or ("", str(_("is malformed"))))))
        else:
            # By halves, so that a few malformed rows do not slow down all their neighbours.
            half = count // 2
            self._check([column[:half] for column in columns], first, checked)
            self._check([column[half:] for column in columns], first + half, checked)

    def _price(self, form: Form, times: Sequence[str], first: int, checked: Checked) -> None:
        """Find the stretch and the price of each record; all else stays in columns until the end."""
        stretches, found, prices = self._stretches, list[Stretch](), list[Price]()
        fit = [True] * len(times)
        asked = zip(form.identifiers, form.kinds, form.directions, strict=True)
        for index, (who, start, other) in enumerate(zip(asked, form.starts, form.others, strict=True)):
            try:
                stretch = stretches.get(who)
                if stretch is None or not stretch.since <= start < stretch.until:
                    stretch = stretches[who] = self._stretch(*who, start, times[index])
                price = stretch.known.get(other[: stretch.head]) or _price(stretch, other)
            except _Unfit as unfit:
                checked.faults.append((first + index, *unfit.args))
                fit[index] = False
            else:
                found.append(stretch)
                prices.append(price)
        rest: Sequence[Iterable[Any]] = (
            form.starts, form.keys, form.others, form.origins, form.carriers, form.cells, form.quantities, form.stored,
        )  # fmt: skip
        if len(found) < len(fit):
            rest = [compress(column, fit) for column in rest]
        starts, keys, *facts = rest
        passed = self._passed + len(found)
        checked.uses += zip(starts, keys, found, *facts, prices, range(self._passed, passed), strict=True)
        self._passed = passed

    def _stretch(self, written: str, kind: str, direction: str, start: float, time: str) -> Stretch:
        identifier = written.lstrip("+")
        since, until, service = self._holder(identifier, start, time)
        table, head, known = None, 0, {"": _FREE}
        if direction == "out":
            if service.tariff is None:
                raise _Unfit("type", service.problem)
            table = service.tariff.table(kind, start)
            head, known = table.head, table.known
            since, until = max(since, table.since), min(until, table.until)
        elif kind == "data":
            raise _Unfit("direction", str(_("data is counted in one direction only; write out")))
        begins, ends, period = self._facts.month(start)
        since, until = max(since, begins), min(until, ends)
        row = (service.account_id, service.customer_id, service.service_id, kind, direction, identifier)
        return Stretch(since, until, service, kind, direction, identifier, period, table, head, known, row)

    def _holder(self, identifier: str, start: float, time: str) -> tuple[float, float, ChargedService]:
        """From when till when who has the identifier."""
        spans = self._facts.holders.get(identifier)
        if spans is None:
            raise _Unfit("identifier", str(_("no service has “{identifier}”", identifier=identifier)))
        found = [span for span in spans if span[0] <= start < span[1]]
        if not found:
            raise _Unfit(
                "identifier",
                str(_("no service had “{identifier}” at {time}", identifier=identifier, time=time)),
            )
        since, until, service_id = found[-1]
        service = self._facts.services.get(service_id)
        if service is None:
            raise _Unfit(
                "identifier",
                str(
                    _(
                        "the service that has “{identifier}” is not charged to any account",
                        identifier=identifier,
                    )
                ),
            )
        if sum(begins < until and since < ends for begins, ends, _service_id in spans) > 1:
            # Where spans overlap the last one counts, so what was found is certain for this moment only.
            since, until = _NEVER
        return since, until, service


def _price(stretch: Stretch, other: str) -> Price:
    price = stretch.table.find_written(stretch.kind, other) if stretch.table is not None else _FREE
    if price is None:
        name = stretch.service.tariff.name if stretch.service.tariff is not None else ""
        raise _Unfit(
            "callee",
            str(
                _(
                    "tariff {name} has no {kind} rate for “{other}” at that time",
                    name=name,
                    kind=stretch.kind,
                    other=other,
                )
            ),
        )
    return price
