"""Many users, resellers' customers and messages at once."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from tests.core.customers.test_customer_pages import add
from tests.core.lists.bulk import begin
from trunkline.app import App
from trunkline.auth.models import User, UserStatus
from trunkline.customers.models import Customer
from trunkline.resellers import operations as resellers
from trunkline.resellers.schemas import CreateReseller
from trunkline.testing import Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


def test_many_are_disabled_at_once_but_never_oneself(app: App, staff: Staff) -> None:
    for n in range(2):
        create_user(app, f"clerk{n}@example.org", "customer_care")
    administrator = staff("administrator")
    with app.reading() as ctx:
        users = ctx.session.scalars(select(User).where(col(User.kind) == "staff")).all()
        keys = [user.key for user in users]
    run = begin(administrator, "/users", "users", "core.user_disable", keys)
    work_until_idle(app)
    assert "You cannot disable yourself" in administrator.get(run).text
    with app.reading() as ctx:
        states = {user.email: user.status for user in ctx.session.scalars(select(User))}
    assert [states[f"clerk{n}@example.org"] for n in range(2)] == [UserStatus.DISABLED] * 2
    assert UserStatus.ACTIVE in states.values()


def test_the_sessions_of_many_end_at_once_but_never_ones_own(app: App, staff: Staff) -> None:
    clerk, administrator = staff("customer_care"), staff("administrator")
    with app.reading() as ctx:
        keys = [user.key for user in ctx.session.scalars(select(User).where(col(User.kind) == "staff"))]
    run = begin(administrator, "/users", "users", "core.user_end_sessions", keys)
    work_until_idle(app)
    assert "You were left out" in administrator.get(run).text
    assert clerk.get("/", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_customers_are_given_to_a_reseller_and_taken_back(app: App, staff: Staff) -> None:
    numbers = [add(app, "Ana Souza"), add(app, "Bruno Lima")]
    with app.unit_of_work() as ctx:
        reseller = resellers.create(ctx, CreateReseller(code="serra", name="Serra Telecom")).key
        found = ctx.session.scalars(select(Customer).where(col(Customer.number).in_(numbers))).all()
        keys = [customer.key for customer in found]
    supervisor = staff("supervisor")
    for wanted, said in ((reseller, str(reseller)), (None, "")):
        begin(supervisor, "/customers", "customers", "core.customer_reseller", keys, reseller_id=said)
        work_until_idle(app)
        with app.reading() as ctx:
            assert {one.reseller_id for one in ctx.session.scalars(select(Customer))} == {wanted}
