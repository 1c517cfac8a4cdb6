"""A phone with an authenticator app, and the steps of signing in with it, for the tests of second factors."""

import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.auth.sessions import RequestFacts
from trunkline.testing import PASSWORD, Browser, create_user

ANA = "ana@example.com"
HERE = RequestFacts("192.0.2.7", "Mozilla/5.0")
CODE = re.compile(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>")


class Phone:
    """The app on somebody's phone."""

    def __init__(self, secret: str, clock: StandingClock) -> None:
        self._totp, self._clock = pyotp.TOTP(secret.replace(" ", "")), clock

    def code(self, steps: int = 0) -> str:
        return self._totp.at(self._clock.moment, counter_offset=steps)


def secret_on(html: str) -> str:
    found = re.search(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", html)
    assert found is not None, "the page shows no key to type in"
    return found.group(1)


def set_up(browser: Browser, clock: StandingClock) -> tuple[Phone, list[str]]:
    """Set up an app on the page of one's account; returns the phone and the backup codes."""
    browser.submit("/profile/second-factor/app/begin", page="/profile/second-factor")
    page = browser.get("/profile/second-factor/app")
    phone = Phone(secret_on(page.text), clock)
    done = browser.submit("/profile/second-factor/app", {"code": phone.code()})
    assert done.status_code == 200, done.text
    clock.pass_time(seconds=60)
    return phone, CODE.findall(done.text)


@pytest.fixture
def ana(app: App, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, ANA, "administrator")
    return make_client().sign_in(ANA)


def password_step(browser: Browser, **fields: str) -> Any:
    return browser.submit("/sign-in", {"email": ANA, "password": PASSWORD, **fields}, follow_redirects=False)


def second(browser: Browser, code: str, **fields: str) -> Any:
    return browser.submit("/sign-in/second-step", {"code": code, **fields}, follow_redirects=False)


def is_signed_in(browser: Browser) -> bool:
    return bool(browser.get("/profile", follow_redirects=False).status_code == 200)
