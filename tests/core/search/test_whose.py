"""A number typed, pasted or handed over by a telephone program opens its customer; what was opened is offered again."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import Customer
from trunkline.customers.schemas import ContactData, RegisterCustomer
from trunkline.interactions import operations as interactions
from trunkline.interactions.models import Channel
from trunkline.interactions.schemas import RecordInteraction
from trunkline.search.indexing import index_due
from trunkline.search.models import SearchRecent
from trunkline.sms import operations as sms
from trunkline.testing import Browser, create_user
from trunkline_billing.operations import accounts
from trunkline_billing.schemas import OpenAccount

Staff = Callable[..., Browser]

pytestmark = pytest.mark.plugins()


def add(app: App, name: str, **values: str) -> str:
    with app.unit_of_work() as ctx:
        facts = {"kind": "individual", "name": name, **values}
        return operations.register(ctx, RegisterCustomer.model_validate(facts)).number


def test_a_number_of_one_customer_opens_that_customer_however_it_is_written(app: App, staff: Staff) -> None:
    customer = add(app, "Ana Souza", phone="51 99123-4567", tax_id="52998224725")
    add(app, "Beto Lima", phone="51 99123-4568")
    index_due(app)
    browser = staff("customer_care")
    for number in ("+55 51 99123-4567", "tel:+5551991234567", "051991234567", "991234567", "529.982.247-25",
                   "sip:5551991234567@pbx.example", "C000001", "c000001"):  # fmt: skip
        answer = browser.get("/find", params={"number": number}, follow_redirects=False)
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/customers/{customer}"), number


@pytest.mark.parametrize(
    "typed", ["ana@example.com", " Ana@Example.com", "mailto:ana@example.com?subject=Hello"]
)
def test_an_address_of_one_customer_opens_that_customer(app: App, staff: Staff, typed: str) -> None:
    customer = add(app, "Ana Souza", email="ana@example.com")
    add(app, "Beto Lima", email="beto@example.com")
    index_due(app)
    answer = staff("customer_care").get("/find", params={"number": typed}, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/customers/{customer}")


def test_an_address_of_a_contact_and_of_somebody_in_the_portal_opens_their_customer(
    app: App, staff: Staff
) -> None:
    customer = add(app, "Ana Souza")
    with app.unit_of_work() as ctx:
        operations.add_contact(ctx, customer, ContactData(name="Carla", email="carla@example.com"))
        key = ctx.load_by(Customer, Customer.number, customer).key
    create_user(app, "portal@example.com", "portal_owner", customer_id=key)
    index_due(app)
    browser = staff("customer_care")
    for typed in ("carla@example.com", "portal@example.com"):
        answer = browser.get("/find", params={"number": typed}, follow_redirects=False)
        assert answer.headers.get("location") == f"/customers/{customer}", typed
    hidden = staff("warehouse").get("/find?number=portal@example.com", follow_redirects=False)
    assert hidden.status_code == 200
    assert "Ana Souza" not in hidden.text


def test_an_address_of_several_lists_them_and_one_of_nobody_is_filled_in(app: App, staff: Staff) -> None:
    add(app, "Ana Souza", email="both@example.com")
    add(app, "Beto Lima", email="both@example.com")
    index_due(app)
    browser = staff("customer_care")
    page = browser.get("/find?number=both@example.com").text
    assert "Ana Souza" in page
    assert "Beto Lima" in page
    page = browser.get("/find?number=new@example.com").text
    assert 'href="/customers/new?email=new%40example.com"' in page
    assert 'value="new@example.com"' in browser.get("/customers/new?email=new%40example.com").text


def test_a_protocol_number_and_that_of_a_job_open_whose_they_are(app: App, staff: Staff) -> None:
    customer = add(app, "Ana Souza")
    with app.unit_of_work() as ctx:
        kept = interactions.record(ctx, customer, RecordInteraction(channel=Channel.PHONE, subject="Asks"))
        key = ctx.load_by(Customer, Customer.number, customer).key
        sms.queue(ctx, to="+5551991234567", text="Hello", key="hers", customer_id=key)
        sms.queue(ctx, to="+5551991234567", text="Hello", key="nobodys")
        protocol = kept.number
    index_due(app)
    browser = staff()
    for typed, path in ((protocol, f"/customers/{customer}"), ("m1", f"/customers/{customer}"),
                        ("M00000002", "/text-messages/M00000002")):  # fmt: skip
        answer = browser.get("/find", params={"number": typed}, follow_redirects=False)
        assert answer.headers.get("location") == path, typed


@pytest.mark.plugins("inventory", "catalog", "billing")
def test_short_numbers_of_every_kind_in_the_index_open_whose_they_are(app: App, staff: Staff) -> None:
    customer = add(app, "Ana Souza")
    with app.unit_of_work() as ctx:
        key = ctx.load_by(Customer, Customer.number, customer).key
        account = accounts.open_account(ctx, OpenAccount(customer_id=key)).number
        kept = interactions.record(ctx, customer, RecordInteraction(channel=Channel.PHONE, subject="Asks"))
    index_due(app)
    browser = staff()
    shortened = (re.sub(r"(?<=\D)0+", "", number).lower() for number in (customer, account, kept.number))
    for typed in shortened:
        answer = browser.get("/find", params={"number": typed}, follow_redirects=False)
        assert answer.headers.get("location") == f"/customers/{customer}", typed
        assert "Ana Souza" in browser.get("/search", params={"q": typed}).text, typed


def test_a_number_of_several_customers_lists_them(app: App, staff: Staff) -> None:
    add(app, "Ana Souza", phone="51 3333-4567")
    add(app, "Beto Lima", phone="51 3333-4567")
    index_due(app)
    page = staff("customer_care").get("/find?number=5133334567").text
    assert "Ana Souza" in page
    assert "Beto Lima" in page


def test_the_number_of_another_thing_is_not_that_of_the_customer_with_the_same_figures(
    app: App, staff: Staff
) -> None:
    add(app, "Ana Souza")
    index_due(app)
    answer = staff("customer_care").get("/find?number=X000001", follow_redirects=False)
    assert answer.status_code == 200
    assert "Ana Souza" not in answer.text


def test_a_strangers_number_can_be_registered_with_it_filled_in(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    page = browser.get("/find?number=51991234567").text
    assert 'href="/customers/new?phone=%2B5551991234567"' in page
    assert 'value="+5551991234567"' in browser.get("/customers/new?phone=%2B5551991234567").text
    assert "/customers/new?" not in staff("auditor").get("/find?number=51991234567").text


def test_nothing_is_told_of_customers_out_of_scope(app: App, staff: Staff) -> None:
    add(app, "Ana Souza", phone="51 99123-4567")
    index_due(app)
    page = staff("warehouse").get("/find?number=51991234567", follow_redirects=False)
    assert page.status_code == 200
    assert "Ana Souza" not in page.text


def test_what_was_opened_is_offered_before_anything_is_typed_to_who_opened_it(app: App, staff: Staff) -> None:
    customer = add(app, "Ana Souza")
    add(app, "Beto Lima")
    index_due(app)
    browser = staff("customer_care")
    browser.submit("/search/opened", {"path": f"/customers/{customer}"}, page="/search")
    browser.submit("/search/opened", {"path": "/customers/C000099"}, page="/search")
    offered = browser.get("/search", headers={"HX-Request": "true"}).text
    assert "Ana Souza" in offered
    assert "Beto Lima" not in offered
    assert "Add customer" in offered
    assert "Ana Souza" not in staff("supervisor").get("/search", headers={"HX-Request": "true"}).text


def test_what_was_opened_at_one_time_is_offered_in_the_same_order_each_time(app: App, staff: Staff) -> None:
    names = ["Ana Souza", "Beto Lima", "Carla Dias"]
    opened = [add(app, name) for name in names]
    index_due(app)
    browser = staff("customer_care")
    for customer in (opened[1], opened[2], opened[0]):
        browser.submit("/search/opened", {"path": f"/customers/{customer}"}, page="/search")
    with app.unit_of_work() as ctx:
        ctx.session.execute(update(SearchRecent).values(at=ctx.now()))
    offered = browser.get("/search", headers={"HX-Request": "true"}).text
    assert sorted(names, key=offered.index) == names[::-1]


def test_results_of_one_kind_come_page_after_page(app: App, staff: Staff) -> None:
    for position in range(30):
        add(app, f"Ana {position:02d}")
    index_due(app)
    browser = staff("customer_care")
    first = browser.get("/search?q=ana").text
    assert 'href="/search?q=ana&amp;kind=customer"' in first
    assert first.count('href="/customers/C0') == 8
    page = browser.get("/search?q=ana&kind=customer").text
    assert page.count('href="/customers/C0') == 25
    assert 'href="/search?q=ana&amp;kind=customer&amp;page=2"' in page
    second = browser.get("/search?q=ana&kind=customer&page=2").text
    assert second.count('href="/customers/C0') == 5
    assert "</mark> 29" in second
