"""Browsers that are remembered, so that no code is asked for: until when, and what makes them forgotten."""

import re
from collections.abc import Callable

import pytest

from tests.clock import StandingClock
from tests.core.auth.second_factor import ANA, ana, password_step, second, set_up
from trunkline.app import App
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser

__all__ = ["ana"]

pytestmark = pytest.mark.plugins()


@pytest.mark.both_databases
def test_a_remembered_browser_is_not_asked_again_until_its_time_is_over(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    browser = make_client()
    password_step(browser)
    second(browser, phone.code(), remember="on")
    browser.submit("/sign-out", page="/profile")
    assert password_step(browser).headers["location"] == "/"
    assert password_step(make_client()).headers["location"].startswith("/sign-in/second-step")
    clock.pass_time(days=30)
    assert password_step(browser).headers["location"].startswith("/sign-in/second-step")


@pytest.mark.parametrize("cause", ["revoked", "password", "factor"])
def test_a_remembered_browser_is_forgotten(
    cause: str, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    browser = make_client()
    password_step(browser)
    second(browser, phone.code(), remember="on")
    clock.pass_time(seconds=60)
    password = PASSWORD
    if cause == "revoked":
        page = browser.get("/profile/second-factor").text
        action = re.search(r'action="(/profile/second-factor/devices/\d+/forget)"', page)
        assert action is not None
        browser.submit(action.group(1), page="/profile/second-factor")
    elif cause == "password":
        password = "araucaria violeta manhã 77"
        fields = {"current": PASSWORD, "password": password, "repeated": password}
        assert browser.submit("/profile/password", fields, follow_redirects=False).status_code == 303
    else:
        set_up(browser, clock)
    assert "None. A browser can be remembered for 30 days" in browser.get("/profile/second-factor").text
    browser.submit("/sign-out", page="/profile")
    answer = browser.submit("/sign-in", {"email": ANA, "password": password}, follow_redirects=False)
    assert answer.headers["location"].startswith("/sign-in/second-step")


def test_strangers_who_guess_do_not_keep_a_remembered_browser_out(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    known, stranger = make_client(), make_client()
    password_step(known)
    second(known, phone.code(), remember="on")
    known.submit("/sign-out", page="/profile")
    for _n in range(11):
        stranger.submit("/sign-in", {"email": ANA, "password": "wrong"})
    assert password_step(stranger).status_code == 429
    assert password_step(known).headers["location"] == "/"
    assert password_step(stranger).status_code == 429


def test_an_operator_may_switch_remembering_off(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"remember_device_days": 0})
    browser = make_client()
    password_step(browser)
    assert "Remember this browser" not in browser.get("/sign-in/second-step").text
    second(browser, phone.code(), remember="on")
    assert "trunkline_device" not in browser.cookies
