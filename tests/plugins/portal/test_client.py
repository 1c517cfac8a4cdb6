"""A client in three short parts: registration, contact, and money with plans and the last invoice."""

import re
from collections.abc import Callable

from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.customers import queries
from trunkline.customers.models import Customer
from trunkline.testing import Browser

Staff = Callable[..., Browser]
Two = tuple[Household, Household]


def _sent(app: App, number: str, **values: str) -> dict[str, str]:
    with app.reading() as ctx:
        customer = queries.get(ctx, number)
        now = {name: getattr(customer, name) for name in ("name", "tax_id", "email", "status")}
        return {**now, "reason": "", "version": str(customer.version), **values}


def _customer(app: App, number: str) -> Customer:
    with app.reading() as ctx:
        return queries.get(ctx, number)


def test_the_registration_is_changed_with_its_status_and_leads_back_to_the_list(
    app: App, households: Two, staff: Staff
) -> None:
    number = households[0].number
    care = staff("customer_care")
    sent = _sent(app, number, name="Ana Prates", status="suspended", reason="unpaid")
    back = care.submit(f"/customers/{number}/client", sent)
    assert back.url.path == "/customers"
    customer = _customer(app, number)
    assert (customer.name, customer.status) == ("Ana Prates", "suspended")


def test_states_are_called_as_in_white_label_screens(app: App, households: Two, staff: Staff) -> None:
    number = households[0].number
    care = staff("customer_care")
    form = care.get(f"/customers/{number}/client").text
    assert re.findall(r'<option value="(\w+)"[^>]*>([^<]+)', form) == [
        ("active", "Active"),
        ("suspended", "Inactive"),
        ("closed", "Removed"),
    ]
    care.submit(f"/customers/{number}/client", _sent(app, number, status="suspended", reason="unpaid"))
    shown = care.get("/customers", params={"cols": "row_number,number,client_status"}).text
    assert re.search(rf"{number}</a>.*?Inactive", shown)
    assert "Inactive" in care.get(f"/customers/{number}/client/money").text
    assert "Suspended" in care.get(f"/customers/{number}").text


def test_a_status_without_its_reason_changes_nothing_at_all(app: App, households: Two, staff: Staff) -> None:
    number = households[0].number
    before = _customer(app, number)
    sent = _sent(app, number, name="Ana Prates", status="suspended")
    refused = staff("customer_care").submit(f"/customers/{number}/client", sent)
    assert refused.status_code == 422
    assert 'id="f-reason-error"' in refused.text
    assert _customer(app, number).name == before.name


def test_the_contact_is_named_once_and_then_changed(app: App, households: Two, staff: Staff) -> None:
    household = households[0]
    care = staff("customer_care")
    path = f"/customers/{household.number}/client/contact"
    care.submit(path, {"name": "Carla Dias", "email": "", "phone": "", "notes": ""})
    assert 'value="Carla Dias"' in care.get(path).text
    care.submit(path, {"name": "Carla Souza", "email": "", "phone": "", "notes": ""})
    with app.reading() as ctx:
        assert [one.name for one in queries.contacts_of(ctx, household.customer_id)] == ["Carla Souza"]


def test_money_says_plan_service_code_and_when_the_last_invoice_was_due(
    households: Two, staff: Staff
) -> None:
    mine, others = households
    page = staff("customer_care").get(f"/customers/{mine.number}/client/money").text
    for said in (mine.service, mine.invoice, "Due date"):
        assert said in page
    assert others.invoice not in page


def test_whoever_may_not_edit_customers_is_not_let_in(households: Two, staff: Staff) -> None:
    for path in ("client", "client/contact", "client/money"):
        assert staff("care_reader").get(f"/customers/{households[0].number}/{path}").status_code == 403
