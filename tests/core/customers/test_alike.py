"""Somebody about to be registered who may be registered already: told while typing, asked before it is done."""

from collections.abc import Callable
from typing import Any

import pytest

from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Conflict
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]
_NEW = "/customers/new?kind=individual"
_ANA = {"email": "ana@example.com", "phone": "+5551991234567", "tax_id": "52998224725"}


def add(app: App, name: str = "Ana Souza", **values: Any) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": name, **values})
        return operations.register(ctx, command).number


def _asked(browser: Browser, **typed: str) -> str:
    answer = browser.submit("/customers/new/alike?kind=individual", typed, page=_NEW)
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("email", " ana@EXAMPLE.com"), ("phone", "(51) 99123-4567"), ("tax_id", "529.982.247-25")],
)
def test_a_clerk_is_told_beside_the_field_who_has_it_already(
    app: App, staff: Staff, field: str, typed: str
) -> None:
    number = add(app, **_ANA)
    told = _asked(staff("customer_care"), **{field: typed})
    note = told.partition(f'id="f-{field}-note"')[2].partition("</p>")[0]
    assert f"/customers/{number}" in note
    assert "Ana Souza" in note
    # With the same tax id it is the same customer, whatever a clerk says.
    assert ('name="despite"' in told) == (field != "tax_id")


def test_a_name_tells_beside_the_same_birthday_or_postal_code_only(app: App, staff: Staff) -> None:
    number = add(app, "Ana Maria Souza", birth_date="1990-05-01", address={"postal_code": "90010-100"})
    work_until_idle(app)
    browser = staff("customer_care")
    assert number not in _asked(browser, name="Ana Maria Sousa")
    assert number not in _asked(browser, name="Ana Maria Sousa", birth_date="1991-05-01")
    assert number in _asked(browser, name="Ana Maria Sousa", birth_date="1990-05-01")
    assert number in _asked(browser, **{"name": "Ana Maria Sousa", "address.postal_code": "90010100"})


def test_nothing_half_typed_is_an_error_and_nothing_is_told_of_nothing(app: App, staff: Staff) -> None:
    add(app)
    told = _asked(staff("customer_care"), name="An", email="ana@", phone="5", tax_id="1", birth_date="19")
    assert "/customers/C" not in told


def test_only_customers_that_one_may_see_are_named(app: App, staff: Staff) -> None:
    number = add(app, **_ANA)
    dealer = staff("dealer")
    assert number not in _asked(dealer, email="ana@example.com")
    answer = dealer.submit(_NEW, {"name": "Ana", "email": "ana@example.com"})
    assert answer.status_code == 200
    assert number not in answer.text


def test_one_goes_on_by_saying_that_it_is_somebody_else(app: App, staff: Staff) -> None:
    first = add(app, **_ANA)
    browser = staff("customer_care")
    typed = {"name": "Bruno Souza", "email": "ana@example.com"}
    asked = browser.submit(_NEW, typed)
    assert asked.status_code == 409
    assert f'name="despite" value="{first}"' in asked.text
    assert 'href="#alike"' in asked.text
    assert 'value="Bruno Souza"' in asked.text
    made = browser.submit(_NEW, {**typed, "despite": first})
    assert made.status_code == 200
    assert "Bruno Souza" in made.text
    taken = browser.submit(_NEW, {"name": "Ana", "tax_id": "52998224725", "despite": first})
    assert taken.status_code == 422
    assert "belongs to Ana Souza" in taken.text


def test_somebody_who_came_meanwhile_is_asked_about_again(app: App) -> None:
    first = add(app, email="casa@example.com")
    second = add(app, "Bruno Souza", email="casa@example.com")
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate(
            {"kind": "individual", "name": "Caio Souza", "email": "casa@example.com"}
        )
        with pytest.raises(Conflict, match=second) as asked:
            operations.register(ctx, command, despite=[first])
        assert first not in str(asked.value)
        assert operations.register(ctx, command, despite=[first, second]).number


@pytest.mark.both_databases
def test_a_program_is_answered_409_until_it_says_who_it_is_not(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "api@example.com", "supervisor")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    number = add(app, **_ANA)
    body = {"kind": "individual", "name": "Bruno Souza", "phone": "+55 51 99123-4567"}
    refused = client.post("/api/v1/customers", json=body)
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    (error,) = refused.json()["errors"]
    assert error["field"] == "despite"
    assert number in error["message"]
    made = client.post("/api/v1/customers", json={**body, "despite": [number]})
    assert made.status_code == 201, made.text
