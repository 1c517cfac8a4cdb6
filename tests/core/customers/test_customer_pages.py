"""Customers in the browser's eyes: list, registration, profile, editing, belongings."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from trunkline.app import App
from trunkline.customers import operations, queries
from trunkline.customers.schemas import RegisterCustomer, UpdateCustomer
from trunkline.testing import Browser, work_until_idle

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


def add(app: App, name: str = "Ana Souza", **values: Any) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": name, **values})
        return operations.register(ctx, command).number


def test_a_business_is_registered_by_its_form(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    shown = browser.get("/customers/new?kind=business")
    assert "Legal name" in shown.text
    assert "Date of birth" not in shown.text
    answer = browser.submit(
        "/customers/new?kind=business",
        {
            "name": "Padaria Estrela",
            "legal_name": "Padaria Estrela do Sul Ltda",
            "tax_id": "11.222.333/0001-81",
            "phone": "51 3333-4444",
            "address.city": "Porto Alegre",
        },
    )
    assert answer.status_code == 200
    assert "Padaria Estrela" in answer.text
    assert "11.222.333/0001-81" in answer.text
    assert "Porto Alegre" in answer.text


def test_a_country_is_chosen_from_a_list_with_the_operators_first(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    for form in ("/customers/new?kind=individual", f"/customers/{add(app)}/sites/new"):
        shown = browser.get(form).text
        countries = re.findall(
            r'<option value="([A-Z]{2})"[^>]*>([^<]+)', shown.partition('name="country"')[2]
        )
        assert countries[0] == ("BR", "Brazil")
        assert countries[1:3] == [("AF", "Afghanistan"), ("AX", "Åland Islands")]


def test_what_is_wrong_stands_beside_its_field_and_input_is_kept(app: App, staff: Staff) -> None:
    answer = staff("customer_care").submit(
        "/customers/new?kind=individual", {"name": "Ana Souza", "tax_id": "111", "email": "ana@example.com"}
    )
    assert answer.status_code == 422
    assert 'id="f-tax_id-error"' in answer.text
    assert 'value="ana@example.com"' in answer.text
    with app.reading() as ctx:
        assert not ctx.session.execute(queries.list_customers(ctx)).all()


def test_a_form_with_three_faults_marks_three_fields(app: App, staff: Staff) -> None:
    wrong = {"name": "Ana", "tax_id": "111", "phone": "12", "address.postal_code": "1"}
    page = staff("customer_care").submit("/customers/new?kind=individual", wrong).text
    assert all(f'id="f-{field}-error"' in page for field in ("tax_id", "phone", "address-postal_code"))


def test_the_list_searches_filters_and_hides_archived_customers(app: App, staff: Staff) -> None:
    add(app, "José Conceição", tax_id="52998224725")
    add(app, "Maria Silva")
    with app.unit_of_work() as ctx:
        operations.archive(ctx, operations.register(ctx, _pending("Gone Person")).number)
    work_until_idle(app)
    browser = staff("customer_care")
    everyone = browser.get("/customers").text
    assert "Maria Silva" in everyone
    assert "Gone Person" not in everyone
    assert "Gone Person" in browser.get("/customers?view=archived").text
    for query in ("jose conceicao", "247-25", "C000001"):
        found = browser.get("/customers", params={"q": query}).text
        assert "José Conceição" in found, query
        assert "Maria Silva" not in found, query
    assert "Maria Silva" not in browser.get("/customers?kind=business").text


def _pending(name: str) -> RegisterCustomer:
    return RegisterCustomer.model_validate({"kind": "individual", "name": name, "status": "pending"})


def test_the_list_is_exported_as_csv(app: App, staff: Staff) -> None:
    add(app, "Ana Souza", tax_id="52998224725")
    answer = staff("supervisor").get("/customers?export=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "Ana Souza" in answer.text
    assert "529.982.247-25" in answer.text
    assert "export=csv" not in staff("customer_care").get("/customers").text
    assert staff("customer_care").get("/customers?export=csv").status_code == 403


def test_every_tab_of_the_profile_opens(app: App, staff: Staff) -> None:
    number = add(app, tax_id="52998224725", address={"city": "Recife"})
    browser = staff("customer_care")
    for tab in ("", "/contacts", "/sites", "/tags", "/activity"):
        answer = browser.get(f"/customers/{number}{tab}")
        assert answer.status_code == 200, tab
        assert "Ana Souza" in answer.text
        assert 'aria-current="page"' in answer.text
    assert "Customer registered" in browser.get(f"/customers/{number}/activity").text
    assert browser.get(f"/customers/{number}/nothing").status_code == 404
    assert browser.get("/customers/C999999").status_code == 404


def test_editing_over_somebody_elses_change_shows_both_values(app: App, staff: Staff) -> None:
    number = add(app)
    browser = staff("customer_care")
    form = browser.get(f"/customers/{number}/edit")
    version = form.text.split('name="version" value="')[1].split('"')[0]
    with app.unit_of_work() as ctx:
        operations.update(ctx, number, UpdateCustomer(name="Ana Maria"))
    token = browser.csrf(f"/customers/{number}/edit")
    answer = browser.post(
        f"/customers/{number}/edit",
        data={"csrf_token": token, "version": version, "name": "Ana Clara", "country": "BR"},
    )
    assert answer.status_code == 409
    assert "Full name: now “Ana Maria”." in answer.text
    assert "Save again to keep yours." in answer.text
    assert 'value="Ana Clara"' in answer.text


def test_contacts_are_added_edited_and_removed(app: App, staff: Staff) -> None:
    number = add(app)
    browser = staff("customer_care")
    base = f"/customers/{number}/contacts"
    answer = browser.submit(
        f"{base}/new", {"name": "Carla Menezes", "roles": ["billing", "owner"], "email": "c@example.com"}
    )
    assert "Carla Menezes" in answer.text
    assert "Billing, Owner" in answer.text
    answer = browser.submit(f"{base}/1/edit", {"name": "Carla M. Dias", "version": "1"})
    assert "Carla M. Dias" in answer.text
    answer = browser.submit(f"{base}/1/remove", page=base)
    assert "Carla M. Dias" not in answer.text.replace("Removed", "")


def test_closing_asks_for_a_reason(app: App, staff: Staff) -> None:
    number = add(app)
    browser = staff("customer_care")
    path = f"/customers/{number}/status/closed"
    refused = browser.submit(path, {"reason": ""})
    assert refused.status_code == 422
    assert "Fill in Reason." in refused.text
    closed = browser.submit(path, {"reason": "moved away"})
    assert "Closed" in closed.text


def test_of_two_who_change_a_status_the_second_is_told_and_not_that_there_is_no_page(
    app: App, staff: Staff
) -> None:
    number = add(app)
    first, second = staff("customer_care"), staff("supervisor")
    second.get(f"/customers/{number}/status/suspended")
    first.submit(f"/customers/{number}/status/closed", {"reason": "moved away"})
    late = second.submit(
        f"/customers/{number}/status/suspended", {"reason": "asked"}, page=f"/customers/{number}"
    )
    assert late.status_code == 409
    assert "Ana Souza was changed meanwhile" in late.text
    assert second.get(f"/customers/{number}/status/nonsense").status_code == 404


def test_removing_a_tag_or_an_attribute_says_first_what_goes_with_it(app: App, staff: Staff) -> None:
    number = add(app)
    browser = staff("customer_care")
    browser.submit(f"/customers/{number}/tags/new", {"text": "VIP", "colour": "red"})
    browser.submit(
        f"/customers/{number}/attributes/new", {"name": "Meter", "type": "number", "value": "12.5"}
    )
    shown = browser.get(f"/customers/{number}/tags").text
    assert "Take the tag VIP off Ana Souza? Its link and its dates go with it." in shown
    assert "Remove the attribute Meter of Ana Souza? Its value goes with it" in shown


def test_a_customers_activity_leads_to_the_log_of_them_alone_with_its_filters(app: App, staff: Staff) -> None:
    number, other = add(app), add(app, "Bia Lima")
    link = f"/activity?customer={number}"
    browser = staff("supervisor")
    assert f'href="{link}"' in browser.get(f"/customers/{number}/activity").text
    shown = browser.get(link).text
    assert "Customer registered" in shown
    assert other not in shown
    assert link not in staff("customer_care").get(f"/customers/{number}/activity").text


@pytest.mark.parametrize(("role", "may"), [("customer_care", True), ("care_reader", False)])
def test_cards_without_anything_offer_to_add_only_to_those_who_may(
    app: App, staff: Staff, role: str, may: bool
) -> None:
    shown = staff(role).get(f"/customers/{add(app)}").text
    assert bool(re.search(r"<a[^>]*>\s*Add\s*</a>", shown)) is may


def test_readers_see_no_buttons_and_cannot_post(app: App, staff: Staff) -> None:
    number = add(app)
    browser = staff("auditor")
    shown = browser.get(f"/customers/{number}").text
    assert f"/customers/{number}/edit" not in shown
    assert browser.get(f"/customers/{number}/edit").status_code == 403
    assert browser.get("/customers/new").status_code == 403


def test_markup_in_a_name_is_text(app: App, staff: Staff) -> None:
    number = add(app, "<script>alert(1)</script>")
    shown = staff("customer_care").get(f"/customers/{number}").text
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_a_fragment_of_a_tab_has_no_shell(app: App, staff: Staff) -> None:
    number = add(app)
    shown = staff("customer_care").get(f"/customers/{number}/contacts", headers={"HX-Request": "true"}).text
    assert "<html" not in shown
    assert "Contacts" in shown


def test_closing_and_archiving_say_what_the_customer_has(app: App, staff: Staff) -> None:
    number = add(app, address={"city": "Recife"})
    browser = staff("supervisor")
    assert re.search(r"Sites</dt>\s*<dd>1", browser.get(f"/customers/{number}/status/closed").text)
    browser.submit(f"/customers/{number}/status/closed", {"reason": "moved away"})
    asked = browser.get(f"/customers/{number}/archive").text
    assert "the tax id becomes free" in asked
    archived = browser.submit(f"/customers/{number}/archive", {"reason": "double"})
    assert "This customer is archived." in archived.text
    assert staff("customer_care").get(f"/customers/{number}/archive").status_code == 403


@pytest.mark.parametrize(("role", "offered"), [("field_technician", False), ("dealer", True)])
def test_an_empty_list_offers_to_add_only_to_who_may(staff: Staff, role: str, offered: bool) -> None:
    page = staff(role).get("/customers").text
    assert "No customers yet" in page
    assert ("Add customer" in page) is offered


def test_an_empty_tab_says_nothing_of_the_whole_list(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff("customer_care")
    assert "No customers yet" in browser.get("/customers").text
    add(app)
    page = browser.get("/customers?view=pending").text
    assert "Nothing here now" in page
    assert "No customers yet" not in page
    assert "Nothing matches" in browser.get("/customers?view=pending&q=souza").text
