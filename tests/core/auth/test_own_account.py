"""One's own account: sessions in words, changing password and address, and what the old address can do about it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.auth import links, own_account, queries, sessions, sign_in
from trunkline.auth.models import User, UserSession
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.whereabouts import describe_address, describe_user_agent, is_phone
from trunkline.errors import Refused, Unauthenticated
from trunkline.mail.models import Email
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()

NEW = "gentle otter paints violins"
CHROME = (
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"
)


@pytest.fixture
def ana(app: App, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, "ana@example.com", "cashier")
    return make_client().sign_in("ana@example.com")


def mails(app: App, to: str) -> list[str]:
    """Templates of what was mailed to an address, oldest first."""
    with app.reading() as ctx:
        found = select(col(Email.template)).where(col(Email.recipient) == to).order_by(col(Email.id))
        return [name.rpartition("/")[2] for name in ctx.session.scalars(found)]


def link_to(app: App, to: str, word: str) -> str:
    """The path of the newest link of a kind that was mailed to an address; the log does not show its secret."""
    with app.reading() as ctx:
        for mail in ctx.session.scalars(
            select(Email).where(col(Email.recipient) == to).order_by(col(Email.id).desc())
        ):
            found = re.search(rf"/{word}/([A-Za-z0-9_-]{{20,}})", json.dumps(json.loads(mail.sealed or "{}")))
            if found:
                assert found.group(1) not in mail.text + mail.html
                return found.group(0)
    raise AssertionError(f"no {word} link went to {to}")


def address_of(app: App, key: int = 1) -> str:
    with app.reading() as ctx:
        return queries.user(ctx, key).email


def test_devices_and_places_are_said_in_words() -> None:
    assert describe_user_agent(CHROME) == "Chrome on Android"
    assert is_phone(CHROME)
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert describe_user_agent(firefox) == "Firefox on Linux"
    assert describe_user_agent("curl/8.9") == "curl/8.9"
    assert describe_address("10.1.2.3") == "10.1.2.3, an internal network"
    assert describe_address("198.18.0.1", "198.18.0.1") == "198.18.0.1, the same as now"
    assert describe_address("2001:4860:4860::8888") == "2001:4860:4860::8888"
    assert describe_address("testclient") == "testclient"


def test_the_profile_lists_sessions_and_marks_this_one(
    app: App, ana: Browser, make_client: Callable[[], Browser]
) -> None:
    phone = make_client()
    phone.headers["user-agent"] = CHROME
    phone.sign_in("ana@example.com")
    shown = ana.get("/profile").text
    assert "Chrome on Android" in shown
    assert shown.count("This one") == 1
    assert re.search(r"/profile/sessions/\d+/end", shown)


@pytest.mark.both_databases
def test_all_other_sessions_end_at_once_and_this_one_stays(
    ana: Browser, make_client: Callable[[], Browser]
) -> None:
    others = [make_client().sign_in("ana@example.com") for _n in range(2)]
    assert "End all others" in ana.get("/profile").text
    ana.submit("/profile/sessions/end-others", page="/profile")
    assert [one.get("/profile", follow_redirects=False).status_code for one in others] == [303, 303]
    shown = ana.get("/profile")
    assert shown.status_code == 200
    assert "End all others" not in shown.text


def test_administrators_end_one_session_of_a_user_and_not_of_another(
    app: App, ana: Browser, staff: Callable[..., Browser]
) -> None:
    boss = staff()
    with app.reading() as ctx:
        rows = ctx.session.execute(select(col(UserSession.user_id), col(UserSession.id))).all()
        session_of = {int(user): int(key) for user, key in rows}
    boss_key = max(session_of)
    assert f"/users/1/sessions/{session_of[1]}/end" in boss.get("/users/1").text
    boss.submit(f"/users/1/sessions/{session_of[boss_key]}/end", page="/users/1")
    assert boss.get("/users", follow_redirects=False).status_code == 200
    boss.submit(f"/users/1/sessions/{session_of[1]}/end", page="/users/1")
    assert ana.get("/profile", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(("minutes", "alive"), [(5, True), (8, False)])
def test_the_idle_time_out_of_the_settings_signs_people_out(
    app: App, make_client: Callable[[], Browser], clock: StandingClock, minutes: int, alive: bool
) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"staff_idle_minutes": 6})
    create_user(app, "ana@example.com", "cashier")
    browser = make_client().sign_in("ana@example.com")
    for _n in range(3):
        clock.pass_time(minutes=minutes)
        status = browser.get("/profile", follow_redirects=False).status_code
    assert (status == 200) is alive


def test_the_longest_session_ends_however_busy_it_is(
    app: App, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"session_hours": 2})
    create_user(app, "ana@example.com", "cashier")
    browser = make_client().sign_in("ana@example.com")
    for _n in range(7):
        clock.pass_time(minutes=17)
        assert browser.get("/profile", follow_redirects=False).status_code == 200
    clock.pass_time(minutes=1)
    assert browser.get("/profile", follow_redirects=False).status_code == 303


def test_under_https_only_the_host_cookie_counts(app: App) -> None:
    from trunkline.web.app import make_web

    create_user(app, "ana@example.com", "cashier")
    browser = Browser(make_web(app), base_url="https://testserver")
    answer = browser.submit(
        "/sign-in", {"email": "ana@example.com", "password": PASSWORD}, follow_redirects=False
    )
    cookie = next(
        value for value in answer.headers.get_list("set-cookie") if value.startswith("__Host-trunkline=")
    )
    for word in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"):
        assert word in cookie
    assert "Domain" not in cookie
    token = browser.cookies["__Host-trunkline"]
    plain = Browser(make_web(app), base_url="https://testserver")
    plain.cookies.set("trunkline_session", token)
    assert plain.get("/profile", follow_redirects=False).status_code == 303


def test_a_page_asks_who_is_there_and_what_they_see_in_one_transaction(app: App, ana: Browser) -> None:
    from sqlalchemy import event

    begun: list[str] = []
    ana.get("/profile")
    event.listen(app.database.engine, "begin", lambda connection: begun.append("begin"))
    assert ana.get("/profile").status_code == 200
    assert begun == ["begin"]


def test_finding_a_session_takes_one_statement(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    here = RequestFacts("192.0.2.7")
    token = sign_in.open_session(app, sign_in.prove(app, "ana@example.com", PASSWORD, here), here)
    asked: list[str] = []
    with app.database.read() as session:
        # The driver itself tells: what is prepared does not go through SQLAlchemy.
        driver: Any = session.connection().connection.driver_connection
        driver.set_trace_callback(asked.append)
        assert sessions.find(session, token, app.clock()) is not None
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


@pytest.mark.both_databases
def test_a_changed_password_ends_other_sessions_and_the_person_is_told(
    app: App, ana: Browser, make_client: Callable[[], Browser]
) -> None:
    there = make_client().sign_in("ana@example.com")
    fields = {"current": PASSWORD, "password": NEW, "repeated": NEW}
    assert ana.submit("/profile/password", fields, follow_redirects=False).status_code == 303
    assert there.get("/profile", follow_redirects=False).status_code == 303
    assert ana.get("/profile", follow_redirects=False).status_code == 200
    assert mails(app, "ana@example.com") == ["password_changed"]
    with app.reading() as ctx:
        mail = ctx.session.scalars(select(Email)).one()
        assert "02/03/2026" in mail.text or "2026" in mail.text
        assert "/forgotten-password" in mail.text


def test_guessing_the_current_password_at_a_foreign_screen_is_slowed_down(app: App, ana: Browser) -> None:
    fields = {"current": "wrong", "password": NEW, "repeated": NEW}
    statuses = [ana.submit("/profile/password", fields).status_code for _n in range(12)]
    assert (statuses[0], statuses[-1]) == (422, 429)
    assert ana.submit("/profile/password", {**fields, "current": PASSWORD}).status_code == 429


def test_the_present_password_is_not_a_new_one(ana: Browser) -> None:
    fields = {"current": PASSWORD, "password": PASSWORD, "repeated": PASSWORD}
    answer = ana.submit("/profile/password", fields)
    assert (answer.status_code, "the password you have" in answer.text) == (422, True)


def test_a_directorys_people_change_neither_password_nor_address_here(app: App, ana: Browser) -> None:
    with app.unit_of_work() as ctx:
        ctx.load(User, 1).origin = "ldap"
    for path in ("/profile/password", "/profile/email"):
        assert ana.get(path).status_code == 422
    with app.unit_of_work() as ctx:
        own_account.ask_for_link(ctx, "ana@example.com")
    assert mails(app, "ana@example.com") == []
    assert "Kept in ldap" in ana.get("/profile").text


def asked(browser: Browser, email: str = "ana@new.example") -> Browser:
    assert browser.submit("/profile/email", {"email": email}, follow_redirects=False).status_code == 303
    return browser


@pytest.mark.both_databases
def test_a_new_address_counts_once_it_is_proved_and_the_old_one_is_told(
    app: App, ana: Browser, make_client: Callable[[], Browser]
) -> None:
    assert "ana@new.example waits to be confirmed" in asked(ana).get("/profile").text
    path = link_to(app, "ana@new.example", "confirm-email")
    assert make_client().get(path).status_code == 200
    assert address_of(app) == "ana@example.com"
    assert "you sign in with ana@new.example" in make_client().submit(path).text
    assert address_of(app) == "ana@new.example"
    assert mails(app, "ana@example.com") == ["email_asked", "email_changed"]
    assert sign_in.prove(app, "ana@new.example", PASSWORD, RequestFacts()).user_id == 1
    with pytest.raises(Unauthenticated):
        sign_in.prove(app, "ana@example.com", PASSWORD, RequestFacts())
    assert make_client().get(path).status_code == 410


@pytest.mark.both_databases
@pytest.mark.parametrize("confirmed", [True, False])
def test_the_old_address_takes_the_change_back_and_shuts_everybody_out(
    app: App, ana: Browser, make_client: Callable[[], Browser], confirmed: bool
) -> None:
    asked(ana)
    if confirmed:
        make_client().submit(link_to(app, "ana@new.example", "confirm-email"))
    answer = make_client().submit(link_to(app, "ana@example.com", "keep-email"))
    assert answer.status_code == 200
    assert address_of(app) == "ana@example.com"
    assert ana.get("/profile", follow_redirects=False).status_code == 303
    assert mails(app, "ana@example.com")[-1] == "password_reset"
    new = link_to(app, "ana@new.example", "confirm-email")
    assert make_client().get(new).status_code == 410


def test_the_first_notice_still_helps_after_the_thief_moved_the_account_twice(
    app: App, ana: Browser, make_client: Callable[[], Browser]
) -> None:
    asked(ana)
    first = link_to(app, "ana@example.com", "keep-email")
    make_client().submit(link_to(app, "ana@new.example", "confirm-email"))
    asked(ana, "thief@evil.example")
    make_client().submit(link_to(app, "thief@evil.example", "confirm-email"))
    make_client().submit(first)
    assert address_of(app) == "ana@example.com"


def test_an_address_that_is_taken_gets_the_same_answer_and_its_holder_is_told(app: App, ana: Browser) -> None:
    create_user(app, "bia@example.com", "cashier")
    free = asked(ana, "free@example.com").get("/profile").text
    taken = asked(ana, "bia@example.com").get("/profile").text
    assert "waits to be confirmed" in free
    assert "waits to be confirmed" in taken
    assert mails(app, "bia@example.com") == ["email_taken"]


def test_an_address_taken_in_the_meantime_is_refused_and_nothing_changes(
    app: App, ana: Browser, make_client: Callable[[], Browser]
) -> None:
    asked(ana)
    create_user(app, "ana@new.example", "cashier")
    answer = make_client().submit(link_to(app, "ana@new.example", "confirm-email"))
    assert (answer.status_code, "Somebody else signs in" in answer.text) == (410, True)
    assert address_of(app) == "ana@example.com"


def test_links_about_an_address_set_no_password_and_end(
    app: App, ana: Browser, clock: StandingClock, make_client: Callable[[], Browser]
) -> None:
    asked(ana)
    for to, word in (("ana@new.example", "confirm-email"), ("ana@example.com", "keep-email")):
        path = link_to(app, to, word)
        token = path.rpartition("/")[2]
        with app.unit_of_work() as ctx, pytest.raises(Refused):
            links.spend(ctx, token, NEW)
    clock.pass_time(days=1)
    assert make_client().get(link_to(app, "ana@new.example", "confirm-email")).status_code == 410
    assert make_client().get(link_to(app, "ana@example.com", "keep-email")).status_code == 200
    clock.pass_time(days=6)
    assert make_client().get(link_to(app, "ana@example.com", "keep-email")).status_code == 410


def test_a_withdrawn_change_leaves_no_link_that_works(
    app: App, ana: Browser, make_client: Callable[[], Browser]
) -> None:
    asked(ana).submit("/profile/email/withdraw", page="/profile")
    assert make_client().get(link_to(app, "ana@new.example", "confirm-email")).status_code == 410
    with app.reading() as ctx:
        assert ctx.session.scalar(select(func.count()).where(col(User.pending_email).is_not(None))) == 0


def test_the_access_log_holds_no_secret_of_these_links(
    app: App, ana: Browser, make_client: Callable[[], Browser], caplog: pytest.LogCaptureFixture
) -> None:
    asked(ana)
    paths = [link_to(app, "ana@new.example", "confirm-email"), link_to(app, "ana@example.com", "keep-email")]
    with caplog.at_level("INFO"):
        for path in paths:
            make_client().get(path)
    written = " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("trunkline")
    )
    assert "/confirm-email/…" in written
    assert not [path for path in paths if path.rpartition("/")[2] in written]


def test_single_key_shortcuts_are_switched_off_for_the_person_in_every_browser(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "administrator")
    first, second = (make_client().sign_in("ana@example.com") for _ in range(2))
    assert 'data-shortcuts="on"' in second.get("/").text
    assert first.submit("/profile/shortcuts", {"wanted": "off"}, page="/").status_code == 204
    assert 'data-shortcuts="off"' in second.get("/").text
