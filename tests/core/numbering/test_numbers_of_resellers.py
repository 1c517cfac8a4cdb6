"""A reseller's customers may have numbers of a form and a count of their own, which nobody else's ever look like."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.db.numbers import take_for
from trunkline.errors import NotFound, Refused
from trunkline.numbering.operations import change
from trunkline.numbering.schemas import NumberChange
from trunkline.resellers.operations import create
from trunkline.resellers.schemas import CreateReseller
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins("inventory", "catalog", "billing")
Staff = Callable[..., Browser]
PAGE = "/settings/numbering/customer"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def resellers(app: App) -> dict[str, int]:
    """Keys by code."""
    with app.unit_of_work() as ctx:
        return {
            name: create(ctx, CreateReseller(code=name, name=name.title())).key for name in ("norte", "sul")
        }


def _change(app: App, kind: str, reseller: str = "", **values: Any) -> str:
    with app.unit_of_work() as ctx:
        return change(ctx, kind, NumberChange(**values), reseller).next_number


def _customer(app: App, reseller: str = "", number: str = "") -> str:
    with app.unit_of_work() as ctx:
        facts = {"kind": "business", "name": "Padaria", "country": "BR", "reseller_code": reseller}
        return customers.register(ctx, RegisterCustomer.model_validate(facts), number=number).number


@pytest.mark.both_databases
def test_their_customers_have_numbers_of_their_own_once_they_have_a_form(
    app: App, resellers: dict[str, int]
) -> None:
    assert [_customer(app), _customer(app, "norte")] == ["C000001", "C000002"]
    assert _change(app, "customer", "norte", prefix="NOR-", width=4) == "NOR-0001"
    assert [_customer(app, "norte"), _customer(app, "sul"), _customer(app)] == [
        "NOR-0001",
        "C000003",
        "C000004",
    ]
    assert _change(app, "customer", "norte", restart="year") == "NOR-2026-0002"
    assert _change(app, "customer", prefix="CLI-") == "CLI-000005"
    assert [_customer(app, "norte"), _customer(app, "sul")] == ["NOR-2026-0002", "CLI-000005"]


def test_what_numbers_of_the_kind_ever_began_with_stays_with_whom_it_was(
    app: App, resellers: dict[str, int]
) -> None:
    _change(app, "customer", "norte", prefix="NOR-")
    _change(app, "customer", "norte", prefix="N")
    _change(app, "customer", prefix="CLI-")
    _change(app, "customer", prefix="K-C")
    for prefix in ("NOR", "N-", "CLI", "C", "K-C", "S"):
        with pytest.raises(Refused) as refused:
            _change(app, "customer", "sul", prefix=prefix)
        assert refused.value.field == "prefix"
    with pytest.raises(Refused, match="begin with N"):
        _change(app, "customer", prefix="NOR-")
    with pytest.raises(Refused, match="begin with K-C"):
        _change(app, "customer", "sul", width=4)
    assert _change(app, "customer", "norte", prefix="NOR-") == "NOR-000001"
    for kind, code in (("customer", "leste"), ("job", "sul")):
        with pytest.raises(NotFound):
            _change(app, kind, code, prefix="X")


@pytest.mark.both_databases
def test_many_are_numbered_in_their_order_and_at_once_each_count_once(
    app: App, resellers: dict[str, int]
) -> None:
    _change(app, "invoice", "sul", prefix="SUL-", width=3)
    sul, norte = resellers["sul"], resellers["norte"]

    def take(whose: list[int | None]) -> list[str]:
        with app.unit_of_work() as ctx:
            return take_for(ctx.session, "invoice", whose)

    assert take([sul, None, norte, sul]) == ["SUL-001", "F00000001", "F00000002", "SUL-002"]
    with ThreadPoolExecutor(4) as people:
        taken = [
            one
            for some in people.map(take, [[sul, None], [None, sul], [norte, sul, None]] * 2)
            for one in some
        ]
    assert sorted(taken) == [
        *(f"F{count:08}" for count in range(3, 11)),
        *(f"SUL-{count:03}" for count in range(3, 9)),
    ]


def test_numbers_of_a_file_may_be_theirs_or_the_operators(app: App, resellers: dict[str, int]) -> None:
    _change(app, "customer", "norte", prefix="NOR-", width=4)
    for number in ("NOR-0007", "C000003"):
        assert _customer(app, "norte", number) == number
    assert [_customer(app, "norte"), _customer(app)] == ["NOR-0008", "C000004"]
    with pytest.raises(Refused, match="NOR-0001"):
        _customer(app, "norte", "X000001")
    with pytest.raises(Refused):
        _customer(app, "sul", "NOR-0009")


def test_they_are_found_as_they_are_typed(app: App, staff: Staff, resellers: dict[str, int]) -> None:
    _change(app, "customer", "norte", prefix="NOR-", width=4)
    number = _customer(app, "norte")
    work_until_idle(app)
    browser = staff("supervisor")
    for typed in (number, "nor-0001", "nor-1"):
        found = browser.get("/find", params={"number": typed}, follow_redirects=False)
        assert found.headers["location"] == f"/customers/{number}", typed


def test_the_page_of_a_kind_leads_to_each_reseller_and_rest_does_the_same(
    app: App, staff: Staff, make_client: Callable[[], Browser], resellers: dict[str, int]
) -> None:
    browser = staff("administrator")
    here = f"{PAGE}/resellers/norte"
    assert f'href="{here}"' in browser.get(PAGE).text
    assert "/resellers/" not in browser.get("/settings/numbering/job").text
    assert "Customers of Norte have the operator" in browser.get(here).text
    data = {"prefix": "nor-", "width": "4", "restart": "never", "next_value": "", "version": "0"}
    assert "NOR-0002" in browser.submit(f"{here}/preview", data, page=here).text
    taken = browser.submit(here, {**data, "prefix": "C"})
    assert taken.status_code == 422
    assert "begin with C" in taken.text
    assert "NOR-0001" in browser.submit(here, data).text
    assert "NOR-0001" in browser.get(PAGE).text
    assert "C000001 → NOR-0001" in browser.get(here).text
    assert "NOR-0001" not in browser.get("/settings/numbering").text
    assert browser.get(f"{PAGE}/resellers/leste").status_code == 404
    create_user(app, "api@example.com", "administrator")
    api = make_client()
    token = api.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD}).json()
    api.headers["Authorization"] = f"Bearer {token['access_token']}"
    sul = f"/api/v1{PAGE}/resellers/sul"
    changed = api.patch(sul, json={"prefix": "SUL-"}, headers={"If-Match": '"0"'})
    assert (changed.status_code, changed.json()["next_number"]) == (200, "SUL-000001")
    listed = api.get(f"/api/v1{PAGE}/resellers").json()["items"]
    assert {one["reseller"]: (one["next_number"], one["own"]) for one in listed} == {
        "norte": ("NOR-0001", True),
        "sul": ("SUL-000001", True),
    }
