"""Setting up, replacing and removing one's own second factor."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.clock import StandingClock
from tests.core.auth.second_factor import ANA, CODE, HERE, ana, is_signed_in, password_step, second, set_up
from trunkline.app import App
from trunkline.auth.models import UserSession
from trunkline.auth.second_factor import second_step
from trunkline.auth.second_factor.models import BackupCode
from trunkline.errors import Unauthenticated
from trunkline.mail.models import Email
from trunkline.testing import Browser

__all__ = ["ana"]

pytestmark = pytest.mark.plugins()


@pytest.mark.both_databases
def test_setting_up_ends_other_sessions_and_tells_the_person(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    other = make_client().sign_in(ANA)
    set_up(ana, clock)
    assert is_signed_in(ana)
    assert not is_signed_in(other)
    with app.reading() as ctx:
        mail = ctx.session.scalars(select(Email).where(col(Email.recipient) == ANA)).one()
    assert "signing in also asks for a code from your authenticator app" in mail.text


def test_an_app_counts_only_after_its_first_code(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    ana.submit("/profile/second-factor/app/begin", page="/profile/second-factor")
    refused = ana.submit("/profile/second-factor/app", {"code": "000000"})
    assert refused.status_code == 422
    assert "This is not the code that the app shows now." in refused.text
    assert password_step(make_client()).headers["location"] == "/"


def test_a_new_phone_replaces_the_old_one_and_keeps_the_backup_codes(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    old, codes = set_up(ana, clock)
    new, none = set_up(ana, clock)
    assert none == []
    browser = make_client()
    password_step(browser)
    assert second(browser, old.code()).status_code == 422
    assert second(browser, new.code()).status_code == 303
    again = make_client()
    password_step(again)
    assert second(again, codes[3]).status_code == 303


def test_new_backup_codes_replace_the_old_list(ana: Browser, clock: StandingClock, app: App) -> None:
    _phone, old = set_up(ana, clock)
    new = CODE.findall(ana.submit("/profile/second-factor/codes", page="/profile/second-factor").text)
    assert len(new) == 10
    assert not set(new) & set(old)
    with app.reading() as ctx:
        user_id = ctx.session.scalars(select(col(UserSession.user_id))).first()
    assert user_id is not None
    with pytest.raises(Unauthenticated):
        second_step.check_code(app, user_id, old[0], HERE)
    assert second_step.check_code(app, user_id, new[0], HERE) == "backup code"


def test_changing_factors_asks_for_the_password_once_more(ana: Browser, clock: StandingClock) -> None:
    set_up(ana, clock)
    clock.pass_time(minutes=11)
    for action in ("app/begin", "app/remove", "codes"):
        path = f"/profile/second-factor/{action}"
        answer = ana.submit(path, page="/profile/second-factor", follow_redirects=False)
        assert answer.headers["location"].startswith("/confirm?next="), action


def test_removing_the_only_factor_makes_the_password_enough_again(
    ana: Browser, make_client: Callable[[], Browser], clock: StandingClock, app: App
) -> None:
    set_up(ana, clock)
    ana.submit("/profile/second-factor/app/remove", page="/profile/second-factor")
    assert password_step(make_client()).headers["location"] == "/"
    with app.reading() as ctx:
        assert ctx.session.scalars(select(BackupCode)).all() == []
