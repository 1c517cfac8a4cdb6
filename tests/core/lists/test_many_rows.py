"""Lists of more rows than can be put in order at once: a page comes all the same, and never says less than is true."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.core.customers.test_customer_pages import add
from trunkline.app import App
from trunkline.customers import belongings
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.customers.queries import list_customers
from trunkline.customers.schemas import TagData
from trunkline.customers.tables import CUSTOMERS
from trunkline.db.alike import rows_alike
from trunkline.search.indexing import index_due
from trunkline.web import table_params, table_reading, table_view, tables
from trunkline.web.table_view import TableView

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]
_NAMES = ("Ana Souza", "Ana Lima", "Beto Ananias", "Ana Rocha", "Carla Dias", "Ana Prado")


@pytest.fixture
def crowd(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """Six customers, five of whom `ana` finds, where more than three are too many."""
    for module in (table_params, table_reading, table_view, tables):
        monkeypatch.setattr(module, "COUNT_LIMIT", 3)
    monkeypatch.setattr(table_reading, "SOUGHT", 3)
    # What is given up for taking long is told of elsewhere; here nothing is, however busy the machine.
    monkeypatch.setattr(table_reading, "_PATIENCE", 60.0)
    for position, name in enumerate(_NAMES):
        number = add(app, name, phone=f"51 99123-45{position}7")
        if position in (1, 2, 4):
            with app.unit_of_work() as ctx:
                belongings.add_tag(ctx, number, TagData.model_validate({"text": "vip"}))
    index_due(app)
    return app


def _load(app: App, **params: str) -> TableView:
    with app.reading() as ctx:
        return CUSTOMERS.load(ctx.session, list_customers(ctx), params)


def _names(view: TableView) -> list[str]:
    return [row["name"] for row in view.rows]


def test_a_search_that_finds_too_many_shows_those_found_first_and_says_so(crowd: App) -> None:
    view = _load(crowd, q="ana")
    assert view.partial
    assert (view.total_is_exact, view.total_text) == (False, "3+")
    assert len(view.rows) == 4
    assert _names(view) == sorted(_names(view))


@pytest.mark.parametrize(
    ("query", "names"),
    [("ana", ["Ana Lima", "Beto Ananias"]), ("5199", ["Ana Lima", "Beto Ananias", "Carla Dias"])],
)
def test_a_filter_beside_a_search_that_finds_too_many_leaves_out_nobody(
    crowd: App, query: str, names: list[str]
) -> None:
    view = _load(crowd, q=query, tag="vip")
    assert (_names(view), view.total, view.partial) == (names, len(names), False)


def test_rows_beside_a_search_that_have_become_too_many_meanwhile_are_not_taken_for_few(crowd: App) -> None:
    assert _load(crowd, q="ana", tag="vip").total == 2
    for number in [row["number"] for row in _load(crowd).rows if row["name"] in ("Ana Souza", "Ana Rocha")]:
        with crowd.unit_of_work() as ctx:
            belongings.add_tag(ctx, number, TagData.model_validate({"text": "vip"}))
    for _again in range(2):
        view = _load(crowd, q="ana", tag="vip")
        assert view.partial
        assert set(_names(view)) < {"Ana Souza", "Ana Lima", "Ana Rocha", "Beto Ananias"}


def test_a_search_that_finds_few_is_exact(crowd: App) -> None:
    for query, names in (
        ("lima", ["Ana Lima"]),
        ("ana ro", ["Ana Rocha"]),
        ("souza a", ["Ana Souza"]),
        ("souza b", []),
        ("nobody", []),
    ):
        view = _load(crowd, q=query)
        assert (_names(view), view.total, view.partial) == (names, len(names), False)


def test_what_were_too_many_rows_to_count_is_not_counted_for_the_next_reader(
    crowd: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []

    def watched(session: Any, origin: Any, way: Any, build: Any) -> Any:
        rows = rows_alike(session, origin, way, build)
        counted.append(rows[0]["count"])
        return rows

    monkeypatch.setattr(table_reading, "rows_alike", watched)
    # The very first select of a process may be another to SQLAlchemy than those that look alike later.
    views = [_load(crowd), _load(crowd)]
    assert 4 in counted
    counted.clear()
    views.append(_load(crowd))
    assert [view.total_text for view in views] == ["3+", "3+", "3+"]
    assert all(count <= 3 for count in counted)
    # What can be counted is, each time.
    assert _load(crowd, tag="old").total == 0
    with crowd.unit_of_work() as ctx:
        customer = next(row for row in views[0].rows if row["name"] == "Ana Souza")
        belongings.add_tag(ctx, customer["number"], TagData.model_validate({"text": "old"}))
    assert _load(crowd, tag="old").total == 1


def test_a_sort_that_has_nothing_of_the_filter_in_front_is_given_up_in_time(
    crowd: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _names(_load(crowd, sort="-name"))[:2] == ["Carla Dias", "Beto Ananias"]
    monkeypatch.setattr(table_reading, "within", lambda *_arguments: None)
    view = _load(crowd, sort="-name")
    assert view.partial
    assert _names(view) == sorted(_names(view), reverse=True)
    assert len(view.rows) == 4


def _never_met(monkeypatch: pytest.MonkeyPatch, *, enough: int) -> None:
    """No walk along the sort meets what is asked for in time, and so many rows found otherwise are enough."""
    monkeypatch.setattr(table_reading.Reader, "_walked", lambda *_arguments: None)
    monkeypatch.setattr(table_reading, "_MET", enough)
    monkeypatch.setattr(tables, "LIMITS", (2,))


def _registered(app: App, *days: int) -> None:
    """The customers of `crowd` since these days of a month, in the order of their names in `_NAMES`."""
    with app.unit_of_work() as ctx:
        for name, day in zip(_NAMES, days, strict=True):
            customer = ctx.session.execute(select(Customer).where(col(Customer.name) == name)).scalar_one()
            customer.created_at = datetime(2026, 3, day, 12, tzinfo=UTC)


def test_what_no_walk_meets_in_time_is_found_by_its_filters_and_counted_where_it_is_all_there_is(
    crowd: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    _registered(crowd, 1, 2, 3, 4, 5, 6)
    _never_met(monkeypatch, enough=5)
    asked = {"kind": "individual", "created_at_from": "2026-03-02", "limit": "2", "sort": "name"}
    view = _load(crowd, **asked)
    assert (_names(view), view.partial) == (["Ana Lima", "Ana Prado"], False)
    then = _load(crowd, **asked, cursor=str(view.page.next))
    assert (_names(then), then.partial) == (["Ana Rocha", "Beto Ananias"], False)
    last = _load(crowd, **asked, cursor=str(then.page.next))
    assert (_names(last), last.page.next) == (["Carla Dias"], None)


@pytest.mark.parametrize(
    ("period", "names"),
    [
        ({"created_at_to": "2026-03-05"}, ["Ana Rocha", "Beto Ananias"]),
        ({"created_at_from": "2026-03-02"}, ["Ana Lima", "Ana Rocha"]),
    ],
)
def test_what_is_found_first_of_a_period_lies_at_the_end_that_was_named(
    crowd: App, monkeypatch: pytest.MonkeyPatch, period: dict[str, str], names: list[str]
) -> None:
    _registered(crowd, 1, 2, 3, 4, 5, 6)
    _never_met(monkeypatch, enough=2)
    view = _load(crowd, kind="individual", limit="2", sort="name", **period)
    # Three were found, and two of them are a page: of those until the 5th it is not those of the 1st and 2nd.
    assert (_names(view), view.partial, view.total_text) == (names, True, "3+")


def test_where_no_filter_finds_anything_in_time_all_is_looked_through(
    crowd: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    _registered(crowd, 1, 2, 3, 4, 5, 6)
    monkeypatch.setattr(table_reading, "within", lambda *_arguments: None)
    view = _load(crowd, kind="individual", created_at_from="2026-03-05", sort="name")
    assert (_names(view), view.total, view.partial) == (["Ana Prado", "Carla Dias"], 2, False)


@pytest.mark.parametrize(("kind", "names"), [("individual", ["Ana Prado", "Carla Dias"]), ("business", [])])
def test_values_that_many_have_each_are_counted_to_the_end_where_few_have_both(
    crowd: App, monkeypatch: pytest.MonkeyPatch, kind: str, names: list[str]
) -> None:
    _registered(crowd, 1, 2, 3, 4, 5, 6)
    real, counts = table_reading.Reader._count_in_time, iter([4] * 4)

    def hurried(reader: table_reading.Reader, matching: Any) -> int:
        # Each by itself, and all as the database would look for them, take too long.
        return next(counts, None) or real(reader, matching)

    monkeypatch.setattr(table_reading.Reader, "_count_in_time", hurried)
    monkeypatch.setattr(table_reading.Reader, "_walked", lambda *_arguments: pytest.fail("it was walked"))
    view = _load(crowd, view="active", kind=kind, created_at_from="2026-03-05", sort="name")
    assert (_names(view), view.total, view.partial) == (names, len(names), False)


def test_filters_that_exclude_each_other_leave_nothing_and_are_not_looked_for(
    crowd: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_reading.Reader, "_alone", lambda *_arguments: pytest.fail("it was looked for"))
    view = _load(crowd, view="active", status="suspended")
    assert (view.rows, view.total, view.partial) == ([], 0, False)


def test_a_filter_of_several_values_leaves_those_that_the_tab_has(crowd: App) -> None:
    with crowd.unit_of_work() as ctx:
        named = ctx.session.execute(select(Customer).where(col(Customer.name) == "Ana Lima")).scalar_one()
        named.status = CustomerStatus.SUSPENDED
    view = _load(crowd, view="suspended", status="suspended,active")
    assert (_names(view), view.total) == (["Ana Lima"], 1)
    assert len(_load(crowd, status="suspended,active").rows) == len(_NAMES)


def test_where_nothing_is_among_those_gathered_and_the_others_take_too_long_a_list_does_not_say_that_there_is_nothing(
    crowd: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in _NAMES:
        with crowd.unit_of_work() as ctx:
            named = ctx.session.execute(select(Customer).where(col(Customer.name) == name)).scalar_one()
            belongings.add_tag(ctx, named.number, TagData.model_validate({"text": "known"}))
    counts = iter([*[4] * 2, 0, 4])
    monkeypatch.setattr(table_reading.Reader, "_count_in_time", lambda *_arguments: next(counts))
    monkeypatch.setattr(table_reading, "within", lambda *_arguments: None)
    view = _load(crowd, view="current", kind="individual", tag="known")
    assert (view.rows, view.partial, view.total_text) == ([], True, "3+")
