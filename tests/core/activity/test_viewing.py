"""Looking at what is sensitive leaves an entry: who, at what, once an hour."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from trunkline.activity import viewed
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.customers import operations
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.operation import Actor, ActorKind
from trunkline.testing import Browser

NOW = [datetime(2026, 3, 1, 12, tzinfo=UTC)]


@pytest.fixture
def clock() -> Clock:
    NOW[0] = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return lambda: NOW[0]


@pytest.fixture
def customer(app: App) -> Customer:
    with app.unit_of_work() as ctx:
        return operations.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prado"))


def person(key: int, *, kind: ActorKind = ActorKind.STAFF) -> Actor:
    return Actor(kind, key, f"Person {key}", address="192.0.2.7")


def looks(app: App) -> list[ActivityEntry]:
    with app.reading() as ctx:
        statement = select(ActivityEntry).where(ActivityEntry.operation == "billing.usage.view")
        return list(ctx.session.scalars(statement.order_by(col(ActivityEntry.id))))


@pytest.mark.both_databases
def test_a_look_is_an_entry_once_per_person_record_and_hour(app: App, customer: Customer) -> None:
    def look(who: int) -> None:
        with app.reading(person(who)) as ctx:
            viewed(ctx, customer, "billing.usage")

    look(1)
    look(1)
    look(2)
    assert [(e.actor, e.subject, e.customer_id, e.address) for e in looks(app)] == [
        ("Person 1", customer.number, customer.key, "192.0.2.7"),
        ("Person 2", customer.number, customer.key, "192.0.2.7"),
    ]
    NOW[0] += timedelta(minutes=61)
    look(1)
    assert len(looks(app)) == 3


def test_another_process_knows_of_the_look_from_the_log(app: App, customer: Customer) -> None:
    for _process in range(2):
        app._parts.clear()
        with app.reading(person(1)) as ctx:
            viewed(ctx, customer, "billing.usage")
    assert len(looks(app)) == 1


def test_a_look_in_a_unit_of_work_that_is_given_up_counts_for_nothing(app: App, customer: Customer) -> None:
    with app.unit_of_work(person(1), keep=False) as ctx:
        viewed(ctx, customer, "billing.usage")
    assert looks(app) == []
    with app.unit_of_work(person(1)) as ctx:
        viewed(ctx, customer, "billing.usage")
    assert len(looks(app)) == 1


def test_customers_may_look_at_what_is_theirs_but_not_staff_who_act_as_them(
    app: App, customer: Customer
) -> None:
    with app.reading(person(1, kind=ActorKind.PORTAL)) as ctx:
        viewed(ctx, customer, "billing.usage")
    assert looks(app) == []
    with app.reading(person(1, kind=ActorKind.PORTAL)) as ctx:
        ctx.on_behalf_of = person(2)
        viewed(ctx, customer, "billing.usage")
    assert [(e.actor, e.on_behalf_of, e.on_behalf_of_id) for e in looks(app)] == [("Person 1", "Person 2", 2)]


def test_only_declared_kinds_can_be_looked_at(app: App, customer: Customer) -> None:
    with app.reading(person(1)) as ctx, pytest.raises(LookupError, match="horoscope"):
        viewed(ctx, customer, "billing.horoscope")


def test_opening_call_details_in_the_browser_tells_who_looked(
    app: App, customer: Customer, staff: Callable[..., Browser]
) -> None:
    care = staff("customer_care")
    assert care.get(f"/customers/{customer.number}/usage").status_code == 200
    (look,) = looks(app)
    assert "care" in look.actor.lower()
    assert "Usage viewed" in staff("auditor").get("/activity").text
