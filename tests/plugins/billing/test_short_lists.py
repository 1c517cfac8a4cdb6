"""Lists of few rows: searched, put in order, taken as files, and read over REST page by page."""

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.plugins.billing.conftest import RATES, World
from tests.plugins.billing.test_rest import BILLING, signed_in
from trunkline.testing import Browser

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
