"""Every contact with a customer gets a protocol number, which the customer is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Refused
from trunkline.interactions import operations
from trunkline.interactions.models import ToldBy
from trunkline.interactions.schemas import RecordInteraction
from trunkline.mail.models import Email
from trunkline.search.indexing import index_due
from trunkline.search.queries import find
from trunkline.sms.models import Sms
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 11, 22, 15, 0, tzinfo=UTC))


@pytest.fixture
def api(app: App, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, "api@example.com", "supervisor")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def add(app: App, **values: Any) -> str:
    with app.unit_of_work() as ctx:
        facts = {"kind": "individual", "name": "Ana Souza", **values}
        return customers.register(ctx, RegisterCustomer.model_validate(facts)).number


def record(app: App, customer: str, **values: Any) -> tuple[str, str]:
    with app.unit_of_work() as ctx:
        command = RecordInteraction.model_validate({"subject": "Slow at night", **values})
        made = operations.record(ctx, customer, command)
        return made.number, made.told_by


@pytest.mark.both_databases
def test_numbers_count_up_within_the_operators_day_and_begin_anew_the_next(
    app: App, clock: StandingClock
) -> None:
    customer = add(app)
    assert [record(app, customer)[0] for _ in range(2)] == ["20261122-000001", "20261122-000002"]
    clock.moment = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert record(app, customer)[0] == "20261122-000003", "in São Paulo it is still the 22nd"
    clock.moment = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    assert record(app, customer)[0] == "20261123-000001"


def test_the_customer_is_told_by_mail_or_else_by_text_message_or_not_at_all(app: App) -> None:
    by_mail = add(app, email="ana@example.com", phone="51 99123-4567", language="pt_BR")
    by_text = add(app, phone="51 99123-4568")
    assert record(app, by_mail)[1] == ToldBy.EMAIL
    assert record(app, by_text) == ("20261122-000002", ToldBy.SMS)
    assert record(app, add(app))[1] == ToldBy.NOBODY
    assert record(app, by_mail, tell=False)[1] == ToldBy.NOBODY
    with app.reading() as ctx:
        mail = ctx.session.scalars(select(Email)).one()
        text = ctx.session.scalars(select(Sms)).one()
    assert mail.recipient == "ana@example.com"
    assert "20261122-000001" in mail.subject
    assert "Slow at night" in mail.text
    assert (text.recipient, "20261122-000002" in text.text) == ("+5551991234568", True)


def test_a_contact_is_found_by_its_number_and_by_the_last_figures_of_it(app: App) -> None:
    number, _told = record(app, add(app))
    index_due(app)
    for query in (number, "20261122000001", "000001"):
        with app.reading() as ctx:
            hits = [hit.path for group in find(ctx, query, kinds=["interaction"]) for hit in group.hits]
        assert hits == [f"/customers/C000001/interactions/{number}"], query


def test_an_archived_customer_is_not_in_touch(app: App) -> None:
    customer = add(app, status="pending")
    with app.unit_of_work() as ctx:
        customers.archive(ctx, customer)
    with pytest.raises(Refused, match="archived"):
        record(app, customer)


def test_care_registers_a_contact_on_the_page_and_reads_it_there(
    app: App, staff: Callable[..., Browser]
) -> None:
    customer = add(app, email="ana@example.com")
    browser = staff("customer_care")
    fields = {"channel": "phone", "subject": "Slow at night", "text": "Sends a picture.", "tell": "1"}
    page = browser.submit(f"/customers/{customer}/interactions/new", fields).text
    assert "Protocol 20261122-000001, sent by e-mail." in page
    assert "Slow at night" in page
    assert "Sends a picture." in browser.get(f"/customers/{customer}/interactions/20261122-000001").text
    assert browser.get("/customers/C000001/interactions/20261122-000009").status_code == 404
    refused = browser.submit(f"/customers/{customer}/interactions/new", {"channel": "phone", "subject": ""})
    assert refused.status_code == 422
    reader = staff("care_reader")
    assert "Slow at night" in reader.get(f"/customers/{customer}/interactions").text
    assert reader.get(f"/customers/{customer}/interactions/new").status_code == 403


def test_programs_write_contacts_down_and_read_them_newest_first(app: App, api: Browser) -> None:
    path = f"/api/v1/customers/{add(app, email='ana@example.com')}/interactions"
    made = api.post(path, json={"channel": "chat", "subject": "Slow at night"})
    assert (made.status_code, made.json()["number"], made.json()["told_by"]) == (
        201,
        "20261122-000001",
        "email",
    )
    assert api.post(path, json={"subject": "Again", "tell": False}).json()["told_by"] == ""
    assert [one["subject"] for one in api.get(path).json()["items"]] == ["Again", "Slow at night"]
    assert [one["subject"] for one in api.get(f"{path}?channel=chat").json()["items"]] == ["Slow at night"]
    assert api.post(path, json={"subject": ""}).status_code == 422
    one = made.json()
    assert api.get(f"{path}/{one['number']}").json() == one
    foreign = f"/api/v1/customers/{add(app, name='Bento Lima')}/interactions/{one['number']}"
    assert api.get(foreign).status_code == 404


def test_each_contact_has_an_entry_in_the_activity_log(app: App) -> None:
    from trunkline.activity.models import ActivityEntry

    number, _told = record(app, add(app))
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.interaction.record")
        ).one()
    assert (entry.subject, entry.customer_id) == (number, 1)
