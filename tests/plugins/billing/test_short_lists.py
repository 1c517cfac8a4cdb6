"""Lists of few rows: searched, put in order, taken as files, and read over REST page by page."""

import csv
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.plugins.billing.conftest import RATES, World
from tests.plugins.billing.test_rest import BILLING, signed_in
from trunkline.testing import Browser
from trunkline_billing import operations

Staff = Callable[..., Browser]


def _rows(browser: Browser, path: str, named: str) -> list[str]:
    """What of the pattern the rows of a list are called by, from the top."""
    return re.findall(named, browser.get(path).text.partition("<tbody")[2].partition("</tbody>")[0])


@pytest.fixture
def decks(world: World) -> World:
    """Three tariffs in two currencies; one with a name that an address has to write otherwise."""
    first_rate = "\n".join(RATES.splitlines()[:2]) + "\n"
    world.tariff(first_rate, name="wholesale & transit", currency="USD")
    world.tariff(first_rate, name="carriers", currency="BRL")
    return world


def test_tariffs_are_searched_and_put_in_order(decks: World, staff: Staff) -> None:
    manager, named = staff("product_manager"), r">(carriers|retail|wholesale &amp; transit)</a>"
    assert _rows(manager, "/billing/tariffs", named) == ["carriers", "retail", "wholesale &amp; transit"]
    assert _rows(manager, "/billing/tariffs?sort=-rates", named)[0] == "retail"
    assert _rows(manager, "/billing/tariffs?q=usd", named) == ["wholesale &amp; transit"]
    assert _rows(manager, "/billing/tariffs?q=retail", named) == ["retail"]
    assert "Import tariff" in manager.get("/billing/tariffs").text


def test_a_tariff_is_opened_whatever_its_name_is_written_with(decks: World, staff: Staff) -> None:
    manager = staff("product_manager")
    (href,) = set(_rows(manager, "/billing/tariffs?q=transit", r'<a href="(/billing/tariffs/[^"]+)"'))
    assert "wholesale &amp; transit" in manager.get(href).text


def test_tariffs_are_taken_as_a_file_and_read_over_rest_a_page_at_a_time(
    decks: World, staff: Staff, make_client: Callable[[], TestClient]
) -> None:
    written = staff("accountant").get("/billing/tariffs?export=csv").text.splitlines()
    assert [line.split(",")[0].strip('"') for line in written[1:]] == [
        "carriers",
        "retail",
        "wholesale & transit",
    ]
    api = signed_in(decks, make_client, "administrator")
    first = api.get(f"{BILLING}/tariffs", params={"limit": 2}).json()
    assert [(one["name"], one["currency"]) for one in first["items"]] == [
        ("carriers", "BRL"),
        ("retail", "BRL"),
    ]
    assert first["total"] == 3
    rest = api.get(f"{BILLING}/tariffs", params={"limit": 2, "cursor": first["next"]}).json()
    assert [(one["name"], one["rates"], rest["next"]) for one in rest["items"]] == [
        ("wholesale & transit", 1, None)
    ]


@pytest.fixture
def months(world: World) -> World:
    """Late in January 2027: September to November were run, December was begun and stopped."""
    for year, month, period in ((2026, 10, "2026-09"), (2026, 11, "2026-10"), (2026, 12, "2026-11")):
        world.at(year, month, 2, 9)
        operations.run_period(world.app, period)
    world.at(2027, 1, 2, 9)
    with world.app.unit_of_work() as ctx:
        # The one account there is fills the chunk, so that the run waits for the next.
        assert not operations.advance(ctx, "2026-12", 1).done
    return world


def test_runs_stand_below_the_months_that_wait_and_are_narrowed(months: World, staff: Staff) -> None:
    accountant, named = staff("accountant"), r">((?:Sept|Oct|Nov|Dec) 2026)<"
    shown = accountant.get("/billing/runs").text
    assert "Months not run yet: Dec 2026." in shown
    assert 'href="/billing/runs/new"' in shown
    assert _rows(accountant, "/billing/runs", named) == ["Dec 2026", "Nov 2026", "Oct 2026", "Sept 2026"]
    assert _rows(accountant, "/billing/runs?sort=period", named)[0] == "Sept 2026"
    assert _rows(accountant, "/billing/runs?q=2026-10", named) == ["Oct 2026"]
    assert _rows(accountant, "/billing/runs?state=running", named) == ["Dec 2026"]
    since = "/billing/runs?state=done&started_at_from=2026-11-02"
    assert _rows(accountant, since, named) == ["Nov 2026", "Oct 2026"]


def test_a_run_leads_to_the_invoices_of_its_month(months: World, staff: Staff) -> None:
    accountant = staff("accountant")
    (href, *_others) = _rows(accountant, "/billing/runs?q=2026-10", r'<a href="(/billing/invoices[^"]+)"')
    assert href == "/billing/invoices?period=2026-10"
    shown = accountant.get(href).text
    assert "Month: <b>Oct 2026</b>" in shown
    assert set(re.findall(r">((?:Sept|Oct|Nov|Dec) 2026)<", shown.partition("<tbody")[2])) == {"Oct 2026"}
    assert _rows(accountant, "/billing/invoices?period=2031-01", '(/billing/invoices/[^"]+)') == []
    by_month = _rows(accountant, "/billing/invoices?sort=period", r">((?:Sept|Oct|Nov|Dec) 2026)<")
    assert by_month[0] == "Sept 2026"


def test_who_may_see_runs_and_start_none_is_offered_no_button(months: World, staff: Staff) -> None:
    shown = staff("auditor").get("/billing/runs").text
    assert "Dec 2026" in shown
    assert "/billing/runs/new" not in shown


def test_before_the_first_run_the_list_says_what_one_does(world: World, staff: Staff) -> None:
    assert "No billing run yet" in staff("accountant").get("/billing/runs").text


def test_runs_are_taken_as_a_file_and_read_over_rest_a_page_at_a_time(
    months: World, staff: Staff, make_client: Callable[[], TestClient]
) -> None:
    written = staff("accountant").get("/billing/runs?export=csv").text.lstrip("\ufeff").splitlines()
    rows = list(csv.DictReader(written))
    assert [(row["Month"], row["State"], row["Invoices"]) for row in rows] == [
        ("2026-12", "Running", "1"),
        ("2026-11", "Done", "1"),
        ("2026-10", "Done", "1"),
        ("2026-09", "Done", "1"),
    ]
    api = signed_in(months, make_client, "accountant")
    first = api.get(f"{BILLING}/runs", params={"limit": 3}).json()
    assert [(one["period"], one["state"]) for one in first["items"]] == [
        ("2026-12", "running"),
        ("2026-11", "done"),
        ("2026-10", "done"),
    ]
    assert (first["total"], first["items"][0]["finished_at"]) == (4, None)
    rest = api.get(f"{BILLING}/runs", params={"limit": 3, "cursor": first["next"]}).json()
    assert [(one["period"], one["invoices"], rest["next"]) for one in rest["items"]] == [("2026-09", 1, None)]
