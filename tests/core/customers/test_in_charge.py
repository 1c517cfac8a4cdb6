"""Who looks after customers, as the list offers them in its filter."""

import pytest
from sqlalchemy import text

from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers import assignment, operations
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import AssignCustomer, RegisterCustomer
from trunkline.testing import create_user

pytestmark = pytest.mark.plugins()


def _registered(app: App, count: int) -> list[str]:
    with app.unit_of_work() as ctx:
        wished = [
            RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=f"Customer {n:03d}") for n in range(count)
        ]
        return [operations.register(ctx, one).number for one in wished]


def _staff(app: App, email: str) -> User:
    create_user(app, email, "customer_care")
    with app.reading() as ctx:
        return ctx.load_by(User, User.email, email)


@pytest.mark.both_databases
def test_those_who_look_after_somebody_are_offered_and_nobody_else(app: App) -> None:
    first, *_others = _registered(app, 3)
    helena, _idle = _staff(app, "helena@example.com"), _staff(app, "idle@example.com")
    with app.unit_of_work() as ctx:
        assignment.assign(ctx, first, AssignCustomer(user_id=helena.key))
    with app.reading() as ctx:
        keys = [key for key, _name in assignment.in_charge(ctx)]
    assert keys == ["None", "nobody", str(helena.key)]


def test_statistics_make_nobody_look_through_all_customers(app: App) -> None:
    _registered(app, 3)
    _staff(app, "helena@example.com")
    asked: list[str] = []
    with app.unit_of_work() as ctx:
        # As ANALYZE notes them of a hundred thousand customers whom nobody looks after, and reads them at the next start.
        ctx.session.execute(text("ANALYZE"))
        ctx.session.execute(text("DELETE FROM sqlite_stat1 WHERE tbl = 'core_customer'"))
        noted = "INSERT INTO sqlite_stat1 VALUES ('core_customer', :name, '100000 100000')"
        ctx.session.execute(text(noted), {"name": "ix_core_customer_assigned_user_id"})
        ctx.session.execute(text("ANALYZE sqlite_schema"))
        raw = ctx.session.connection().connection.dbapi_connection
        assert raw is not None
        raw.set_trace_callback(asked.append)
        assignment.in_charge(ctx)
        raw.set_trace_callback(None)
        [statement] = [one for one in asked if "core_customer" in one]
        steps = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}")]
    looked = [step for step in steps if "core_customer" in step]
    assert looked
    assert all("ix_core_customer_assigned_user_id" in step for step in looked)
