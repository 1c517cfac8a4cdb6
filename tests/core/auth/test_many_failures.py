"""Many failed attempts: the person hears of them, and an administrator lets them in again."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.core.auth.second_factor import ANA, ana
from trunkline.app import App
from trunkline.mail.models import Email
from trunkline.testing import PASSWORD, Browser, create_user

__all__ = ["ana"]

pytestmark = pytest.mark.plugins()


def test_a_person_hears_once_a_day_that_somebody_tries_to_get_in(
    app: App, ana: Browser, client: Browser
) -> None:
    from trunkline.auth.second_factor.releasing import warn_of_failures

    for _n in range(10):
        client.submit("/sign-in", {"email": ANA, "password": "wrong"})
    for _n in range(2):
        with app.unit_of_work() as ctx:
            warn_of_failures(ctx)
    with app.reading() as ctx:
        mail = ctx.session.scalars(select(Email)).one()
    assert mail.recipient == ANA
    assert "10 attempts to sign in" in mail.text


def test_an_administrator_lets_somebody_in_again_who_has_to_wait(
    app: App, ana: Browser, make_client: Callable[[], Browser]
) -> None:
    key = create_user(app, "otavio@example.com", "cashier")
    client = make_client()
    for _n in range(11):
        client.submit("/sign-in", {"email": "otavio@example.com", "password": "wrong"})
    right = {"email": "otavio@example.com", "password": PASSWORD}
    assert client.submit("/sign-in", right).status_code == 429
    assert "Has to wait after too many attempts." in ana.get(f"/users/{key}").text
    ana.submit(f"/users/{key}/sign-in/release", page=f"/users/{key}")
    assert client.submit("/sign-in", right, follow_redirects=False).status_code == 303
