"""Erasing a customer: said before, done at once, and no way back."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, col, select

from trunkline.activity.checking import verify
from trunkline.activity.models import ActivityEntry, ActivityErasure
from trunkline.activity.sealing import seal_batch
from trunkline.app import App
from trunkline.approvals.models import Approval
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers import queries
from trunkline.customers.erasing.models import CustomerErasure
from trunkline.customers.erasing.operations import erase
from trunkline.customers.erasing.queries import preview
from trunkline.customers.erasing.schemas import EraseCustomer
from trunkline.customers.models import Customer
from trunkline.customers.schemas import ContactData, RegisterCustomer, UpdateCustomer
from trunkline.db import append_only
from trunkline.errors import Refused
from trunkline.files.operations import attach
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.search.queries import find
from trunkline.testing import Browser, work_until_idle

Staff = Callable[..., Browser]
NAME = "Eleonora Quintanilha Wagemaker"


def _add(app: App, name: str = NAME, **values: Any) -> str:
    given = {"kind": "individual", "name": name, "email": "eleonora@example.com", "tax_id": "52998224725"}
    with app.unit_of_work() as ctx:
        return customers.register(ctx, RegisterCustomer.model_validate({**given, **values})).number


def _erase(app: App, number: str) -> None:
    with app.unit_of_work() as ctx:
        erase(ctx, number, EraseCustomer(confirm=number))


def _seal(app: App) -> None:
    with app.unit_of_work() as ctx:
        seal_batch(ctx)


@pytest.mark.both_databases
def test_the_page_shows_a_stone_and_the_name_is_found_nowhere(app: App, staff: Staff) -> None:
    number = _add(app)
    with app.unit_of_work() as ctx:
        attach(ctx, number, io.BytesIO(b"%PDF-1.4 Eleonora"), "contract.pdf")
        customers.add_contact(ctx, number, ContactData(name="Anselmo Quintanilha", email="a@example.com"))
    work_until_idle(app)
    files = [path for path in (app.config.data / "files").rglob("*") if path.is_file()]
    assert len(files) == 1
    _erase(app, number)
    work_until_idle(app)
    browser = staff("supervisor")
    page = browser.get(f"/customers/{number}").text
    assert "The personal data of this customer were erased on" in page
    assert "Nothing had to be kept." in page
    assert f"Erased customer {number}" in page
    for address in (f"/customers/{number}", f"/customers/{number}/activity", "/customers?view=archived"):
        assert "Quintanilha" not in browser.get(address).text
    with app.reading() as ctx:
        assert not [hit for group in find(ctx, "Quintanilha") for hit in group.hits]
    assert not [path for path in files if path.exists()]


@pytest.mark.both_databases
def test_the_log_verifies_after_an_erasure_and_still_finds_a_row_that_somebody_altered(app: App) -> None:
    number, other = _add(app), _add(app, "Somebody Else", email="other@example.com", tax_id="")
    _seal(app)
    with app.unit_of_work() as ctx:
        customers.update(ctx, number, UpdateCustomer(notes="likes Eleonora"))
    _seal(app)
    # One more that is not sealed yet.
    with app.unit_of_work() as ctx:
        customers.update(ctx, number, UpdateCustomer(notes="still Eleonora"))
    _erase(app, number)
    _seal(app)
    assert verify(app).findings == []
    with app.reading() as ctx:
        rows = ctx.session.scalars(select(ActivityEntry)).all()
        assert ctx.session.scalars(select(ActivityErasure)).first() is not None
        kept = [row for row in rows if row.subject == other]
        assert "other@example.com" in str(kept[0].changes)
        erased = [row for row in rows if row.subject == number]
        assert [row.operation for row in erased][-1] == "core.customer.erase"
        assert "leonora" not in str([(row.changes, row.details) for row in rows])
        keys = {"erased": erased[0].id, "kept": kept[0].id}
    for key in keys.values():
        found = _with_altered(app, key or 0)
        assert found == [f"Entry {key} of seal 1 was altered."]
    assert _without_erasure(app, keys["erased"] or 0) == [f"Entry {keys['erased']} of seal 1 was altered."]


def _with_altered(app: App, key: int) -> list[str]:
    """What a verification finds while one entry says something else."""
    entries: Any = SQLModel.metadata.tables["core_activity"]
    with app.database.write() as session:
        row = dict(session.execute(select(entries).where(entries.c.id == key)).mappings().one())
    _put(app, {**row, "operation": "core.customer.view"})
    found = verify(app).findings
    _put(app, row)
    assert verify(app).findings == []
    return found


def _put(app: App, row: dict[str, Any]) -> None:
    entries: Any = SQLModel.metadata.tables["core_activity"]
    with (
        app.database.write() as session,
        append_only.lifted(connection := session.connection(), [entries.name]),
    ):
        connection.execute(entries.delete().where(entries.c.id == row["id"]))
        connection.execute(entries.insert(), row)


def _without_erasure(app: App, key: int) -> list[str]:
    """What a verification finds once the proof of an erasure is gone."""
    with app.database.write() as session, append_only.lifted(session.connection(), ["core_activity_erasure"]):
        session.execute(text("DELETE FROM core_activity_erasure WHERE entry_id = :key"), {"key": key})
    return verify(app).findings


def test_another_number_and_a_second_time_are_refused_and_nobody_is_restored(app: App) -> None:
    number = _add(app)
    with app.unit_of_work() as ctx, pytest.raises(Refused) as wrong:
        erase(ctx, number, EraseCustomer(confirm="C999999"))
    assert (wrong.value.field, number in str(wrong.value.remedy)) == ("confirm", True)
    _erase(app, number)
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="was erased on"):
        erase(ctx, number, EraseCustomer(confirm=number))
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="were erased"):
        customers.restore(ctx, number)


def test_a_job_under_way_stands_in_the_way_and_is_named_with_its_remedy(app: App, staff: Staff) -> None:
    number = _add(app)
    with app.unit_of_work() as ctx:
        key = queries.get(ctx, number).key
        job = enqueue(
            ctx, kind="test.job", title="Set up", steps=[PlannedStep("core.locate")], key="j", customer_id=key
        ).number
    with app.unit_of_work() as ctx, pytest.raises(Refused, match=f"Job {job} is not over"):
        erase(ctx, number, EraseCustomer(confirm=number))
    page = staff("supervisor").get(f"/customers/{number}/erase").text
    assert f"/jobs/{job}" in page
    assert "Erase for ever" not in page


def test_a_second_person_agrees_before_anything_is_gone(app: App, staff: Staff) -> None:
    number = _add(app)
    first = staff("supervisor")
    for leading in (f"/customers/{number}", f"/customers/{number}/client"):
        assert f'"/customers/{number}/erase"' in first.get(leading).text
    page = first.get(f"/customers/{number}/erase")
    assert "A second person decides." in page.text
    first.submit(f"/customers/{number}/erase", {"confirm": number})
    with app.reading() as ctx:
        assert queries.get(ctx, number).name == NAME
        request = ctx.session.scalars(select(Approval)).one()
        assert NAME not in f"{request.summary}{request.words}{request.arguments}"
    second = staff("supervisor")
    second.submit(f"/approvals/{request.number}/approve", {"note": ""})
    with app.reading() as ctx:
        assert queries.get(ctx, number).name == f"Erased customer {number}"
        stone = ctx.session.scalars(select(CustomerErasure)).one()
        entry = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.customer.erase")
        ).one()
    assert stone.number == number
    assert entry.details["approval"] == request.number


def test_only_who_holds_the_permission_erases_and_rest_tells_before_and_after(app: App, staff: Staff) -> None:
    number = _add(app)
    assert staff("customer_care").get(f"/customers/{number}/erase").status_code == 403
    with app.unit_of_work() as ctx:
        told = preview(ctx, number)
    whats = {part.what: part.fate for part in told.parts}
    assert whats["The customer"] == "pseudonymised"
    assert told.hindrances == []
    assert told.erased_at is None
    _erase(app, number)
    with app.reading() as ctx:
        after = preview(ctx, number)
    assert after.erased_at is not None
    assert after.parts == []


def test_who_was_merged_into_the_customer_is_erased_as_well(app: App) -> None:
    from trunkline.customers.merging.operations import merge
    from trunkline.customers.merging.schemas import MergeCustomers

    stays = _add(app)
    goes = _add(app, "Eleonora Q. Wagemaker", email="old@example.com", tax_id="")
    with app.unit_of_work() as ctx:
        merge(ctx, stays, MergeCustomers(source=goes))
    _erase(app, stays)
    with app.reading() as ctx:
        rows = ctx.session.scalars(select(Customer).order_by(col(Customer.id))).all()
    assert [row.name for row in rows] == [f"Erased customer {stays}"] * 2
    assert {row.email for row in rows} == {""}


def test_the_command_says_what_it_does_and_asks_for_the_number(app: App, config: Config) -> None:
    number = _add(app)
    command = [sys.executable, "-m", "trunkline.cli", "--data", str(config.data), "customer", "erase", number]
    environment = {**os.environ, "TRUNKLINE_DATABASE": config.database}
    wrong = subprocess.run(
        [*command, "--confirm", "C999999"], capture_output=True, text=True, env=environment, check=False
    )
    assert (wrong.returncode, "This is not the number of the customer." in wrong.stderr) == (2, True)
    done = subprocess.run(command, input=number, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "The customer: 1 pseudonymised" in done.stdout
    with app.reading() as ctx:
        assert queries.get(ctx, number).name == f"Erased customer {number}"
