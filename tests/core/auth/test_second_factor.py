"""The second factor: set up, asked for, used once, demanded by roles, lost and taken away."""

import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from tests.core.auth.conftest import SetClock
from trunkline.access.models import Role
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.models import UserSession
from trunkline.auth.second_factor import second_step, totp
from trunkline.auth.second_factor.models import BackupCode, TotpFactor
from trunkline.auth.sessions import RequestFacts
from trunkline.errors import Unauthenticated
from trunkline.mail.models import Email
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()

ANA = "ana@example.com"
HERE = RequestFacts("192.0.2.7", "Mozilla/5.0")
_CODE = re.compile(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>")


class Phone:
    """The app on somebody's phone."""

    def __init__(self, secret: str, clock: SetClock) -> None:
        self._totp, self._clock = pyotp.TOTP(secret.replace(" ", "")), clock

    def code(self, steps: int = 0) -> str:
        return self._totp.at(self._clock.time, counter_offset=steps)


def secret_on(html: str) -> str:
    found = re.search(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", html)
    assert found is not None, "the page shows no key to type in"
    return found.group(1)


def set_up(browser: Browser, clock: SetClock) -> tuple[Phone, list[str]]:
    """Set up an app on the page of one's account; returns the phone and the backup codes."""
    browser.submit("/profile/second-factor/app/begin", page="/profile/second-factor")
    page = browser.get("/profile/second-factor/app")
    phone = Phone(secret_on(page.text), clock)
    done = browser.submit("/profile/second-factor/app", {"code": phone.code()})
    assert done.status_code == 200, done.text
    clock.pass_time(seconds=60)
    return phone, _CODE.findall(done.text)


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


# ------------------------------------------------------------------ signing in


@pytest.mark.both_databases
def test_after_the_password_nothing_opens_until_the_code_is_shown(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
) -> None:
    phone, _codes = set_up(ana, clock)
    clock.pass_time(minutes=10)
    browser = make_client()
    password_step(browser)
    assert second(browser, phone.code(4)).status_code == 422
    assert second(browser, phone.code(-1)).status_code == 303


@pytest.mark.both_databases
def test_a_backup_code_works_once_however_it_is_typed(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    app: App, ana: Browser, clock: SetClock
) -> None:
    _phone, codes = set_up(ana, clock)
    with app.reading() as ctx:
        kept = set(ctx.session.scalars(select(col(BackupCode.code_digest))))
        stored = ctx.session.connection().exec_driver_sql("SELECT secret FROM core_totp").scalar_one()
        secret = ctx.session.scalars(select(TotpFactor)).one().secret
    assert not kept & {code.replace("-", "") for code in codes}
    assert secret not in stored


def test_five_wrong_codes_send_back_to_the_password(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
) -> None:
    _phone, _codes = set_up(ana, clock)
    browser = make_client()
    password_step(browser)
    clock.pass_time(minutes=10)
    assert browser.get("/sign-in/second-step", follow_redirects=False).headers["location"] == "/sign-in"


def test_a_mailed_password_link_does_not_go_round_the_second_factor(
    ana: Browser,
    make_client: Callable[[], Browser],
    clock: SetClock,
    mailed_link: Callable[[str], str],
) -> None:
    set_up(ana, clock)
    browser = make_client()
    browser.submit("/forgotten-password", {"email": ANA})
    new = "araucaria violeta manhã 77"
    answer = browser.submit(mailed_link(ANA), {"password": new, "repeated": new}, follow_redirects=False)
    assert answer.headers["location"] == "/sign-in/second-step"
    assert not is_signed_in(browser)


# ------------------------------------------------------------------ remembered browsers


@pytest.mark.both_databases
def test_a_remembered_browser_is_not_asked_again_until_its_time_is_over(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    cause: str, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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


def test_the_command_line_takes_a_lost_factor_away(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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


def test_an_operator_may_switch_remembering_off(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
) -> None:
    phone, _codes = set_up(ana, clock)
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"remember_device_days": 0})
    browser = make_client()
    password_step(browser)
    assert "Remember this browser" not in browser.get("/sign-in/second-step").text
    second(browser, phone.code(), remember="on")
    assert "trunkline_device" not in browser.cookies


# ------------------------------------------------------------------ changing factors


@pytest.mark.both_databases
def test_setting_up_ends_other_sessions_and_tells_the_person(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
) -> None:
    other = make_client().sign_in(ANA)
    set_up(ana, clock)
    assert is_signed_in(ana)
    assert not is_signed_in(other)
    with app.reading() as ctx:
        mail = ctx.session.scalars(select(Email).where(col(Email.recipient) == ANA)).one()
    assert "signing in also asks for a code from your authenticator app" in mail.text


def test_an_app_counts_only_after_its_first_code(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
) -> None:
    ana.submit("/profile/second-factor/app/begin", page="/profile/second-factor")
    refused = ana.submit("/profile/second-factor/app", {"code": "000000"})
    assert refused.status_code == 422
    assert "This is not the code that the app shows now." in refused.text
    assert password_step(make_client()).headers["location"] == "/"


def test_a_new_phone_replaces_the_old_one_and_keeps_the_backup_codes(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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


def test_new_backup_codes_replace_the_old_list(ana: Browser, clock: SetClock, app: App) -> None:
    _phone, old = set_up(ana, clock)
    new = _CODE.findall(ana.submit("/profile/second-factor/codes", page="/profile/second-factor").text)
    assert len(new) == 10
    assert not set(new) & set(old)
    with app.reading() as ctx:
        user_id = ctx.session.scalars(select(col(UserSession.user_id))).first()
    assert user_id is not None
    with pytest.raises(Unauthenticated):
        second_step.check_code(app, user_id, old[0], HERE)
    assert second_step.check_code(app, user_id, new[0], HERE) == "backup code"


def test_changing_factors_asks_for_the_password_once_more(ana: Browser, clock: SetClock) -> None:
    set_up(ana, clock)
    clock.pass_time(minutes=11)
    for action in ("app/begin", "app/remove", "codes"):
        path = f"/profile/second-factor/{action}"
        answer = ana.submit(path, page="/profile/second-factor", follow_redirects=False)
        assert answer.headers["location"].startswith("/confirm?next="), action


def test_removing_the_only_factor_makes_the_password_enough_again(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock, app: App
) -> None:
    set_up(ana, clock)
    ana.submit("/profile/second-factor/app/remove", page="/profile/second-factor")
    assert password_step(make_client()).headers["location"] == "/"
    with app.reading() as ctx:
        assert ctx.session.scalars(select(BackupCode)).all() == []


# ------------------------------------------------------------------ demanded by a role, lost, taken away


@pytest.mark.both_databases
def test_a_role_can_demand_a_second_factor_before_anything_else(
    ana: Browser, make_client: Callable[[], Browser], clock: SetClock
) -> None:
    saved = ana.submit("/roles/administrator/second-factor", {"required": "1"}, page="/roles/administrator")
    assert saved.status_code == 200
    browser = make_client()
    assert password_step(browser, next="/users").headers["location"] == "/sign-in/set-up?next=%2Fusers"
    assert not is_signed_in(browser)
    phone = Phone(secret_on(browser.get("/sign-in/set-up").text), clock)
    assert browser.submit("/sign-in/set-up", {"code": "000000"}).status_code == 422
    done = browser.submit("/sign-in/set-up", {"code": phone.code(), "next": "/users"})
    assert len(_CODE.findall(done.text)) == 10
    assert 'href="/users"' in done.text
    assert is_signed_in(browser)
    refused = browser.submit("/profile/second-factor/app/remove", page="/profile/second-factor")
    assert refused.status_code == 422
    assert "this is your only one" in refused.text


@pytest.mark.both_databases
def test_a_role_that_begins_to_demand_one_lets_nobody_go_on_without(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: SetClock
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


# ------------------------------------------------------------------ programs


def login(browser: Browser, **more: str) -> Any:
    return browser.post("/api/v1/auth/login", json={"email": ANA, "password": PASSWORD, **more})


def test_a_program_is_told_that_a_code_is_wanted_and_sends_it(
    ana: Browser, client: Browser, clock: SetClock
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


# ------------------------------------------------------------------ many failures


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


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: SHA-1, the last six of eight digits.
    factor = TotpFactor(user_id=1, secret="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(1111111109, UTC)
    assert totp._step_of(factor, "081804", at) == 37037036
    assert totp._step_of(factor, "081805", at) is None
