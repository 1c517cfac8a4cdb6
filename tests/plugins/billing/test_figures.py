"""Charts of billing: what was invoiced, paid and is overdue, and what a customer used, on pages, in files and over REST."""

import csv
import io
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from starlette.testclient import TestClient

from tests.plugins.billing.conftest import World
from tests.plugins.billing.test_rest import signed_in
from trunkline.charts import Chart
from trunkline.testing import Browser
from trunkline_billing import operations, queries
from trunkline_billing.schemas import ReversePayment, TakePayment, VoidInvoice

Staff = Callable[..., Browser]


@pytest.fixture
def billed(world: World) -> World:
    """October is invoiced on 2 November: 59.96."""
    world.usage([world.call("a", 6050), world.call("b", 90, "+12025550142"), world.data("c", 2 * 10**9)])
    world.at(2026, 11, 2, 9)
    operations.run_period(world.app, "2026-10")
    return world


def _pay(world: World, amount: str) -> None:
    with world.app.unit_of_work() as ctx:
        operations.take_payment(
            ctx,
            TakePayment(account_number=world.accounts[0], amount=Decimal(amount), method="cash"),
        )


def _figures(chart: Chart) -> dict[str, dict[str, object]]:
    """Points that are not nought, by series."""
    return {
        one.key: {
            point.key: chart.plain(value)
            for point, value in zip(chart.points, one.values, strict=True)
            if value
        }
        for one in chart.series
    }


@pytest.mark.both_databases
def test_what_was_invoiced_and_paid_counts_in_the_month_of_the_operators_zone(billed: World) -> None:
    _pay(billed, "20.00")
    # In São Paulo the last evening of November is already December in UTC.
    billed.at(2026, 12, 1, 1)
    _pay(billed, "10.00")
    billed.at(2026, 12, 5, 12)
    with billed.app.reading() as ctx:
        [chart] = queries.billed_by_month(ctx)
    assert chart.currency == "BRL"
    assert [point.key for point in chart.points][::11] == ["2026-01", "2026-12"]
    assert _figures(chart) == {
        "invoiced": {"2026-11": Decimal("59.96")},
        "paid": {"2026-11": Decimal("30.00")},
    }


def test_void_invoices_and_reversed_payments_do_not_count(billed: World) -> None:
    _pay(billed, "20.00")
    with billed.app.unit_of_work() as ctx:
        [payment] = queries.payments_of(ctx, 1)
        operations.reverse_payment(ctx, payment.number, ReversePayment(reason="Bounced"))
        operations.void_invoice(ctx, "F00000001", VoidInvoice(reason="Wrong"))
        found = [_figures(chart) for chart in queries.billed_by_month(ctx)]
    assert found in ([], [{"invoiced": {}, "paid": {}}])


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("day", "group"), [((2026, 12, 1), "1-30"), ((2027, 1, 10), "31-60"), ((2027, 6, 1), "91-")]
)
def test_overdue_money_stands_where_its_age_is(billed: World, day: tuple[int, int, int], group: str) -> None:
    billed.at(*day, 15)
    with billed.app.reading() as ctx:
        [chart] = queries.overdue_by_age(ctx)
    assert _figures(chart) == {"overdue": {group: Decimal("59.96")}}


def test_nothing_is_overdue_before_its_day(billed: World) -> None:
    with billed.app.reading() as ctx:
        assert queries.overdue_by_age(ctx) == []


@pytest.mark.both_databases
def test_usage_is_added_up_by_day_and_type(billed: World) -> None:
    with billed.app.reading() as ctx:
        charts = queries.all_usage_by_day(ctx, 1)
    assert [_figures(chart) for chart in charts] == [
        {"data": {"2026-10-05": 2 * 10**9}},
        {"voice": {"2026-10-05": 6140}},
    ]


def test_pages_files_and_rest_say_the_same(
    billed: World, staff: Staff, make_client: Callable[[], TestClient]
) -> None:
    _pay(billed, "20.00")
    browser = staff("accountant")
    api = signed_in(billed, make_client, "administrator")

    def file(path: str) -> list[Mapping[str, str]]:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    for base in ("/billing/figures", "/billing/customers/C000001"):
        [told] = api.get(f"/api/v1{base}/by-month").json()
        rows = file(f"{base}/by-month.csv?currency=BRL")
        assert [row["month"] for row in rows] == [point["key"] for point in told["points"]]
        for series in told["series"]:
            assert [row[series["key"]] for row in rows] == series["values"]
        assert rows[-1] == {"month": "2026-11", "invoiced": "59.96", "paid": "20.00", "currency": "BRL"}
    page = browser.get("/customers/C000001/billing").text
    assert '<th scope="row">November 2026</th><td class="n">R$59.96</td><td class="n">R$20.00</td>' in page
    used = api.get("/api/v1/billing/customers/C000001/usage-by-day?type=voice").json()
    assert (used["unit"], sum(used["series"][0]["values"])) == ("seconds", 6140)
    rows = file("/billing/customers/C000001/usage-by-day.csv?type=voice")
    assert sum(int(row["voice"]) for row in rows) == 6140
    assert browser.get("/billing/figures/by-month.csv?currency=XYZ").status_code == 404
    assert browser.get("/billing/customers/C000001/usage-by-day.csv?type=nothing").status_code == 404


def test_figures_of_the_operator_are_for_those_who_see_the_books(billed: World, staff: Staff) -> None:
    assert 'hx-get="/billing/figures"' in staff("accountant").get("/").text
    care = staff("customer_care")
    assert "/billing/figures" not in care.get("/").text
    assert care.get("/billing/figures").status_code == 403
    dealer = staff("dealer")
    assert dealer.get("/billing/customers/C000001/by-month.csv").status_code == 403


def test_sums_of_very_many_invoices_wait_until_they_are_asked_for(
    billed: World, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = staff("accountant")
    # Nothing is added up in no time at all.
    monkeypatch.setattr("trunkline_billing.pages.figures._PATIENCE", 0.0)
    monkeypatch.setattr("trunkline.db.haste._INSTRUCTIONS", 1)
    waiting = browser.get("/billing/figures").text
    assert 'href="/billing/figures?sums=all"' in waiting
    assert "billed-BRL" not in waiting
    asked = browser.get("/billing/figures?sums=all").text
    assert 'id="billed-BRL"' in asked
    assert "Add up" not in asked


def test_the_start_page_gets_the_charts_as_a_part(billed: World, staff: Staff) -> None:
    part = staff("accountant").get("/billing/figures?sums=all", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert 'id="billed-BRL"' in part
    assert "Nothing is overdue" in part
