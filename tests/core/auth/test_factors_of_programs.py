"""Programs that sign in where the account has a second factor."""

from typing import Any

import pytest
from sqlalchemy import update

from tests.clock import StandingClock
from tests.core.auth.second_factor import ANA, ana, set_up
from trunkline.access.models import Role
from trunkline.app import App
from trunkline.testing import PASSWORD, Browser

__all__ = ["ana"]

pytestmark = pytest.mark.plugins()


def login(browser: Browser, **more: str) -> Any:
    return browser.post("/api/v1/auth/login", json={"email": ANA, "password": PASSWORD, **more})


def test_a_program_is_told_that_a_code_is_wanted_and_sends_it(
    ana: Browser, client: Browser, clock: StandingClock
) -> None:
    phone, codes = set_up(ana, clock)
    wanted = login(client)
    assert wanted.status_code == 401
    assert wanted.headers["content-type"] == "application/problem+json"
    assert wanted.json()["errors"][0]["field"] == "otp"
    assert login(client, otp="000000").json()["errors"][0]["field"] == "otp"
    token = login(client, otp=phone.code()).json()["access_token"]
    assert client.get("/api/v1/users", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert login(client, otp=phone.code()).status_code == 401
    assert login(client, otp=codes[0]).status_code == 200
    wrong = client.post("/api/v1/auth/login", json={"email": ANA, "password": "wrong", "otp": phone.code(1)})
    assert "errors" not in wrong.json()


def test_a_program_cannot_set_a_demanded_factor_up(app: App, ana: Browser, client: Browser) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.execute(update(Role).values(requires_second_factor=True))
    answer = login(client)
    assert answer.status_code == 403
    assert "Sign in with a browser once and set it up." in answer.json()["detail"]
