"""The activity pages: narrowed to one person, customer or operation, told in words, exported with a trace, and never too wide."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from sqlmodel import col, select

from trunkline.activity.models import ActivityEntry
from trunkline.activity.sealing import seal_batch
from trunkline.app import App
from trunkline.customers import belongings, operations
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer, TagData
from trunkline.operation import Actor, ActorKind
from trunkline.testing import Browser


def act(app: App, actor: str, name: str, *, address: str = "192.0.2.1", as_whom: str = "") -> Customer:
    """`actor` registers a customer called `name`."""
    person = Actor(ActorKind.STAFF, 7, actor, None, address=address)
    other = Actor(ActorKind.PORTAL, 8, as_whom) if as_whom else None
    with app.unit_of_work(person, on_behalf_of=other) as ctx:
        return operations.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name))


@pytest.fixture
def auditor(app: App, staff: Callable[..., Browser]) -> Browser:
    return staff("auditor")


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("who=Rita", "C000001", "C000002"),
        ("as=Owner+of+Bento", "C000002", "C000001"),
        ("operation=core.customer.create&address=198.51.100.9", "C000002", "C000001"),
        ("operation=customer+registered", "C000001", "signed in"),
        ("on=C000002", "C000002", "C000001"),
        ("customer=c000001", "C000001", "C000002"),
        ("customer=Ana+Prado", "C000001", "C000002"),
        ("view=sign-ins", "signed in", "C000001"),
        ("at_to=2001-01-01", "Nothing matches", "C000001"),
        ("q=c000002", "C000002", "C000001"),
    ],
)
def test_the_list_is_narrowed(app: App, auditor: Browser, query: str, shown: str, hidden: str) -> None:
    act(app, "Rita", "Ana Prado")
    act(app, "Rui", "Bento Lima", address="198.51.100.9", as_whom="Owner of Bento")
    page = auditor.get(f"/activity?{query}", headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert shown in page.text
    assert hidden not in page.text.partition("<tbody>")[2]


def test_an_entry_names_both_people_the_customer_and_its_seal(app: App, auditor: Browser) -> None:
    customer = act(app, "Rita", "Ana Prado", as_whom="Owner")
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.customer.create")
        ).one()
    before = auditor.get(f"/activity/{entry.id}").text
    assert "Waits for its seal" in before
    for said in ("Rita", "Owner", "192.0.2.1", f'href="/customers/{customer.number}"', "Ana Prado"):
        assert said in before
    with app.unit_of_work() as ctx:
        seal_batch(ctx)
    assert "Seal 1" in auditor.get(f"/activity/{entry.id}").text
    assert "1" in auditor.get("/activity/seals").text


@pytest.mark.both_databases
def test_an_operation_done_for_the_first_time_is_suggested_at_once(app: App, auditor: Browser) -> None:
    customer = act(app, "Rita", "Ana Prado")
    assert '<option value="core.customer.edit">' not in auditor.get("/activity").text, "nobody did that yet"
    with app.unit_of_work() as ctx:
        belongings.add_tag(ctx, customer.number, TagData(text="VIP"))
    page = auditor.get("/activity").text
    assert '<option value="core.customer.edit">' in page
    assert '<option value="core.customer.create">' in page


@pytest.mark.both_databases
def test_an_export_holds_what_the_list_shows_and_is_itself_logged(app: App, auditor: Browser) -> None:
    act(app, "Rita", "=1+1")
    act(app, "Rui", "Bento Lima")
    answer = auditor.get("/activity/export?format=json&operation=core.customer.create")
    told = json.loads(answer.text)
    assert [(one["actor"], one["what"]) for one in told] == [
        ("Rui", "Customer registered"),
        ("Rita", "Customer registered"),
    ]
    assert told[1]["changes"][0]["fields"]["name"] == [None, "=1+1"]
    rows = list(
        csv.DictReader(io.StringIO(auditor.get("/activity/export?format=csv&who=Rita").text.lstrip("\ufeff")))
    )
    assert [(row["actor"], row["operation"]) for row in rows] == [("Rita", "core.customer.create")]
    with app.reading() as ctx:
        taken = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.activity.export")
        ).all()
    assert [(one.subject, one.details["narrowed_to"]) for one in taken] == [
        ("JSON", {"operation": "core.customer.create"}),
        ("CSV", {"who": "Rita"}),
    ]


def test_an_export_of_many_entries_misses_none(
    app: App, auditor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trunkline.activity import exporting

    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    for number in range(5):
        act(app, "Rita", f"Customer {number}")
    told = json.loads(auditor.get("/activity/export?format=json&who=Rita").text)
    assert [one["changes"][0]["fields"]["name"][1] for one in told] == [
        f"Customer {n}" for n in (4, 3, 2, 1, 0)
    ]


def test_who_may_read_may_not_therefore_export(app: App, staff: Callable[..., Browser]) -> None:
    supervisor = staff("supervisor")
    assert supervisor.get("/activity").status_code == 200
    assert "/activity/export" not in supervisor.get("/activity").text
    assert supervisor.get("/activity/export?format=csv").status_code == 403


def test_there_is_no_way_to_write_to_the_log(app: App) -> None:
    from trunkline.activity.pages import pages
    from trunkline.activity.rest import rest

    assert {method for route in pages.routes for method in route.methods} == {"GET"}
    assert {route.method for route in rest.routes} == {"GET"}
