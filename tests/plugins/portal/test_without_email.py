"""Staff let somebody without e-mail use the portal: name and phone, a code read out, and they are in."""

import json
import re
from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.sms.transports import spool_folder
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

PHONE = "+5551991234567"


@pytest.fixture
def number(app: App) -> str:
    facts = {"kind": "individual", "name": "Dora Lopes", "tax_id": "529.982.247-25", "phone": PHONE}
    with app.unit_of_work() as ctx:
        return customers.register(ctx, RegisterCustomer.model_validate(facts)).number


def code(app: App) -> str:
    work_until_idle(app)
    newest = sorted(spool_folder(app).glob("*.json"))[-1]
    return str(re.findall(r"\b\d{6}\b", json.loads(newest.read_text())["text"])[0])


def add(browser: Browser, number: str) -> str:
    fields = {"name": "Dora Lopes", "phone": "(51) 99123-4567", "language": "en", "roles": ["portal_owner"]}
    answer = browser.submit(f"/portal/staff/{number}/add-by-phone", fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.mark.both_databases
def test_care_adds_verifies_and_the_customer_comes_in(
    app: App, staff: Callable[..., Browser], make_client: Callable[[], Browser], number: str
) -> None:
    care = staff("customer_care")
    assert f"/portal/staff/{number}/add-by-phone" in care.get(f"/customers/{number}").text
    verify = add(care, number)
    assert "Verify the phone" in care.get(f"/customers/{number}").text
    first = code(app)
    wrong = care.submit(verify, {"code": f"{(int(first) + 1) % 10**6:06}"}, follow_redirects=False)
    assert wrong.status_code == 422
    assert "wrong" in wrong.text
    care.submit(f"{verify}/send", page=verify)
    assert care.submit(verify, {"code": first}, follow_redirects=False).status_code == 422
    assert care.submit(verify, {"code": code(app)}, follow_redirects=False).status_code == 303
    assert "Active" in care.get(f"/customers/{number}").text
    visitor = make_client()
    visitor.submit("/sign-in/code", {"tax_id": "52998224725", "digits": "4567"})
    landed = visitor.submit("/sign-in/code/enter", {"code": code(app)})
    assert landed.url.path == "/portal"
    account = visitor.get("/portal/account").text
    assert "Change password" not in account
    assert "99123-4567" in account


def test_disabled_and_enabled_they_sign_in_as_before(
    app: App, staff: Callable[..., Browser], number: str
) -> None:
    care = staff("customer_care")
    verify = add(care, number)
    care.submit(verify, {"code": code(app)})
    user = verify.removesuffix("/phone")
    care.submit(f"{user}/disable", page=f"/customers/{number}")
    assert "Disabled" in care.get(f"/customers/{number}").text
    care.submit(f"{user}/enable", page=f"/customers/{number}")
    assert "Disabled" not in care.get(f"/customers/{number}").text
    again = care.submit(f"{user}/invite", page=f"/customers/{number}")
    assert again.status_code == 422


def test_only_who_may_invite_lets_people_in(staff: Callable[..., Browser], number: str) -> None:
    reader = staff("care_reader")
    assert "add-by-phone" not in reader.get(f"/customers/{number}").text
    assert reader.get(f"/portal/staff/{number}/add-by-phone").status_code == 403


def test_a_program_adds_verifies_and_lets_in(
    app: App, number: str, make_client: Callable[[], Browser]
) -> None:
    api = make_client()
    create_user(app, "care@example.com", "customer_care")
    login = api.post("/api/v1/auth/login", json={"email": "care@example.com", "password": PASSWORD})
    api.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
    place = f"/api/v1/portal/customers/{number}/users"
    added = api.post(f"{place}/by-phone", json={"name": "Dora Lopes", "phone": "(51) 99123-4567"})
    assert (added.status_code, added.json()["status"]) == (201, "invited")
    one = f"{place}/{added.json()['id']}/phone"
    first = code(app)
    wrong = api.post(one, json={"code": f"{(int(first) + 1) % 10**6:06}"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "code")
    assert api.post(f"{one}/send").status_code == 202
    assert api.post(one, json={"code": code(app)}).json()["status"] == "active"
    assert api.post(f"{one}/send").status_code == 422
    with app.unit_of_work() as ctx:
        facts = {"kind": "individual", "name": "Eva Lima"}
        other = customers.register(ctx, RegisterCustomer.model_validate(facts)).number
    foreign = one.replace(number, other)
    assert api.post(foreign, json={"code": "123456"}).status_code in (404, 422)
    assert [user["status"] for user in api.get(place).json()] == ["active"]
