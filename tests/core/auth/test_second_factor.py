"""Signing in with a second factor: asked for after the password, used once, guessed at in vain."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.clock import StandingClock
from tests.core.auth.second_factor import ANA, ana, is_signed_in, password_step, second, set_up
from trunkline.app import App
from trunkline.auth.second_factor import totp
from trunkline.auth.second_factor.models import BackupCode, TotpFactor
from trunkline.settings import operations as settings
from trunkline.testing import Browser

__all__ = ["ana"]

pytestmark = pytest.mark.plugins()


@pytest.mark.both_databases
def test_after_the_password_nothing_opens_until_the_code_is_shown(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    browser = make_client()
    asked = password_step(browser, next="/users")
    assert asked.headers["location"] == "/sign-in/second-step?next=%2Fusers"
    assert not is_signed_in(browser)
    wrong = second(browser, "000000")
    assert wrong.status_code == 422
    assert "This code is wrong, or it was used already." in wrong.text
    assert not is_signed_in(browser)
    let_in = second(browser, phone.code(), next="/users")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/users")
    assert is_signed_in(browser)


@pytest.mark.both_databases
def test_a_code_works_once_and_so_does_the_step(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    code = phone.code()
    first, other = make_client(), make_client()
    password_step(first)
    password_step(other)
    assert second(first, code).status_code == 303
    assert second(other, code).status_code == 422
    # Nor does an earlier step's code, which would still be within the drift.
    assert second(other, phone.code(-1)).status_code == 422
    assert second(other, phone.code(1)).status_code == 303


def test_a_phone_whose_clock_is_half_a_minute_off_is_let_in_and_two_minutes_is_not(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    clock.pass_time(minutes=10)
    browser = make_client()
    password_step(browser)
    assert second(browser, phone.code(4)).status_code == 422
    assert second(browser, phone.code(-1)).status_code == 303


@pytest.mark.both_databases
def test_a_backup_code_works_once_however_it_is_typed(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    _phone, codes = set_up(ana, clock)
    assert len(set(codes)) == 10
    browser, again = make_client(), make_client()
    password_step(browser)
    assert second(browser, f" {codes[0].upper().replace('-', ' ')} ").status_code == 303
    assert "9 codes are left" in browser.get("/profile/second-factor").text
    password_step(again)
    assert second(again, codes[0]).status_code == 422


def test_the_database_keeps_neither_codes_nor_the_apps_key_in_clear(
    app: App, ana: Browser, clock: StandingClock
) -> None:
    _phone, codes = set_up(ana, clock)
    with app.reading() as ctx:
        kept = set(ctx.session.scalars(select(col(BackupCode.code_digest))))
        stored = ctx.session.connection().exec_driver_sql("SELECT secret FROM core_totp").scalar_one()
        secret = ctx.session.scalars(select(TotpFactor)).one().secret
    assert not kept & {code.replace("-", "") for code in codes}
    assert secret not in stored


def test_five_wrong_codes_send_back_to_the_password(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    browser = make_client()
    password_step(browser)
    token = browser.csrf("/sign-in/second-step")
    for _n in range(5):
        browser.post("/sign-in/second-step", data={"csrf_token": token, "code": "000000"})
    over = browser.post(
        "/sign-in/second-step", data={"csrf_token": token, "code": phone.code()}, follow_redirects=False
    )
    assert over.headers["location"] == "/sign-in"
    assert not is_signed_in(browser)


def test_guessing_codes_with_the_password_in_hand_has_to_wait_as_well(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    phone, _codes = set_up(ana, clock)
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"attempts_per_account": 3})
    browser = make_client()
    for _n in range(3):
        password_step(browser)
        assert second(browser, "000000").status_code == 422
    password_step(browser)
    waits = second(browser, phone.code())
    assert waits.status_code == 429
    assert "Too many attempts. Try again in 1 minute." in waits.text


def test_the_step_is_over_after_ten_minutes(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    _phone, _codes = set_up(ana, clock)
    browser = make_client()
    password_step(browser)
    clock.pass_time(minutes=10)
    assert browser.get("/sign-in/second-step", follow_redirects=False).headers["location"] == "/sign-in"


def test_a_mailed_password_link_does_not_go_round_the_second_factor(
    ana: Browser,
    make_client: Callable[[], Browser],
    clock: StandingClock,
    mailed_link: Callable[[str], str],
) -> None:
    set_up(ana, clock)
    browser = make_client()
    browser.submit("/forgotten-password", {"email": ANA})
    new = "araucaria violeta manhã 77"
    answer = browser.submit(mailed_link(ANA), {"password": new, "repeated": new}, follow_redirects=False)
    assert answer.headers["location"] == "/sign-in/second-step"
    assert not is_signed_in(browser)


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: SHA-1, the last six of eight digits.
    factor = TotpFactor(user_id=1, secret="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(1111111109, UTC)
    assert totp._step_of(factor, "081804", at) == 37037036
    assert totp._step_of(factor, "081805", at) is None
