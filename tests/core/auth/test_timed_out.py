"""A form that comes a moment after its writer's session timed out is offered to them again, and to nobody else."""

import re
from collections.abc import Callable

import pytest

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.testing import Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()
PAGE = "/customers/new?kind=individual"
TYPED = {"name": "Bruno Ação", "kind": "individual"}
OFFER = "You began this before"


@pytest.fixture
def ana(app: App, make_client: Callable[[], Browser]) -> Browser:
    for name in ("ana", "eva"):
        create_user(app, f"{name}@example.com", "supervisor")
    return make_client().sign_in("ana@example.com")


def send(browser: Browser, token: str) -> str:
    """Send the form with this token; returns where the answer leads."""
    headers = {"Referer": f"http://testserver{PAGE}"}
    answer = browser.post(PAGE, data={"csrf_token": token, **TYPED}, headers=headers, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


@pytest.mark.both_databases
def test_what_was_sent_too_late_is_offered_after_the_sign_in(
    app: App, ana: Browser, clock: StandingClock, make_client: Callable[[], Browser]
) -> None:
    token = ana.csrf(PAGE)
    clock.pass_time(hours=9)
    assert send(ana, token) == "/sign-in?next=%2Fcustomers%2Fnew%3Fkind%3Dindividual&ended=1"
    assert OFFER not in make_client().sign_in("eva@example.com").get(PAGE).text
    shown = ana.sign_in("ana@example.com").get(PAGE).text
    offer = shown.partition(OFFER)[2].partition("Go on with it")[0]
    assert f'action="{PAGE}"' in offer
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', offer))
    del kept["csrf_token"]
    assert 'value="Bruno Ação"' in ana.submit(PAGE, kept).text
    assert ana.submit(PAGE, TYPED, follow_redirects=False).status_code == 303
    assert OFFER not in ana.get(PAGE).text


def test_a_form_without_the_sessions_own_token_is_kept_for_nobody(ana: Browser, clock: StandingClock) -> None:
    clock.pass_time(hours=9)
    assert send(ana, "0" * 64).endswith("ended=1")
    assert OFFER not in ana.sign_in("ana@example.com").get(PAGE).text


def test_a_session_that_was_ended_keeps_nothing(ana: Browser) -> None:
    token = ana.csrf(PAGE)
    cookies = dict(ana.cookies)
    ana.submit("/sign-out", page="/")
    ana.cookies.update(cookies)
    assert send(ana, token).endswith("ended=1")
    assert OFFER not in ana.sign_in("ana@example.com").get(PAGE).text
