"""Entries name what they refer to, with a link for who may open it, and say amounts in their currency."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from tests.core.contracts.agreeing import add_customer, draft
from trunkline.activity.models import ActivityEntry
from trunkline.activity.references import Told
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.contracts import operations as contracts
from trunkline.contracts.schemas import EditContract
from trunkline.customers import operations as customers
from trunkline.customers.hierarchy import set_parent
from trunkline.customers.schemas import AssignCustomer
from trunkline.customers.schemas.hierarchy import SetParent
from trunkline.operation import Scope
from trunkline.testing import Browser, actor_with, create_user

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


def latest(app: App, operation: str) -> ActivityEntry:
    with app.reading() as ctx:
        return ctx.session.scalars(
            select(ActivityEntry)
            .where(col(ActivityEntry.operation) == operation)
            .order_by(col(ActivityEntry.id).desc())
            .limit(1)
        ).one()


def assigned(app: App) -> tuple[str, int]:
    """A customer whom a colleague called Paula was given, and her key."""
    number, paula = add_customer(app), create_user(app, "paula@example.com", "customer_care")
    with app.unit_of_work() as ctx:
        customers.assign(ctx, number, AssignCustomer(user_id=paula))
    return number, paula


@contextmanager
def counted(app: App) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def listen(*told: object) -> None:
        sent.append(str(told[2]))

    event.listen(app.database.engine, "before_cursor_execute", listen)
    try:
        yield sent
    finally:
        event.remove(app.database.engine, "before_cursor_execute", listen)


@pytest.mark.both_databases
def test_a_colleague_is_named_with_a_link_for_who_may_open_their_page(app: App, staff: Staff) -> None:
    number, paula = assigned(app)
    entry, link = latest(app, "core.customer.assign"), f'<a href="/users/{paula}">Paula'
    assert link in staff().get(f"/activity/{entry.id}").text
    assert f"Ana Souza ({number})</a>" in staff().get(f"/activity/{entry.id}").text
    on_tab = staff("customer_care").get(f"/customers/{number}/activity").text
    assert "<ins>Paula" in on_tab
    assert link not in on_tab


def test_who_sees_only_some_customers_reads_no_names_of_others(app: App) -> None:
    number, _paula = assigned(app)
    above = add_customer(app, name="Grupo Serra", kind="business")
    with app.unit_of_work() as ctx:
        set_parent(ctx, number, SetParent(parent=above))
    entry = latest(app, "core.customer.edit")
    with app.reading() as ctx:
        whole = str(Told(ctx, entry.changes).fields(entry.changes[0]))
    limited = replace(
        actor_with("core.customer.view"), scope=Scope(customer_ids=frozenset({entry.customer_id or 0}))
    )
    with app.reading(limited) as ctx:
        told = Told(ctx, entry.changes)
        part, own = str(told.fields(entry.changes[0])), told.row(entry.changes[0])
    assert "Grupo Serra" in whole
    assert "Grupo Serra" not in part
    assert f'href="/customers/{number}"' in own


def test_amounts_are_said_in_the_currency_of_their_row(app: App, staff: Staff) -> None:
    number = draft(app, penalty="fixed", penalty_amount="120.50", currency="EUR")
    entry = latest(app, "core.contract.create")
    assert "€120.50" in staff().get(f"/activity/{entry.id}").text
    terms = {"title": "Internet 500", "starts_on": date(2026, 1, 31), "term_months": 12, "penalty": "fixed"}
    with app.unit_of_work() as ctx:
        contracts.edit(
            ctx,
            number,
            EditContract.model_validate({**terms, "penalty_amount": "99.90", "currency": "EUR"}),
        )
    changed = staff().get(f"/activity/{latest(app, 'core.contract.edit').id}").text
    assert "<del>€120.50</del>" in changed
    assert "<ins>€99.90</ins>" in changed


def test_many_changes_ask_each_table_once(app: App) -> None:
    add_customer(app)
    with app.reading() as ctx:
        users = [create_user(app, f"user{n}@example.com", "customer_care") for n in range(5)]
        changes = [
            {
                "entity": "core_customer",
                "id": 1,
                "action": "changed",
                "fields": {"assigned_user_id": [None, user]},
            }
            for user in users
        ]
        with counted(app) as sent:
            told = Told(ctx, changes)
            said = [told.fields(change)[0][2] for change in changes]
        names = ctx.session.scalars(select(col(User.name)).where(col(User.id).in_(users)))
        assert all(any(name in after for after in said) for name in names)
    assert len(sent) == 2
