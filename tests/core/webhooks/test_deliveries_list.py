"""What was not delivered, to whom: the list of all deliveries, from which they are sent again."""

import csv
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from tests.core.webhooks.receiving import Listening, make, register, send, types
from trunkline.app import App
from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.search.indexing import index_due
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle
from trunkline.web import keyset
from trunkline.webhooks import operations, queries
from trunkline.webhooks.schemas import WebhookFields

pytestmark = pytest.mark.plugins()
HERE = "/webhooks/deliveries"
GONE = "http://127.0.0.1:9/nobody"

Staff = Callable[..., Browser]


def _another(app: App, name: str, url: str) -> str:
    with app.unit_of_work() as ctx:
        return operations.create(ctx, WebhookFields(name=name, url=url))[0].number


def _give_up(app: App, condition: ColumnElement[bool]) -> list[int]:
    """As the last try leaves it."""
    to_endpoints = col(EventDelivery.webhook_id).is_not(None)
    with app.unit_of_work() as ctx:
        found = ctx.session.scalars(select(EventDelivery).where(condition, to_endpoints)).all()
        for one in found:
            one.state, one.error = DeliveryState.PARKED.value, "HTTP 500"
        return [one.id or 0 for one in found]


def _rows(browser: Browser, query: str = "") -> list[tuple[str, str, str]]:
    """Event, endpoint and state of each row, as the list's file has them."""
    written = csv.DictReader(browser.get(f"{HERE}?export=csv&{query}").text.lstrip("\ufeff").splitlines())
    return [(row["Event"], row["Webhook"], row["State"]) for row in written]


@pytest.mark.both_databases
def test_what_reached_nobody_is_found_with_whom_it_was_for_and_sent_again(
    app: App, endpoint: str, staff: Staff
) -> None:
    number, _secret = make(app, endpoint, "customer.registered")
    register(app)
    send(app)
    missed = register(app, "Bruno Lima")
    ids = _give_up(app, col(EventDelivery.state) == DeliveryState.PENDING)
    Listening.taken.clear()
    browser = staff("supervisor")
    assert _rows(browser, "view=undelivered") == [("customer.registered", "CRM", "Given up")]
    today = datetime.now(UTC).date()
    far = today - timedelta(days=3), today + timedelta(days=3)
    assert len(_rows(browser, f"view=parked&occurred_at_from={far[0]}&occurred_at_to={far[1]}")) == 1
    assert _rows(browser, f"occurred_at_to={far[0]}") == []
    asked = browser.submit(
        "/lists/webhook-deliveries/do/core.webhook_send_again", {"ids": [str(key) for key in ids]}, page=HERE
    )
    (picked,) = re.findall(r'name="picked" value="([^"]*)"', asked.text)
    begin = "/lists/webhook-deliveries/do/core.webhook_send_again/begin"
    browser.submit(begin, {"picked": picked}, page=HERE)
    work_until_idle(app)
    send(app)
    assert types() == ["customer.registered"]
    assert json.loads(Listening.taken[0][1])["data"]["number"] == missed
    assert _rows(browser, "view=undelivered") == []
    assert {state for _event, _endpoint, state in _rows(browser, f"webhook={number}")} == {"Delivered"}


@pytest.mark.both_databases
def test_deliveries_are_narrowed_to_an_endpoint_an_event_and_a_state(
    app: App, endpoint: str, staff: Staff
) -> None:
    make(app, endpoint, "customer.registered")
    other = _another(app, "Ledger", GONE)
    register(app)
    index_due(app)
    _give_up(app, col(EventDelivery.subscriber) == other)
    browser = staff("auditor")
    registered = ("customer.registered", "CRM", "Waiting")
    assert registered in _rows(browser, "webhook=W0001")
    assert {name for _event, name, _state in _rows(browser, "webhook=W0001")} == {"CRM"}
    assert {name for _event, name, _state in _rows(browser, "view=parked")} == {"Ledger"}
    assert {event for event, _name, _state in _rows(browser, "event=customer.registered")} == {registered[0]}
    assert len(_rows(browser, "event=customer.registered")) == 2
    assert _rows(browser, "q=customer.reg&state=pending") == [registered]
    page = browser.get(HERE).text
    assert "core.webhook_send_again" not in page, "an auditor sends nothing"
    assert "core.webhook_send_again" in staff("supervisor").get(HERE).text


def test_what_hooks_are_told_is_no_delivery_to_an_endpoint(app: App, endpoint: str, staff: Staff) -> None:
    make(app, endpoint, "customer.registered")
    register(app)
    with app.unit_of_work() as ctx:
        told = ctx.session.scalars(select(EventDelivery)).one()
        ctx.session.add(
            EventDelivery(
                event_id=told.event_id,
                subscriber="club",
                entity=told.entity,
                entity_id=told.entity_id,
                seq=told.seq,
            )
        )
    assert _rows(staff("supervisor")) == [("customer.registered", "CRM", "Waiting")]


def test_a_page_of_the_list_asks_nothing_of_rows_without_a_moment(app: App) -> None:
    with app.reading() as ctx:
        assert len(keyset.ordered(queries.list_deliveries(ctx), "-occurred_at")) == 1


def test_a_webhooks_page_shows_its_newest_deliveries_and_leads_to_all(
    app: App, endpoint: str, staff: Staff
) -> None:
    number, _secret = make(app, endpoint, "customer.registered")
    for place in range(12):
        register(app, f"Ana Souza {place}")
    _give_up(app, col(EventDelivery.subscriber) == number)
    browser = staff("supervisor")
    page = browser.get(f"/webhooks/{number}").text
    assert page.count(f'data-href="/webhooks/{number}/deliveries/') == 10
    assert f'href="{HERE}?webhook={number}"' in page
    assert len(_rows(browser, f"webhook={number}")) == 12
    assert f"{HERE}?view=parked&amp;webhook={number}" in browser.get("/").text
    assert HERE in browser.get("/webhooks").text
    assert HERE in browser.get("/search?q=webhook+deliveries").text


def test_a_program_asks_what_was_not_delivered_and_to_whom(app: App, endpoint: str, client: Browser) -> None:
    create_user(app, "boss@example.com", "administrator")
    login = client.post("/api/v1/auth/login", json={"email": "boss@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
    make(app, endpoint, "customer.registered")
    register(app)
    send(app)
    register(app, "Bruno Lima")
    _give_up(app, col(EventDelivery.state) == DeliveryState.PENDING)
    items = client.get("/api/v1/webhooks/deliveries?view=undelivered").json()["items"]
    assert [(one["webhook"], one["webhook_name"], one["event"], one["state"]) for one in items] == [
        ("W0001", "CRM", "customer.registered", "parked")
    ]
    of_one = client.get("/api/v1/webhooks/W0001/deliveries").json()["items"]
    assert [one["state"] for one in of_one] == ["parked", "delivered"]
    assert of_one[1]["status"] == 200
