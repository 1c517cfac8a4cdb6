"""An address that asks a list for what it does not know: the page says so, and a file is refused."""

import html
import re
from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.schemas import RegisterCustomer
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]
_SHOWN = "Shown without what this list does not know."


@pytest.fixture
def ana(app: App) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": "Ana Souza"})
        return operations.register(ctx, command).number


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("foo=17", "This list has no filter “foo”."),
        ("sort=-shoe_size", "This list cannot be sorted by “shoe_size”."),
        ("view=purple", "This list has no view “purple”."),
        ("saved=4711", "This saved view is gone, or is not shared with you."),
        ("status=asleep", "“asleep” is no Status."),
        ("created_at_from=yesterday", "“yesterday” is no Customer since."),
    ],
)
def test_the_list_names_it_and_leads_to_itself_without(ana: str, staff: Staff, query: str, said: str) -> None:
    browser = staff("supervisor")
    page = html.unescape(browser.get(f"/customers?kind=individual&{query}").text)
    assert _SHOWN in page
    assert said in page
    assert ana in page
    (way,) = re.findall(r'href="([^"]*)"[^>]*>Open without it<', page)
    assert way == "/customers?kind=individual"
    assert _SHOWN not in browser.get(way).text
    # Neither searching on nor another page carries it along.
    assert query not in page.partition("Open without it")[2]
    file = browser.get(f"/customers?{query}&export=csv")
    assert file.status_code == 422
    assert said in html.unescape(file.text)


def test_values_that_are_known_stay_beside_one_that_is_not(ana: str, staff: Staff) -> None:
    page = html.unescape(
        staff("supervisor").get("/customers?status=active,asleep,away&status=suspended").text
    )
    assert "“asleep” is no Status. “away” is no Status." in page
    assert re.search(r'href="/customers\?status=active%2Csuspended"[^>]*>Open without it<', page)


def test_what_the_list_knows_is_not_complained_of(ana: str, staff: Staff) -> None:
    browser = staff("supervisor")
    for query in (
        "",
        "q=ana&status=active&sort=-name&cols=name,status&limit=25&cursor=",
        "view=archived&saved=0",
        "created_at_from=2026-01-01&created_at_to=",
        "sort=name",
    ):
        assert _SHOWN not in browser.get(f"/customers?{query}").text
    # A table inside another page leaves alone what may be that page's own.
    assert _SHOWN not in browser.get(f"/customers/{ana}?foo=1").text


def test_over_rest_the_parameter_is_named(ana: str, program: Staff) -> None:
    api = program("supervisor")
    for name, value in (
        ("foo", "1"),
        ("sort", "shoe_size"),
        ("view", "purple"),
        ("status", "asleep"),
        ("created_at_from", "yesterday"),
    ):
        answer = api.get("/api/v1/customers", params={name: value})
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [name]
