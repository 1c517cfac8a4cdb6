"""The one table: search, filters, keyset paging, counts, exports and selections, on SQLite and PostgreSQL."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, QueryParams

from trunkline.errors import Refused
from trunkline.i18n import use_locale
from trunkline.web import table_params, table_reading, tables
from trunkline.web.table_export import export
from trunkline.web.table_view import TableView
from trunkline.web.tables import Bulk, Column, Filter, Kind, Tab, Table

pytestmark = [pytest.mark.both_databases, pytest.mark.plugins()]

metadata = sa.MetaData()
device = sa.Table(
    "sample_device",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("serial", sa.String, nullable=False),
    sa.Column("site", sa.String),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("leased", sa.Boolean, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
)
owner = sa.Table(
    "sample_owner",
    metadata,
    sa.Column("device_id", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

DEVICES = Table(
    name="devices",
    columns=[
        Column("serial", "Serial", kind="mono", sort=True, href="/devices/{id}"),
        Column("site", "Site", sort=True, priority=2),
        Column("state", "State", kind="status", sort=True),
        Column("price", "Price", kind="money", sort=True),
        Column("seen", "Seen", kind="datetime", sort=True, optional=True),
    ],
    filters=[
        Filter("state", "State", [("active", "Active"), ("broken", "Broken")]),
        Filter("leased", "Leased", kind="bool"),
        Filter("seen", "Seen", kind="dates"),
    ],
    tabs=[Tab("", "All"), Tab("broken", "Broken", device.c.state == "broken", count=True)],
    search=["serial", "site"],
    sort="serial",
    bulk=[Bulk("Move", "/devices/move", permission="devices.item.move")],
    limit=25,
)
STATEMENT = sa.select(*device.c)


def _row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "serial": f"SN{number:04d}",
        "site": None if number % 3 == 0 else f"Site {number % 5}",
        "state": "broken" if number % 4 == 0 else "active",
        "leased": number % 2 == 0,
        "price": number * 1_500_000,
        "currency": "BRL",
        "seen": NOON - timedelta(hours=number),
        **changes,
    }


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    engine = sa.create_engine(database_url)
    metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(device.insert(), [_row(number) for number in range(1, 121)])
        session.commit()
        yield session
    engine.dispose()


def _load(session: Session, query: str = "", table: Table = DEVICES, statement: Any = STATEMENT) -> TableView:
    return table.load(session, statement, QueryParams(query), path="/devices")


def _serials(view: TableView) -> list[str]:
    return [row["serial"] for row in view.rows]


def _walk(
    session: Session, query: str, statement: Any = STATEMENT, table: Table = DEVICES
) -> list[list[Any]]:
    """The ids of every page, following `next` to the end."""
    view, pages = _load(session, query, table, statement), []
    while True:
        pages.append([row["id"] for row in view.rows])
        if view.next is None:
            return pages
        view = _load(session, view.next.partition("?")[2], table, statement)


@pytest.mark.parametrize("sort", ["serial", "-serial", "site", "-site", "-price", "seen", "state"])
def test_following_next_shows_every_row_once_and_in_order(session: Session, sort: str) -> None:
    pages = _walk(session, f"sort={sort}")
    everything = [number for page in pages for number in page]
    assert sorted(everything) == list(range(1, 121))
    key = sort.lstrip("-")
    rows = {row["id"]: row[key] for row in session.execute(STATEMENT).mappings()}
    known = [rows[number] for number in everything if rows[number] is not None]
    assert known == sorted(known, reverse=sort.startswith("-"))
    assert all(rows[number] is None for number in everything[len(known) :]), "rows without a value come last"


def _numbers(view: TableView) -> list[Any]:
    return [row["row_number"] for row in view.rows]


def test_rows_are_numbered_on_from_page_to_page_and_back(session: Session) -> None:
    counted, query = replace(DEVICES, counted=True), "cols=row_number,serial,state&sort=-serial"
    first = _load(session, query, counted)
    assert (_numbers(first)[0], _numbers(first)[-1]) == (1, 25)
    assert first.lead.key == "serial", "a row is called by its name, not by its place"
    assert first.next is not None
    second = _load(session, first.next.partition("?")[2], counted)
    assert (_numbers(second)[0], _numbers(second)[-1], second.rows[0]["serial"]) == (26, 50, "SN0095")
    assert second.previous is not None
    back = _load(session, second.previous.partition("?")[2], counted)
    assert (_numbers(back), _serials(back)) == (_numbers(first), _serials(first))
    # Another column shown begins at the beginning; nobody knows how far an address without a number is.
    plain = _load(session, "sort=-serial", counted)
    assert plain.next is not None
    assert "~" not in plain.next
    far = _load(session, f"{plain.next.partition('?')[2]}&cols=row_number,serial", counted)
    assert (set(_numbers(far)), far.rows[0]["serial"]) == ({None}, "SN0095")


@pytest.mark.parametrize("sort", ["serial", "-site", "site", "-price"])
def test_previous_leads_back_over_the_same_pages(session: Session, sort: str) -> None:
    view, forth = _load(session, f"sort={sort}"), []
    while view.next is not None:
        forth.append([row["id"] for row in view.rows])
        view = _load(session, view.next.partition("?")[2])
    back = []
    while view.previous is not None:
        view = _load(session, view.previous.partition("?")[2])
        back.append([row["id"] for row in view.rows])
    assert back == forth[::-1]


def test_lists_that_look_alike_each_show_their_own_rows(session: Session) -> None:
    def mine(least: int, states: list[str], word: str) -> Any:
        visible = (device.c.id > least, device.c.state.in_(states))
        return sa.select(*device.c, sa.literal(word).label("word")).where(*visible)

    # Twice each, so that what was kept for one serves the other; 26 and 10,001 are also what a page and a count ask for at most.
    for least in (0, 26, 10_001, 0, 26, 110, 110):
        for states in (["active"], ["broken", "active"], [], ["broken"]):
            wanted = [n for n in range(least + 1, 121) if ("broken" if n % 4 == 0 else "active") in states]
            view = _load(session, "", DEVICES, mine(least, states, f"{least} {states}"))
            assert [row["id"] for row in view.rows] == wanted[:25]
            assert {row["word"] for row in view.rows} <= {f"{least} {states}"}
            assert view.total == len(wanted)


def test_rows_of_an_outer_join_without_a_partner_are_paged_too(session: Session) -> None:
    session.execute(owner.insert(), [{"device_id": n, "name": f"Owner {n % 7}"} for n in range(1, 61)])
    joined = sa.select(*device.c, owner.c.name.label("owner")).select_from(
        device.outerjoin(owner, owner.c.device_id == device.c.id)
    )
    table = Table(name="owned", columns=[Column("owner", "Owner", sort=True)], sort="owner", limit=25)
    seen = [number for page in _walk(session, "", joined, table) for number in page]
    assert sorted(seen) == list(range(1, 121))


def test_a_grouped_statement_is_paged_by_its_computed_column(session: Session) -> None:
    grouped = sa.select(
        sa.func.min(device.c.id).label("id"), device.c.site, sa.func.count().label("devices")
    ).group_by(device.c.site)
    table = Table(
        name="sites", columns=[Column("devices", "Devices", kind="number", sort=True)], sort="-devices"
    )
    view = table.load(session, grouped, {})
    assert view.total == 6
    assert [row["devices"] for row in view.rows] == sorted(
        (row["devices"] for row in view.rows), reverse=True
    )


def test_search_finds_any_case_and_takes_wildcards_literally(session: Session) -> None:
    session.execute(device.insert(), [_row(500, serial="A_1%"), _row(501, serial="AX1y")])
    assert _serials(_load(session, "q=sn0042")) == ["SN0042"]
    assert _serials(_load(session, "q=a_1%25")) == ["A_1%"]
    assert _load(session, "q=sn001 site").total == 7


def test_filters_narrow_and_their_chips_lift_them(session: Session) -> None:
    view = _load(session, "state=broken&leased=1&sort=-price")
    assert {row["state"] for row in view.rows} == {"broken"}
    assert [(chip.label, chip.value) for chip in view.chips] == [("State", "Broken"), ("Leased", "Yes")]
    assert "state" not in view.chips[0].remove
    assert "sort=-price" in view.chips[0].remove


def test_the_chip_of_a_range_is_written_the_readers_way(session: Session) -> None:
    table = Table(
        name="d",
        columns=[Column("serial", "Serial")],
        filters=[Filter("seen", "Seen", kind="dates"), Filter("price", "Price", kind="money")],
    )
    query = QueryParams("seen_from=2026-11-21&price_min=1234.5&price_max=2000")
    with use_locale("pt_BR"):
        view = table.load(session, sa.select(device), query)
        assert [chip.value for chip in view.chips] == ["21 de nov. de 2026 – …", "1.234,50 – 2.000,00"]


def test_several_values_of_a_filter_may_be_repeated_or_joined_by_commas(session: Session) -> None:
    assert _load(session, "state=active&state=broken").total == 120
    assert _load(session, "state=active,broken").total == 120
    assert _load(session, "state=stolen").total == 120, "a value that is not offered is ignored"


def test_a_range_of_dates_means_days_of_the_readers_zone(session: Session) -> None:
    # 21 November in São Paulo is 03:00 UTC on the 21st to 03:00 UTC on the 22nd; ours were seen hourly before noon UTC.
    with use_locale("en", "America/Sao_Paulo"):
        view = _load(session, "seen_from=2026-11-21&seen_to=2026-11-21")
        assert [row["id"] for row in view.rows] == list(range(1, 10))
        assert _load(session, "seen_to=yesterday").total == 120, "what is no date is ignored"


def test_a_tab_narrows_the_list_and_counts_its_rows(session: Session) -> None:
    view = _load(session, "view=broken")
    assert view.total == 30
    assert [(tab.label, tab.count, tab.active) for tab in view.tabs] == [
        ("All", "", False),
        ("Broken", "30", True),
    ]


def test_what_the_address_does_not_mean_is_ignored(session: Session) -> None:
    view = _load(session, "sort=password&cursor=rubbish&limit=100000&cols=nothing&view=none")
    assert _serials(view)[0] == "SN0001"
    assert len(view.rows) == 25
    assert [column.key for column in view.columns] == ["serial", "site", "state", "price"]


def test_counting_stops_at_the_limit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tables, table_params, table_reading):
        monkeypatch.setattr(module, "COUNT_LIMIT", 100)
    monkeypatch.setattr("trunkline.web.table_view.COUNT_LIMIT", 100)
    view = _load(session)
    assert not view.total_is_exact
    assert view.total_text == "100+"


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (100, "100"), (101, "100+")])
def test_a_count_beside_a_row_says_where_counting_stopped(
    count: int, shown: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("table_params", "table_export"):
        monkeypatch.setattr(f"trunkline.web.{module}.COUNT_LIMIT", 100)
    counted = Table(name="counted", columns=[Column("serial", "Serial"), Column("uses", "Uses", Kind.COUNT)])
    statement = sa.select(device.c.id, device.c.serial, sa.literal(count).label("uses")).limit(1)
    view = counted.load(session, statement, QueryParams(""))
    with use_locale("en", "UTC"):
        drawn = view.row_drawer(lambda *_rest: Markup(""))(view.rows[0], None)
        with export(counted, session, statement, {}, "csv").file as file:
            line = file.read().decode("utf-8-sig").splitlines()[1]
    assert f">{shown}</td>" in drawn
    assert line.rpartition(",")[2] == shown


def test_columns_that_were_chosen_stay_and_are_named_where_rows_are_stacked(session: Session) -> None:
    assert not _load(session).columns_chosen
    view = _load(session, "cols=serial,site")
    assert view.columns_chosen
    assert view.column_words(1) == "--c2:'Serial';--c3:'Site'"
    odd = replace(DEVICES, columns=[Column("serial", "Type d'élément\\")])
    view = odd.load(session, STATEMENT, QueryParams("cols=serial"), path="/devices")
    assert view.column_words(0) == "--c1:'Type d’élément'"


def test_a_figure_that_says_nothing_by_itself_carries_its_head_to_where_rows_are_stacked(
    session: Session,
) -> None:
    counted = [Column("serial", "Serial"), Column("price", "Items & parts", kind="number", named=True)]
    view = replace(DEVICES, columns=counted).load(session, STATEMENT, QueryParams(), path="/devices")
    serial, price = str(view.row_drawer(lambda name: Markup())(view.rows[0], None)).split("</td>")[:2]
    assert 'data-head="Items &amp; parts"' in price
    assert "data-head" not in serial


def test_optional_columns_are_shown_when_asked_for(session: Session) -> None:
    assert "seen" not in [column.key for column in _load(session).columns]
    view = _load(session, "cols=serial,seen")
    assert [column.key for column in view.columns] == ["serial", "seen"]
    hide = next(href for label, href, shown in view.column_choices if label == "Seen" and shown)
    assert [c.key for c in _load(session, hide.partition("?")[2]).columns] == ["serial"]


def _csv(session: Session, params: Mapping[str, str]) -> list[str]:
    with use_locale("en", "UTC"), export(DEVICES, session, STATEMENT, params, "csv").file as file:
        return file.read().decode("utf-8-sig").splitlines()


def test_csv_holds_every_matching_row_with_exact_money(session: Session) -> None:
    lines = _csv(session, {"view": "broken", "sort": "-price"})
    assert lines[0] == "Serial,Site,State,Price,Price (currency),Seen"
    assert len(lines) == 31
    assert lines[1] == "SN0120,,Broken,180.00,BRL,2026-11-16T12:00:00+00:00"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_exported_text_is_a_formula(session: Session, start: str) -> None:
    session.execute(device.insert(), [_row(900, serial=f"{start}HYPERLINK(1)")])
    lines = _csv(session, {"q": "hyperlink"})
    assert lines[1].startswith(f"'{start}HYPERLINK(1)")


def test_xlsx_holds_figures_as_figures_and_formulas_as_text(session: Session) -> None:
    session.execute(device.insert(), [_row(900, serial="=1+1", price=-2_500_000)])
    with export(DEVICES, session, STATEMENT, {"q": "=1"}, "xlsx").file as file:
        sheet = zipfile.ZipFile(io.BytesIO(file.read())).read("xl/worksheets/sheet1.xml").decode()
    assert "<v>-2.5" in sheet
    assert "<f>" not in sheet
    assert "=1+1" in sheet


def test_a_selection_of_rows_keeps_only_those_the_actor_may_see(session: Session) -> None:
    visible = STATEMENT.where(device.c.id <= 10)
    chosen = DEVICES.selection(session, visible, FormData([("ids", "3"), ("ids", "11"), ("ids", "x")]))
    assert list(chosen.ids) == [3]
    assert not chosen.whole_query


def test_all_that_match_is_the_signed_query_and_no_other(session: Session) -> None:
    view = _load(session, "state=broken&sort=-price&cursor=x")
    chosen = DEVICES.selection(session, STATEMENT, {"all": "1", "query": view.signed_query})
    assert list(chosen.ids) == [number for number in range(1, 121) if number % 4 == 0]
    with pytest.raises(Refused, match="out of date"):
        DEVICES.selection(session, STATEMENT, {"all": "1", "query": "x" + view.signed_query})


def test_a_query_signed_for_one_table_is_refused_by_another(session: Session) -> None:
    other = Table(name="others", columns=DEVICES.columns, sort="serial")
    with pytest.raises(Refused):
        other.selection(session, STATEMENT, {"all": "1", "query": _load(session).signed_query})


def test_bulk_actions_show_only_to_those_who_may(session: Session) -> None:
    class Reader:
        def can(self, permission: str) -> bool:
            return permission != "devices.item.move"

    view = _load(session)
    assert len(view.bulk_actions) == 1
    view.reader = Reader()
    assert view.bulk_actions == []


def test_a_filter_may_not_take_a_name_of_the_table_itself() -> None:
    with pytest.raises(ValueError, match="sort"):
        Table(name="x", columns=[], filters=[Filter("sort", "Sort")])
