"""Staff open the system as another user: with a reason, a limit of time and rights, and both names in the log."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.clock import StandingClock
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.impersonation import queries
from trunkline.auth.impersonation.models import Impersonation
from trunkline.auth.models import User, UserStatus
from trunkline.customers.models import CustomerKind
from trunkline.customers.operations import register
from trunkline.customers.schemas import RegisterCustomer
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk and the portal, whose pages are opened.
pytestmark = pytest.mark.plugins("inventory", "catalog", "provisioning", "billing", "portal")

WHY = {"reason": "Ticket 4711: she does not find the invoice"}


@pytest.fixture
def ana(app: App) -> int:
    """A customer's person who owns the account."""
    with app.unit_of_work() as ctx:
        customer = register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Lima", country="BR")
        ).key
    return create_user(app, "ana@example.com", "portal_owner", customer_id=customer)


@pytest.fixture
def bruno(app: App, make_client: Callable[[], Browser]) -> Browser:
    """Customer care, signed in."""
    create_user(app, "bruno@example.com", "customer_care")
    return make_client().sign_in("bruno@example.com")


def opened(browser: Browser, user_id: int) -> Browser:
    answer = browser.submit(f"/users/{user_id}/impersonate", WHY, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return browser


def ended(browser: Browser) -> str:
    answer = browser.submit("/impersonation/end", page="/profile", follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


@pytest.mark.both_databases
def test_care_sees_the_portal_as_the_customer_until_they_end_it(app: App, bruno: Browser, ana: int) -> None:
    shown = opened(bruno, ana).get("/portal")
    assert shown.status_code == 200
    assert "You see what Ana sees." in shown.text
    assert bruno.get("/customers", follow_redirects=False).status_code == 403
    assert ended(bruno) == "/customers/C000001"
    assert bruno.get("/customers").status_code == 200
    assert bruno.get("/portal").status_code == 403
    with app.reading() as ctx:
        row = ctx.session.scalars(select(Impersonation)).one()
        assert (row.reason, row.user_id) == (WHY["reason"], ana)
        assert row.ended_at is not None


@pytest.mark.both_databases
def test_the_log_names_both(app: App, bruno: Browser, ana: int) -> None:
    ended(opened(bruno, ana))
    with app.reading() as ctx:
        entries = {
            entry.operation: (entry.actor, entry.on_behalf_of, entry.subject)
            for entry in ctx.session.scalars(
                select(ActivityEntry).where(col(ActivityEntry.operation).contains("imperson"))
            )
        }
    assert entries == {
        "core.user.impersonate": ("Bruno", "", "ana@example.com"),
        "core.user.impersonation_end": ("Bruno", "Ana", "ana@example.com"),
    }


def test_the_time_limit_makes_the_browser_its_owners_again(
    bruno: Browser, ana: int, clock: StandingClock
) -> None:
    opened(bruno, ana)
    clock.pass_time(minutes=29)
    assert bruno.get("/portal").status_code == 200
    clock.pass_time(minutes=1)
    assert bruno.get("/portal").status_code == 403
    assert bruno.get("/customers").status_code == 200


def test_a_form_opened_as_the_other_is_not_sent_as_oneself(
    bruno: Browser, ana: int, clock: StandingClock
) -> None:
    token = opened(bruno, ana).csrf("/portal")
    clock.pass_time(minutes=30)
    answer = bruno.post("/profile", data={"csrf_token": token, "name": "Ana", "language": "en"})
    assert answer.status_code == 403
    assert 'value="Bruno"' in bruno.get("/profile").text


def test_a_reason_is_asked_for(bruno: Browser, ana: int) -> None:
    answer = bruno.submit(f"/users/{ana}/impersonate", {"reason": "  "})
    assert answer.status_code == 422
    assert bruno.get("/portal").status_code == 403


def test_what_belongs_to_the_person_alone_stays_closed(app: App, bruno: Browser, ana: int) -> None:
    opened(bruno, ana)
    new = "gentle otter paints violins"
    for path, fields in (
        ("/profile/password", {"current": PASSWORD, "password": new, "repeated": new}),
        ("/profile/email", {"email": "mine@example.com"}),
        ("/profile", {"name": "Bruno", "language": "en"}),
        ("/portal/account/password", {"current": PASSWORD, "password": new, "repeated": new}),
        ("/portal/account/profile", {"name": "Bruno", "language": "en"}),
        ("/confirm", {"password": PASSWORD}),
    ):
        assert bruno.submit(path, fields, page="/profile").status_code == 403, path
    with app.reading() as ctx:
        user = ctx.session.get(User, ana)
        assert user is not None
        assert (user.name, user.email, user.pending_email) == ("Ana", "ana@example.com", None)


def test_the_customer_sees_among_their_sessions_who_looked(
    bruno: Browser, ana: int, make_client: Callable[[], Browser]
) -> None:
    ended(opened(bruno, ana))
    shown = make_client().sign_in("ana@example.com").get("/profile").text
    assert "Opened by our staff" in shown
    assert "Bruno" in shown


@pytest.mark.parametrize("role", ["administrator", "supervisor"])
def test_nobody_opens_a_colleague_who_may_do_more(app: App, bruno: Browser, role: str) -> None:
    other = create_user(app, "carla@example.com", role)
    # Care sees no users; by the address alone they get no further than the refusal.
    answer = bruno.get(f"/users/{other}/impersonate")
    assert (answer.status_code, "may do or see more than you" in answer.text) == (422, True)
    bruno.submit(f"/users/{other}/impersonate", WHY, page="/profile")
    assert bruno.get("/users").status_code == 403


def test_an_administrator_opens_the_console_of_a_colleague_with_that_ones_rights(
    app: App, staff: Callable[..., Browser]
) -> None:
    other = create_user(app, "carla@example.com", "cashier")
    boss = opened(staff(), other)
    assert boss.get("/customers").status_code == 200
    assert boss.get("/users").status_code == 403
    assert boss.get("/roles").status_code == 403
    assert ended(boss) == f"/users/{other}"


def test_a_right_that_grows_while_somebody_looks_ends_it(app: App, staff: Callable[..., Browser]) -> None:
    from trunkline.auth.operations import edit_user
    from trunkline.auth.schemas import EditUser

    other = create_user(app, "carla@example.com", "cashier")
    supervisor = opened(staff("supervisor"), other)
    assert supervisor.get("/users").status_code == 403
    with app.unit_of_work() as ctx:
        edit_user(ctx, other, EditUser(name="Carla", language="en", roles=["administrator"]))
    assert supervisor.get("/users").status_code == 200
    assert supervisor.get("/roles/new").status_code == 403


@pytest.mark.parametrize("change", ["disabled", "signed out", "right withdrawn"])
def test_it_ends_with_the_account_or_with_the_right(app: App, bruno: Browser, ana: int, change: str) -> None:
    from trunkline.auth.operations import end_sessions

    opened(bruno, ana)
    with app.unit_of_work() as ctx:
        staff = ctx.session.scalars(select(User).where(col(User.email) == "bruno@example.com")).one()
        if change == "disabled":
            ctx.load(User, ana).status = UserStatus.DISABLED
        elif change == "signed out":
            end_sessions(ctx, staff.key)
        else:
            from trunkline.access.models import UserRole

            for row in ctx.session.scalars(select(UserRole).where(col(UserRole.user_id) == staff.key)):
                ctx.session.delete(row)
    answer = bruno.get("/portal", follow_redirects=False)
    assert answer.status_code == (303 if change == "signed out" else 403)
    with app.reading() as ctx:
        over = ctx.session.scalars(select(Impersonation)).one().ended_at
    assert (over is not None) == (change == "signed out")


def test_it_asks_for_the_password_first(app: App, bruno: Browser, ana: int, clock: StandingClock) -> None:
    clock.pass_time(minutes=11)
    answer = bruno.get(f"/users/{ana}/impersonate", follow_redirects=False)
    assert answer.headers["location"] == f"/confirm?next=%2Fusers%2F{ana}%2Fimpersonate"


def test_auditors_read_who_worked_as_whom(
    app: App, bruno: Browser, ana: int, staff: Callable[..., Browser]
) -> None:
    opened(bruno, ana)
    shown = staff("auditor").get("/impersonations").text
    assert "Ticket 4711" in shown
    assert "Ana Lima" in shown
    assert bruno.get("/impersonations").status_code == 403
    with app.reading() as ctx:
        assert [visit.is_open for visit in queries.visits_of(ctx, ana)] == [True]
