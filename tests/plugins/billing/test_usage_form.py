"""Checking many usage rows at once finds what checking each by itself finds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.billing.conftest import COLUMNS, World
from trunkline.errors import Refused
from trunkline.imports.importer import ImportOptions
from trunkline.operation import SYSTEM
from trunkline_billing import queries
from trunkline_billing.imports import cdr
from trunkline_billing.rating.compiled import flatten, rated_number
from trunkline_billing.rating.pricing import Price, Tier
from trunkline_billing.usage.form import fault_of, read_form

LATEST = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
TIMES = [
    "2026-11-21T14:30:00Z", "2026-11-21 14:30:00Z", "20261121T143000.123Z", "2026-W47-6T14:30:00Z", "2026-11-21T14:30:00.5Z",
    "2026-11-21T14:30:00-03:00", "2026-11-21T14:30:00", "2026-11-31T14:30:00Z", "2027-01-01T00:00:00Z", "yesterday", "",
    "2026-11-21T14:60:00Z", "2026-11-21T14:30:60Z", "2026-11-21T14:3:000Z", "2026-W47-6T14:30:0Z",
    "0001-01-01T00:00:00+05:00", "2026-11-21T14:30:0OZ", "2026-11-21\n14:30:00Z", "٢٠٢٦-11-21T14:30:00Z",
]  # fmt: skip
TEXTS = st.sampled_from(["", "+5511", "internet", "x" * 60, "x" * 61])
RECORD = st.tuples(
    st.sampled_from(["k", "", "k" * 120, "k" * 121]),
    st.sampled_from(["voice", "sms", "data", "event", "fax", ""]),
    TEXTS,
    st.sampled_from(["out", "in", "", "up"]),
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(TIMES),
    st.sampled_from(["0", "45", "007", "4.5", "-4", "", "٣", "²", str(2**53), str(2**53 + 1), "9" * 5000]),
    st.sampled_from(["s", "messages", "B", "events", ""]),
    TEXTS,
    TEXTS,
)
GOOD = ("k", "voice", "+5511", "", "", "+5511", "", "2026-11-21T14:30:00Z", "45", "s", "", "")
GOOD_AT_ANY_TIME = st.builds(lambda time: (*GOOD[:7], time, *GOOD[8:]), st.sampled_from(TIMES))


@given(st.lists(RECORD | GOOD_AT_ANY_TIME, min_size=1, max_size=6))
def test_rows_have_a_form_together_when_none_of_them_has_a_fault(records: list[tuple[str, ...]]) -> None:
    form = read_form(list(zip(*records, strict=True)), LATEST)
    assert (form is None) == any(fault_of(record, LATEST) for record in records)
    if form is not None:
        alone = [read_form([(cell,) for cell in record], LATEST) for record in records]
        assert list(zip(*form, strict=True)) == [tuple(column[0] for column in one) for one in alone if one]


def test_every_way_to_write_a_time_is_stored_alike() -> None:
    for time in TIMES[:5]:
        for others in ([], ["2026-11-21T11:30:00-03:00"]):
            times = [time, *others]
            columns = [(GOOD[at],) * len(times) if at != 7 else times for at in range(12)]
            form = read_form(columns, LATEST)
            assert form is not None
            assert set(form.stored) == {"2026-11-21 14:30:00.000000"}
            assert list(form.starts) == [datetime.fromisoformat(time).timestamp() for time in times]


@given(
    st.sets(st.text("059", max_size=4), min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(["voice", "event"]), st.text("+ -059", max_size=9)), max_size=12),
)
def test_a_remembered_beginning_costs_what_the_whole_number_costs(
    prefixes: set[str], asked: list[tuple[str, str]]
) -> None:
    tables = {
        kind: flatten(Price(prefix, prefix, (Tier(0, 1, 1, 1),)) for prefix in prefixes)
        for kind in ("voice", "event")
    }
    for kind, other in asked:
        table = tables[kind]
        expected = table.find(rated_number(kind, other))
        assert (table.known.get(other[: table.head]) or table.find_written(kind, other)) == expected


def test_bad_rows_among_many_are_named_each_and_the_rest_is_rated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cdr, "CHUNK", 8)
    bad = {3: {"type": "fax"}, 4: {"callee": "+999"}, 11: {"start": "then"}, 17: {"identifier": "nobody"}}
    uses = [world.call(f"k{number:02}", 60) | bad.get(number, {}) for number in range(20)]
    report = world.usage(uses)
    assert (report.read, report.created) == (20, 16)
    assert [(row.line, row.column, row.row[0]) for row in report.refused] == [
        (5, "type", "k03"),
        (6, "callee", "k04"),
        (13, "start", "k11"),
        (19, "identifier", "k17"),
    ]
    with world.app.reading() as ctx:
        assert len(queries.usage_of(ctx, world.services[0])) == 16


def test_columns_that_a_file_does_not_have_are_empty_and_lines_count_as_an_editor_counts(
    world: World,
) -> None:
    use = world.call("a", 60)
    few = [column for column in COLUMNS if column not in ("caller", "origin_area", "carrier", "cell")]
    rows = [use | {"source_key": key, "type": kind} for key, kind in (("a", "voice"), ("b", "fax"))]
    first, second = (",".join(row[column] for column in few) for row in rows)
    text = f"{','.join(few)}\n\n{first}\n\n{second}\n"
    report = cdr.run(world.app, SYSTEM, world.file(text), ImportOptions(source="s"))
    assert (report.created, [(row.line, len(row.row)) for row in report.refused]) == (1, [(5, len(few))])


def test_a_form_broken_behind_the_first_batch_keeps_even_that_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cdr, "BATCH", 4)
    uses = [world.call(f"k{number}", 60) for number in range(9)]
    path = world.file("")
    lines = [",".join(COLUMNS), *(",".join(use.get(column, "") for column in COLUMNS) for use in uses)]
    path.write_text("\n".join([*lines, "only,three,cells"]) + "\n")
    with pytest.raises(Refused, match="line 11: 3 cells"):
        cdr.run(world.app, SYSTEM, path, ImportOptions(source="s"))
    with world.app.reading() as ctx:
        assert queries.usage_of(ctx, world.services[0]) == []
