"""Tariff and usage files, good and bad."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.plugins.billing.conftest import COLUMNS, RATES, World
from trunkline.errors import Refused
from trunkline.imports.importer import ImportOptions
from trunkline.operation import SYSTEM
from trunkline_billing import queries
from trunkline_billing.imports import cdr
from trunkline_billing.usage import bulk

HEADER = "prefix,destination,connect_fee,rate,rate_unit,increment,interval_start,effective_from\n"


def rows(world: World, table: str) -> int:
    with world.app.reading() as ctx:
        return int(ctx.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 — tables of the test


@pytest.mark.both_databases
def test_importing_the_same_tariff_twice_changes_nothing_and_a_new_price_updates(world: World) -> None:
    again = world.tariff(RATES)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 5)
    changed = world.tariff(RATES.replace("0.06", "0.07"))
    assert (changed.created, changed.updated, changed.unchanged) == (0, 1, 4)


def test_overlapping_rates_are_refused_by_line_and_column(world: World) -> None:
    report = world.tariff(
        HEADER + "49,Germany,0,0.5,60,60,0,2026-01-01\n49,Germany again,0,0.6,60,60,0,2026-01-01\n"
    )
    assert [(row.line, row.column) for row in report.refused] == [(3, "interval_start")]
    assert "overlaps line 2" in report.refused[0].reason
    assert report.created == 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("4x,Germany,0,0.5,60,60,0,2026-01-01", "prefix"),
        ("49,,0,0.5,60,60,0,2026-01-01", "destination"),
        ("49,Germany,0,a,60,60,0,2026-01-01", "rate"),
        ("49,Germany,0,-1,60,60,0,2026-01-01", "rate"),
        ("49,Germany,0,0.00000000001,60,60,0,2026-01-01", "rate"),
        ("49,Germany,0,0.5,0,60,0,2026-01-01", "rate_unit"),
        ("49,Germany,0,0.5,60,0,0,2026-01-01", "increment"),
        ("49,Germany,0,0.5,60,60,30,2026-01-01", "interval_start"),
        ("49,Germany,0,0.5,60,60,0,someday", "effective_from"),
        ("49,Germany,0,0.5,60,60,0,2026-01-01T00:00:00", "effective_from"),
    ],
)
def test_a_bad_rate_is_refused_by_its_column(world: World, row: str, column: str) -> None:
    report = world.tariff(HEADER + row + "\n", name="other")
    assert [(refused.line, refused.column) for refused in report.refused] == [(2, column)]
    assert report.exit_status == 2


def test_a_tariff_keeps_its_currency_and_an_unknown_one_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="is in BRL, not USD"):
        world.tariff(RATES, currency="USD")
    with pytest.raises(Refused, match="no currency “ABC”"):
        world.tariff(RATES, name="other", currency="ABC")


def test_the_deck_has_thousands_of_true_prefixes(world: World) -> None:
    from trunkline.demo.deck import COLUMNS as DECK
    from trunkline.demo.deck import rate_deck
    from trunkline.demo.samples import write_csv
    from trunkline_billing.imports import tariff

    path = write_csv(world.folder / "deck.csv", DECK, rate_deck("2026-01-01"))
    report = tariff.run(world.app, SYSTEM, path, ImportOptions(tariff="deck", currency="BRL"))
    assert report.refused == []
    assert report.created >= 5_000


@pytest.mark.both_databases
def test_the_same_usage_file_twice_changes_nothing(world: World) -> None:
    uses = [world.call("a", 100), world.call("b", 7000), world.data("c", 5 * 10**9), world.call("a", 999)]
    first = world.usage(uses)
    assert (first.created, first.unchanged, first.refused) == (3, 1, [])
    with world.app.reading() as ctx:
        before = queries.unbilled(ctx, 1)
    second = world.usage(uses)
    assert (second.created, second.unchanged) == (0, 4)
    assert world.usage([world.call("d", 1), *uses]).created == 1
    assert rows(world, "billing_usage") == 4
    with world.app.reading() as ctx:
        assert queries.unbilled(ctx, 1).micros - before.micros == 6_000
        left = {view.type: view.left for view in queries.allowances_of(ctx, world.services[0])}
    assert left == {"data": 5 * 10**9, "voice": 0}


def test_the_same_key_of_another_source_is_another_use(world: World) -> None:
    assert world.usage([world.call("a", 10)], source="one").created == 1
    assert world.usage([world.call("a", 10)], source="two").created == 1


def test_a_dry_run_counts_and_keeps_nothing(world: World) -> None:
    assert world.usage([world.call("a", 100)], dry_run=True).created == 1
    assert rows(world, "billing_usage") == rows(world, "billing_usage_key") == 0


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"source_key": ""}, "source_key", "1 to 120"),
        ({"type": "fax"}, "type", "none of voice, sms, data, event"),
        ({"unit": "B"}, "unit", "write s"),
        ({"quantity": "4.5"}, "quantity", "no whole number"),
        ({"quantity": "-4"}, "quantity", "no whole number"),
        ({"direction": "up"}, "direction", "neither out nor in"),
        ({"start": "yesterday"}, "start", "no ISO 8601 time"),
        ({"start": "2026-10-05T12:00:00"}, "start", "no time zone"),
        ({"start": "2027-10-05T12:00:00Z"}, "start", "in the future"),
        ({"start": "2026-09-01T12:00:00Z"}, "identifier", "no service had"),
        ({"identifier": "+5511000000000"}, "identifier", "no service has"),
        ({"callee": "+999123"}, "callee", "has no voice rate"),
    ],
)
def test_a_bad_use_is_refused_by_line_and_column_and_the_rest_goes_in(
    world: World, change: dict[str, str], column: str, words: str
) -> None:
    report = world.usage([world.call("good", 10), world.call("bad", 10) | change])
    assert (report.created, report.exit_status) == (1, 1)
    assert [(row.line, row.column) for row in report.refused] == [(3, column)]
    assert words in report.refused[0].reason


def test_incoming_calls_cost_nothing_and_eat_no_allowance(world: World) -> None:
    use = world.call("a", 600, direction="in", caller="+12025550142", callee="")
    assert world.usage([use]).created == 1
    with world.app.reading() as ctx:
        assert [(one.other, one.cost.micros) for one in queries.usage_of(ctx, world.services[0])] == [
            ("+12025550142", 0)
        ]
        assert all(view.used == 0 for view in queries.allowances_of(ctx, world.services[0]))


def test_calls_abroad_are_charged_although_minutes_are_left(world: World) -> None:
    world.usage([world.call("a", 60, "+12025550142")])
    with world.app.reading() as ctx:
        use = queries.usage_of(ctx, world.services[0])[0]
    assert (use.included, str(use.cost), use.destination) == (0, "0.70", "United States")


def test_times_of_any_zone_are_one_moment_and_months_are_the_operators(world: World) -> None:
    # 23:30 in São Paulo on 30 September is already October in UTC.
    use = world.call("a", 10, start="2026-09-30T23:30:00-03:00")
    assert world.usage([use, world.call("b", 10, start="2026-10-01T02:45:00Z")]).created == 2
    with world.app.reading() as ctx:
        september = queries.allowances_of(ctx, world.services[0], "2026-09")
        october = queries.allowances_of(ctx, world.services[0], "2026-10")
    assert {view.type: view.used for view in september} == {"data": 0, "voice": 20}
    assert {view.type: view.used for view in october} == {"data": 0, "voice": 0}


def test_a_broken_file_is_refused_whole_and_leaves_nothing_behind(world: World) -> None:
    good = ",".join(world.call("a", 10).get(column, "") for column in COLUMNS)
    path = world.file(",".join(COLUMNS) + f"\n{good}\nonly,three,cells\n")
    with pytest.raises(Refused, match="line 3: 3 cells"):
        cdr.run(world.app, SYSTEM, path, ImportOptions(source="s"))
    path.write_bytes(b"source_key,type\n\xff\xfe")
    with pytest.raises(Refused, match="UTF-8"):
        cdr.run(world.app, SYSTEM, path, ImportOptions(source="s"))
    with pytest.raises(Refused, match="lacks source_key"):
        cdr.run(world.app, SYSTEM, world.file("type,unit\n"), ImportOptions(source="s"))
    assert rows(world, "billing_usage") == 0


@pytest.mark.both_databases
def test_an_import_that_dies_half_way_leaves_nothing_and_works_the_next_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> None:
        raise ConnectionError("power cut")

    from trunkline_billing.usage import storing

    with monkeypatch.context() as patch:
        patch.setattr(storing, "insert_usage", die)
        with pytest.raises(ConnectionError):
            world.usage([world.call("a", 10)])
    assert rows(world, "billing_usage_key") == 0
    assert world.usage([world.call("a", 10)]).created == 1


@pytest.mark.both_databases
def test_a_file_of_several_batches_goes_in_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdr, "BATCH", 7)
    monkeypatch.setattr(bulk, "_KEYS_PER_STATEMENT", 3)
    uses = [world.call(f"k{number}", 60) for number in range(20)]
    assert world.usage(uses).created == 20
    assert world.usage([*uses, world.call("new", 60)]).created == 1
    with world.app.reading() as ctx:
        assert queries.allowances_of(ctx, world.services[0])[1].used == 21 * 60


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.booleans()), min_size=1, max_size=8), st.integers(1, 10**6)
)
def test_allowances_are_never_overdrawn_and_books_balance(
    world: World, calls: list[tuple[int, bool]], salt: int
) -> None:
    world.usage(
        [
            world.call(f"{salt}-{number}-{seconds}", seconds, "+551133334444" if home else "+12025550142")
            for number, (seconds, home) in enumerate(calls)
        ]
    )
    with world.app.reading() as ctx:
        for view in queries.allowances_of(ctx, world.services[0]):
            assert 0 <= view.used <= view.quantity
        costs = ctx.session.execute(text("SELECT sum(cost_micros), sum(included) FROM billing_usage")).one()
        assert int(costs[0]) == queries.unbilled(ctx, 1).micros - _monthly(world)
        assert int(costs[1]) == sum(view.used for view in queries.allowances_of(ctx, world.services[0]))
        unbalanced = text(
            "SELECT 1 FROM billing_posting GROUP BY entry_id, currency HAVING sum(amount_micros) <> 0"
        )
        assert ctx.session.execute(unbalanced).all() == []


def _monthly(world: World) -> int:
    with world.app.reading() as ctx:
        found = ctx.session.execute(
            text("SELECT coalesce(sum(amount_micros), 0) FROM billing_charge WHERE kind <> 'usage'")
        )
        return int(found.scalar_one())
