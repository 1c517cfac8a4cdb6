"""The import, which works by columns and chunks, rates any file as somebody would who takes one record after the other."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count
from math import ceil, floor
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.plugins.billing.conftest import COLUMNS, World, add_customers
from trunkline.errors import Refused
from trunkline.imports.importer import ImportOptions, ImportReport
from trunkline.operation import SYSTEM
from trunkline_billing import queries
from trunkline_billing.imports import cdr, reading

#: The tariff of `conftest.RATES`: (prefix, destination, fee, rate, per, step) by type.
PRICES = {
    "voice": [
        ("55", "Brazil", "0", "0.12", 60, 6),
        ("5511", "São Paulo", "0", "0.06", 60, 6),
        ("1", "United States", "0.10", "0.60", 60, 60),
    ],
    "sms": [("55", "Brazil", "0", "0.08", 1, 1)],
    "data": [("", "Data", "0", "0.05", 1_000_000, 1_000_000)],
}
UNITS = {"voice": "s", "sms": "messages", "data": "B"}
INCLUDED = {"data": 10**10, "voice": 6000}
Quoting = Literal[0, 1]
SOURCES = count()
#: When October begins in São Paulo.
OCTOBER = datetime(2026, 10, 1, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Use:
    """A record of a file before it is written down."""

    key: str
    kind: str
    service: int
    direction: str
    other: str
    start: datetime
    quantity: int

    def cells(self, world: World) -> dict[str, str]:
        side = "caller" if self.direction == "in" else "callee"
        return {
            "source_key": self.key,
            "type": self.kind,
            "identifier": world.numbers[self.service],
            "direction": self.direction,
            side: self.other,
            "start": self.start.isoformat(),
            "quantity": str(self.quantity),
            "unit": UNITS[self.kind],
        }


USES = st.builds(
    Use,
    key=st.integers(0, 40).map("k{}".format),
    kind=st.sampled_from(["voice", "sms", "data"]),
    service=st.integers(0, 1),
    direction=st.sampled_from(["out", "out", "", "in"]),
    other=st.sampled_from(
        ["+551133334444", "5511 3333-4444", "+555133334444", "+12025550142", "+999", "+55"]
    ),
    start=st.integers(-3, 3).map(lambda hours: OCTOBER + timedelta(hours=hours)),
    quantity=st.sampled_from([0, 1, 59, 61, 2000, 5 * 10**9]),
)


def expected(uses: Sequence[Use], left: dict[tuple[int, str, str], int]) -> dict[str, tuple[Any, ...]]:
    """Key → what is stored of it; counts down what is left of allowances."""
    taken: dict[str, Use] = {}
    for use in uses:
        if price(use) is not None:
            taken.setdefault(use.key, use)
    found = {}
    for use in sorted(taken.values(), key=lambda use: (use.start, use.key)):
        named, cost = price(use) or ("", lambda quantity: 0)
        place = (use.service, use.kind, "2026-09" if use.start < OCTOBER else "2026-10")
        free = 0
        if use.direction != "in" and (use.kind == "data" or use.other.lstrip("+").startswith("55")):
            free = min(use.quantity, left.get(place, 0))
            if free:
                left[place] -= free
        row = (use.service, use.kind, use.direction or "out", use.other, named, use.quantity, free)
        found[use.key] = (*row, cost(use.quantity - free))
    return found


def price(use: Use) -> tuple[str, Any] | None:
    """The destination and what a quantity costs in micro-units; None when the record cannot be rated."""
    if use.direction == "in":
        return None if use.kind == "data" else ("", lambda quantity: 0)
    digits = "" if use.kind == "data" else "".join(filter(str.isdigit, use.other))
    fitting = [rate for rate in PRICES[use.kind] if digits.startswith(rate[0])]
    if not fitting:
        return None
    _prefix, named, fee, rate, per, step = max(fitting, key=lambda one: len(one[0]))

    def cost(quantity: int) -> int:
        whole = Fraction(fee) + ceil(Fraction(quantity, step)) * step * Fraction(rate) / per
        return floor(whole * 1_000_000 + Fraction(1, 2)) if quantity else 0

    return named, cost


def brought(world: World, uses: Iterable[Use], source: str, quoting: Quoting) -> ImportReport:
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, restval="", quoting=quoting)
    writer.writeheader()
    writer.writerows(use.cells(world) for use in uses)
    path = world.file("")
    path.write_bytes(written.getvalue().encode())
    return cdr.run(world.app, SYSTEM, path, ImportOptions(source=source))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uses=st.lists(USES, min_size=1, max_size=40), quoted=st.booleans())
def test_a_file_is_rated_as_by_hand(world: World, uses: list[Use], quoted: bool) -> None:
    if len(world.numbers) < 2:
        add_customers(world, 1)
    source = f"s{next(SOURCES)}"
    left, owed = _left(world), _unbilled(world)
    report = brought(world, uses, source, csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    wanted = expected(uses, left)
    with world.app.reading() as ctx:
        rows = ctx.session.execute(
            text(
                "SELECT k.key, u.service_id, u.type, u.direction, u.other, u.destination, u.quantity, u.included,"
                " u.cost_micros FROM billing_usage u JOIN billing_usage_key k ON k.usage_id = u.id WHERE k.source = :source"
            ),
            {"source": source},
        ).all()
    assert {row[0]: (world.services.index(row[1]), *row[2:]) for row in rows} == wanted
    assert report.created == len(rows) == len(wanted)
    assert report.unchanged + len(report.refused) == len(uses) - len(wanted)
    assert [refused.line for refused in report.refused] == [
        line for line, use in enumerate(uses, 2) if price(use) is None
    ]
    assert _left(world) == left
    assert _unbilled(world) - owed == sum(row[-1] for row in wanted.values())


def _left(world: World) -> dict[tuple[int, str, str], int]:
    with world.app.reading() as ctx:
        return {
            (index, view.type, view.period): view.left
            for index, service in enumerate(world.services)
            for period in ("2026-09", "2026-10")
            for view in queries.allowances_of(ctx, service, period)
        }


def _unbilled(world: World) -> int:
    with world.app.reading() as ctx:
        return sum(queries.unbilled(ctx, account).micros for account in range(1, len(world.accounts) + 1))


CELLS = st.lists(st.text('ab"\n\r é', max_size=3), min_size=3, max_size=3)


@given(
    st.lists(CELLS, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 4), st.integers(0, 2)
)
def test_rows_are_read_as_the_csv_module_reads_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], ending: str, size: int, blank: int
) -> None:
    written = io.StringIO(newline="")
    for row in [["x", "y", "z"], *rows]:
        quoting: Quoting = csv.QUOTE_ALL if set("\r\n") & set("".join(row)) else csv.QUOTE_MINIMAL
        csv.writer(written, lineterminator=ending, quoting=quoting).writerow(row)
    content = written.getvalue() + ending * blank
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_bytes(content.encode())
    with path.open(newline="") as file:
        reader = csv.reader(file, strict=True)
        wanted = [(reader.line_num, row) for row in reader if row][1:]
    found = [
        (line, chunk.row(at))
        for chunk in reading.chunks(path, 3, size)
        for at, line in enumerate(chunk.lines)
    ]
    assert found == wanted


def test_a_zero_byte_is_refused_by_its_line(world: World) -> None:
    path = world.file("")
    use = Use("a\0b", "voice", 0, "out", "+551133334444", OCTOBER, 60).cells(world)
    lines = [",".join(COLUMNS), *(",".join(use.get(column, "") for column in COLUMNS) for _ in range(2))]
    path.write_text("\n".join(lines))
    with pytest.raises(Refused, match="line 2: it holds a zero byte"):
        cdr.run(world.app, SYSTEM, path, ImportOptions(source="s"))
