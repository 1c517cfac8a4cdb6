"""Adding a customer step by step: nothing is lost on the way, nothing is made before the end, and then all of it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from tests.core.customers.test_customer_pages import add
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers.models import Contact, Customer, Site
from trunkline.testing import Browser

#: The trunk alone: no plugin, no hole.
pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]
_BASE = "/customers/guided"
_WHO = f"{_BASE}/core.who"
_PERSON: dict[str, Any] = {
    "kind": "individual",
    "name": "Ana Souza",
    "tax_id": "",
    "country": "BR",
    "identity_document": "",
    "birth_date": "",
    "email": "ana@example.org",
    "phone": "",
    "language": "",
    "notes": "",
}
_PEOPLE: dict[str, Any] = {
    f"{place}.{name}": "" for place in ("main", "second") for name in ("name", "email", "phone")
}
_PLACE = {
    **dict.fromkeys(("name", "street", "postal_code", "city", "state", "country", "time_zone"), ""),
    "latitude": "",
    "longitude": "",
}


def _customers(app: App) -> list[str]:
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(Customer.name)))


def _fill_in(browser: Browser) -> None:
    browser.submit(_WHO, _PERSON)
    browser.submit(
        f"{_BASE}/core.contacts", {**_PEOPLE, "main.name": "Beto Souza", "main.roles": ["billing"]}
    )
    browser.submit(f"{_BASE}/core.site", {**_PLACE, "street": "Rua das Flores 10", "city": "Curitiba"})


@pytest.mark.both_databases
def test_what_was_filled_in_is_made_at_the_end_and_not_before(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    _fill_in(browser)
    overview = browser.get(f"{_BASE}/overview")
    assert _customers(app) == []
    for said in ("Ana Souza", "Beto Souza", "Rua das Flores 10", "Billing"):
        assert said in overview.text
    made = browser.submit(f"{_BASE}/create", {}, page=f"{_BASE}/overview")
    assert made.url.path.startswith("/customers/C")
    with app.reading() as ctx:
        customer = ctx.session.scalars(select(Customer)).one()
        people = ctx.session.scalars(select(Contact)).all()
        places = ctx.session.scalars(select(Site)).all()
        operations = {entry.operation for entry in ctx.session.scalars(select(ActivityEntry))}
    assert (customer.name, customer.email) == ("Ana Souza", "ana@example.org")
    assert [(one.name, one.roles, one.customer_id) for one in people] == [
        ("Beto Souza", ["billing"], customer.id)
    ]
    assert [(one.name, one.street, one.city) for one in places] == [("Home", "Rua das Flores 10", "Curitiba")]
    assert "core.customer.create" in operations
    assert browser.get(_BASE).url.path == _WHO


def test_sent_twice_it_is_made_once(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    _fill_in(browser)
    shown = browser.get(f"{_BASE}/overview").text
    for _time in range(2):
        again = browser.submit(f"{_BASE}/create", _as_of(shown), page="/customers")
    assert _customers(app) == ["Ana Souza"]
    assert again.url.path == "/customers"
    assert "Nothing was added now" in again.text


def test_only_what_the_overview_showed_is_made(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    _fill_in(browser)
    first = browser.get(f"{_BASE}/overview").text
    browser.submit(f"{_BASE}/discard", {}, page=f"{_BASE}/overview")
    browser.submit(_WHO, {**_PERSON, "name": "Bia Prado"})
    refused = browser.submit(f"{_BASE}/create", _as_of(first), page="/customers")
    assert _customers(app) == []
    assert "Nothing was added now" in refused.text
    assert browser.get(_WHO).text.count('value="Bia Prado"') == 1


def _as_of(overview: str) -> dict[str, str]:
    """What the overview's button sends."""
    found = re.search(r'name="as_of" value="([^"]+)"', overview)
    assert found
    return {"as_of": found.group(1)}


