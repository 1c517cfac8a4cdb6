"""Second factors that a role demands, and those that are lost and taken away."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.clock import StandingClock
from tests.core.auth.second_factor import (
    ANA,
    CODE,
    Phone,
    ana,
    is_signed_in,
    password_step,
    secret_on,
    set_up,
)
from trunkline.access.models import Role
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.second_factor.models import TotpFactor
from trunkline.customers.models import CustomerKind
from trunkline.customers.operations import register
from trunkline.customers.schemas import RegisterCustomer
from trunkline.mail.models import Email
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser, create_user

__all__ = ["ana"]

pytestmark = pytest.mark.plugins()


@pytest.mark.both_databases
def test_a_role_can_demand_a_second_factor_before_anything_else(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    saved = ana.submit("/roles/administrator/second-factor", {"required": "1"}, page="/roles/administrator")
    assert saved.status_code == 200
    browser = make_client()
    assert password_step(browser, next="/users").headers["location"] == "/sign-in/set-up?next=%2Fusers"
    assert not is_signed_in(browser)
    phone = Phone(secret_on(browser.get("/sign-in/set-up").text), clock)
    assert browser.submit("/sign-in/set-up", {"code": "000000"}).status_code == 422
    done = browser.submit("/sign-in/set-up", {"code": phone.code(), "next": "/users"})
    assert len(CODE.findall(done.text)) == 10
    assert 'href="/users"' in done.text
    assert is_signed_in(browser)
    refused = browser.submit("/profile/second-factor/app/remove", page="/profile/second-factor")
    assert refused.status_code == 422
    assert "this is your only one" in refused.text


@pytest.mark.parametrize(
    ("of", "asked"), [("roles", [False, False]), ("staff", [True, False]), ("everybody", [True, True])]
)
def test_one_setting_demands_a_second_factor_of_all(
    app: App, make_client: Callable[[], Browser], of: str, asked: list[bool]
) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"second_factor_of": of})
        customer = register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Rita Lopes"))
    create_user(app, "otavio@example.com", "cashier")
    create_user(app, "rita@example.com", "portal_owner", customer_id=customer.key)
    found = []
    for email in ("otavio@example.com", "rita@example.com"):
        answer = make_client().submit(
            "/sign-in", {"email": email, "password": PASSWORD}, follow_redirects=False
        )
        found.append(answer.headers["location"].startswith("/sign-in/set-up"))
    assert found == asked


@pytest.mark.both_databases
def test_a_role_that_begins_to_demand_one_lets_nobody_go_on_without(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    set_up(ana, clock)
    create_user(app, "otavio@example.com", "cashier")
    otavio, program = make_client().sign_in("otavio@example.com"), make_client()
    body = {"email": "otavio@example.com", "password": PASSWORD}
    tokens = program.post("/api/v1/auth/login", json=body).json()
    ana.submit("/roles/cashier/second-factor", {"required": "1"}, page="/roles/cashier")
    ana.submit("/roles/administrator/second-factor", {"required": "1"}, page="/roles/administrator")
    # Who has a factor goes on, though this session began with the password alone.
    assert is_signed_in(ana)
    sent = otavio.get("/customers", follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Fcustomers")
    refused = program.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert refused.status_code == 401
    otavio.submit("/sign-in", body)
    phone = Phone(secret_on(otavio.get("/sign-in/set-up").text), clock)
    otavio.submit("/sign-in/set-up", {"code": phone.code()})
    assert is_signed_in(otavio)


def test_an_administrator_takes_lost_factors_away_which_is_on_record_and_mailed(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    set_up(ana, clock)
    helper = create_user(app, "helena@example.com", "administrator")
    helena = make_client().sign_in("helena@example.com")
    with app.reading() as ctx:
        user_id = ctx.session.scalars(select(col(TotpFactor.user_id))).one()
    page = helena.get(f"/users/{user_id}")
    assert "Authenticator app" in page.text
    helena.submit(f"/users/{user_id}/second-factor/reset", page=f"/users/{user_id}")
    assert not is_signed_in(ana)
    assert password_step(make_client()).headers["location"] == "/"
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.second_factor.delete")
        ).one()
        mail = ctx.session.scalars(
            select(Email).where(col(Email.recipient) == ANA).order_by(col(Email.id).desc())
        ).first()
    assert (entry.actor_id, entry.subject) == (helper, ANA)
    assert mail is not None
    assert "an administrator took your second factors away" in mail.text


def test_nobody_takes_a_superiors_factors_away(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    set_up(ana, clock)
    with app.unit_of_work() as ctx:
        from trunkline.access.models import RoleGrant

        role = ctx.session.scalars(select(Role).where(col(Role.name) == "supervisor")).one()
        ctx.session.add(RoleGrant(role_id=role.key, permission="core.second_factor.delete"))
    create_user(app, "rodrigo@example.com", "supervisor")
    with app.reading() as ctx:
        user_id = ctx.session.scalars(select(col(TotpFactor.user_id))).one()
    rodrigo = make_client().sign_in("rodrigo@example.com")
    refused = rodrigo.submit(f"/users/{user_id}/second-factor/reset", page=f"/users/{user_id}")
    assert refused.status_code == 403
    assert "grants more than you hold" in refused.text


def test_the_command_line_takes_a_lost_factor_away(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    from trunkline.auth.second_factor.operations import reset_by_email
    from trunkline.errors import NotFound

    set_up(ana, clock)
    with pytest.raises(NotFound), app.unit_of_work() as ctx:
        reset_by_email(ctx, "nobody@example.com")
    with app.unit_of_work() as ctx:
        reset_by_email(ctx, "Ana@Example.com")
    assert not is_signed_in(ana)
    assert password_step(make_client()).headers["location"] == "/"