def test_going_back_keeps_even_what_is_wrong_and_says_nothing_of_it(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    browser.submit(_WHO, _PERSON)
    site = {**_PEOPLE, "main.email": "nobody"}
    back = browser.submit(f"{_BASE}/core.contacts", {**site, "go": "back"})
    assert back.url.path == _WHO
    assert 'value="Ana Souza"' in back.text
    kept = browser.get(f"{_BASE}/core.contacts")
    assert 'value="nobody"' in kept.text
    assert "data-error-summary" not in kept.text


def test_another_day_it_goes_on_where_it_was_left_and_only_for_who_began_it(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    browser.submit(_WHO, _PERSON)
    assert browser.get(_BASE).url.path == f"{_BASE}/core.contacts"
    other = staff("supervisor").get(_BASE)
    assert other.url.path == _WHO
    assert "Ana Souza" not in other.text


def test_a_step_says_what_is_wrong_beside_its_field_and_nobody_gets_past_it(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    refused = browser.submit(_WHO, {**_PERSON, "tax_id": "111.111.111-11"})
    assert refused.status_code == 422
    assert 'aria-describedby="f-tax_id-help f-tax_id-error"' in refused.text
    nameless = browser.submit(_WHO, {**_PERSON, "name": ""})
    assert nameless.status_code == 422
    for later in ("core.contacts", "core.site", "overview"):
        assert browser.get(f"{_BASE}/{later}").url.path == _WHO
    browser.submit(_WHO, _PERSON)
    person = browser.submit(f"{_BASE}/core.contacts", {**_PEOPLE, "main.phone": "51 99123-4567"})
    assert person.status_code == 422
    assert "Name the person" in person.text
    assert 'id="f-main-name-error"' in person.text


def test_who_may_be_registered_already_is_told_and_asked_about(app: App, staff: Staff) -> None:
    number = add(app, "Ana Souza", email="ana@example.org")
    browser = staff("customer_care")
    told = browser.submit(_WHO, _PERSON)
    assert told.status_code == 409
    assert f"Ana Souza ({number})" in told.text
    assert f'name="despite" value="{number}"' in told.text
    on = browser.submit(_WHO, {**_PERSON, "despite": [number]})
    assert on.url.path == f"{_BASE}/core.contacts"
    browser.submit(f"{_BASE}/core.contacts", _PEOPLE)
    browser.submit(f"{_BASE}/core.site", _PLACE)
    browser.submit(f"{_BASE}/create", {}, page=f"{_BASE}/overview")
    assert _customers(app) == ["Ana Souza", "Ana Souza"]


def test_another_kind_asks_other_questions_and_keeps_what_both_have(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    asked = browser.submit(_WHO, {**_PERSON, "kind": "business"})
    assert asked.url.path == _WHO
    assert 'name="legal_name"' in asked.text
    assert 'value="Ana Souza"' in asked.text
    assert "data-error-summary" not in asked.text


def test_begun_anew_nothing_is_left_of_it(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    browser.submit(_WHO, _PERSON)
    anew = browser.submit(f"{_BASE}/discard", {}, page=_WHO)
    assert anew.url.path == _WHO
    assert "Ana Souza" not in anew.text


def test_who_may_not_register_customers_is_not_led_to_it(app: App, staff: Staff) -> None:
    reader = staff("care_reader")
    assert reader.get(_BASE).status_code == 403
    assert reader.get("/customers/new/client").status_code == 403


def test_the_short_form_registers_and_goes_back_to_the_list(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    sent = {
        "name": "Padaria Central",
        "kind": "business",
        "email": "padaria@example.org",
        "status": "pending",
        "core_contacts.contact": "Carla Dias",
    }
    back = browser.submit("/customers/new/client", sent)
    assert back.url.path == "/customers"
    assert "Padaria Central" in back.text
    with app.reading() as ctx:
        customer = ctx.session.scalars(select(Customer)).one()
        people = ctx.session.scalars(select(col(Contact.name))).all()
    assert (customer.kind, customer.status) == ("business", "pending")
    assert list(people) == ["Carla Dias"]


def test_the_operator_chooses_how_customers_are_added(app: App, staff: Staff) -> None:
    chief = staff("administrator")
    places = []
    for way in ("full", "guided", "short"):
        with app.unit_of_work() as ctx:
            from trunkline.settings import operations as settings

            settings.save(ctx, "core", {"add_customer_with": way})
        places.append(chief.get("/customers/add").url.path)
    assert places == ["/customers/new", _WHO, "/customers/new/client"]
