"""Passkeys as the server judges them; the browser's side has a test of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from tests.clock import StandingClock
from tests.core.auth.authenticator import Authenticator
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.models import User, UserStatus
from trunkline.auth.second_factor.models import Passkey
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()

HERE = "https://conectasul.example"
ANA = "ana@example.com"


@pytest.fixture
def visit(app: App) -> Callable[[], Browser]:
    """Browsers that come by name and https."""
    from trunkline.web.app import make_web

    web = make_web(app)
    return lambda: Browser(web, base_url=HERE)


@pytest.fixture
def ana(app: App, visit: Callable[[], Browser]) -> Browser:
    create_user(app, ANA, "administrator")
    return visit().sign_in(ANA)


def ask(browser: Browser, path: str, page: str = "/profile/second-factor") -> dict[str, Any]:
    answer = browser.submit(path, page=page)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def add(browser: Browser, phone: Authenticator, origin: str = HERE) -> Any:
    asked = ask(browser, "/profile/second-factor/passkeys/options")
    fields = {
        "name": "Telefone",
        "token": asked["token"],
        "credential": phone.create(asked["options"], origin),
    }
    return browser.submit("/profile/second-factor/passkeys", fields, page="/profile/second-factor")


def show(browser: Browser, phone: Authenticator, *, second: bool = False, origin: str = HERE) -> Any:
    path = "/sign-in/passkey/options" + ("?second=1" if second else "")
    asked = ask(browser, path, "/sign-in")
    return send(browser, asked["token"], phone.get(asked["options"], origin))


def send(browser: Browser, token: str, credential: str) -> Any:
    fields = {"token": token, "credential": credential}
    return browser.submit("/sign-in/passkey", fields, page="/sign-in", follow_redirects=False)


def is_signed_in(browser: Browser) -> bool:
    return bool(browser.get("/profile", follow_redirects=False).status_code == 200)


@pytest.mark.both_databases
def test_a_passkey_signs_in_alone(app: App, ana: Browser, visit: Callable[[], Browser]) -> None:
    phone = Authenticator()
    assert "Backup codes" in add(ana, phone).text
    browser = visit()
    assert show(browser, phone).headers["location"] == "/"
    assert is_signed_in(browser)
    with app.reading() as ctx:
        kept = ctx.session.scalars(select(Passkey)).one()
    assert (kept.sign_count, kept.last_used_at is not None) == (1, True)


def test_after_the_password_a_passkey_is_the_second_factor(
    ana: Browser, visit: Callable[[], Browser]
) -> None:
    phone = Authenticator(verifies=False)
    add(ana, phone)
    browser = visit()
    browser.submit("/sign-in", {"email": ANA, "password": PASSWORD}, follow_redirects=False)
    assert not is_signed_in(browser)
    show(browser, phone, second=True)
    assert is_signed_in(browser)


def test_a_passkey_that_does_not_know_its_holder_does_not_stand_alone(
    ana: Browser, visit: Callable[[], Browser]
) -> None:
    phone = Authenticator(verifies=False)
    add(ana, phone)
    browser = visit()
    assert show(browser, phone).headers["location"] == "/sign-in"
    assert not is_signed_in(browser)


def test_another_users_passkey_is_no_second_factor(
    app: App, ana: Browser, visit: Callable[[], Browser]
) -> None:
    add(ana, Authenticator())
    create_user(app, "eve@example.com", "cashier")
    eves = Authenticator()
    add(visit().sign_in("eve@example.com"), eves)
    thief = visit()
    thief.submit("/sign-in", {"email": ANA, "password": PASSWORD}, follow_redirects=False)
    show(thief, eves, second=True)
    assert not is_signed_in(thief)


def test_an_answer_that_was_seen_on_its_way_is_of_no_use(ana: Browser, visit: Callable[[], Browser]) -> None:
    phone = Authenticator()
    add(ana, phone)
    browser, thief = visit(), visit()
    asked = ask(browser, "/sign-in/passkey/options", "/sign-in")
    seen = phone.get(asked["options"], HERE)
    send(browser, asked["token"], seen)
    send(thief, asked["token"], seen)
    send(thief, ask(thief, "/sign-in/passkey/options", "/sign-in")["token"], seen)
    assert is_signed_in(browser)
    assert not is_signed_in(thief)


def test_a_copied_authenticator_is_refused(ana: Browser, visit: Callable[[], Browser]) -> None:
    phone = Authenticator()
    add(ana, phone)
    copy = Authenticator(key=phone.key, key_id=phone.key_id, handle=phone.handle)
    show(visit(), phone)
    show(visit(), phone)
    thief = visit()
    show(thief, copy)
    assert not is_signed_in(thief)


def test_a_false_page_gets_nothing_that_counts_here(
    app: App, ana: Browser, visit: Callable[[], Browser]
) -> None:
    phone = Authenticator()
    assert add(ana, phone, "https://conectasu1.example").status_code == 422
    add(ana, phone)
    browser = visit()
    show(browser, phone, origin="https://conectasu1.example")
    assert not is_signed_in(browser)
    with app.reading() as ctx:
        failed = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.user.second_factor_failed")
        ).one()
    assert failed.address


def test_a_disabled_persons_passkey_opens_nothing(
    app: App, ana: Browser, visit: Callable[[], Browser]
) -> None:
    phone = Authenticator()
    add(ana, phone)
    with app.unit_of_work() as ctx:
        ctx.session.execute(update(User).values(status=UserStatus.DISABLED))
    browser = visit()
    show(browser, phone)
    assert not is_signed_in(browser)


def test_a_passkey_of_one_person_is_not_removed_by_another(
    app: App, ana: Browser, visit: Callable[[], Browser]
) -> None:
    add(ana, Authenticator())
    create_user(app, "eve@example.com", "cashier")
    eve = visit().sign_in("eve@example.com")
    answer = eve.submit("/profile/second-factor/passkeys/1/remove", page="/profile/second-factor")
    assert answer.status_code == 404
    assert "Telefone" in ana.get("/profile/second-factor").text


def test_nothing_but_garbage_is_refused_in_words(visit: Callable[[], Browser]) -> None:
    browser = visit()
    for credential in ("", "{}", "[]", "null", '{"id": 7, "response": null}', "é" * 100):
        asked = ask(browser, "/sign-in/passkey/options", "/sign-in")
        assert send(browser, asked["token"], credential).headers["location"] == "/sign-in"


def test_at_a_network_address_passkeys_are_not_offered(app: App) -> None:
    from trunkline.web.app import make_web

    web = make_web(app)
    for address in ("http://127.0.0.1:8000", "https://192.0.2.1", "http://conectasul.example"):
        browser = Browser(web, base_url=address)
        assert "Sign in with a passkey" not in browser.get("/sign-in").text
        refused = browser.submit("/sign-in/passkey/options", page="/sign-in")
        assert refused.status_code == 422
    assert "Sign in with a passkey" in Browser(web, base_url=HERE).get("/sign-in").text


def test_a_passkey_confirms_a_dangerous_action_instead_of_the_password(
    ana: Browser, clock: StandingClock
) -> None:
    phone = Authenticator()
    add(ana, phone)
    clock.pass_time(minutes=11)
    page = "/confirm?next=/profile/second-factor"
    assert "/confirm/passkey" in ana.get(page).text
    asked = ask(ana, "/confirm/passkey/options", page)
    fields = {"token": asked["token"], "credential": Authenticator().get(asked["options"], HERE)}
    ana.submit("/confirm/passkey", fields, page=page)
    codes = "/profile/second-factor/codes"
    again = ana.submit(codes, page="/profile/second-factor", follow_redirects=False)
    assert again.headers["location"].startswith("/confirm")
    asked = ask(ana, "/confirm/passkey/options", page)
    fields = {
        "token": asked["token"],
        "credential": phone.get(asked["options"], HERE),
        "next": "/profile/second-factor",
    }
    done = ana.submit("/confirm/passkey", fields, page=page, follow_redirects=False)
    assert done.headers["location"] == "/profile/second-factor"
    assert ana.submit(codes, page="/profile/second-factor").text.count("<li><code>") == 10


def test_whoever_must_set_a_factor_up_may_take_a_passkey(
    app: App, ana: Browser, visit: Callable[[], Browser]
) -> None:
    ana.submit("/roles/administrator/second-factor", {"required": "1"}, page="/roles/administrator")
    phone, browser, stranger = Authenticator(), visit(), visit()
    browser.submit("/sign-in", {"email": ANA, "password": PASSWORD, "next": "/users"})
    assert "Use a passkey instead" in browser.get("/sign-in/set-up").text
    asked = ask(browser, "/sign-in/set-up/passkey/options", "/sign-in/set-up")
    fields = {
        "name": "Telefone",
        "token": asked["token"],
        "credential": phone.create(asked["options"], HERE),
        "next": "/users",
    }
    # Nobody completes it who has not shown the password.
    stranger.submit("/sign-in/set-up/passkey", fields, page="/sign-in")
    assert not is_signed_in(stranger)
    done = browser.submit("/sign-in/set-up/passkey", fields, page="/sign-in/set-up")
    assert "Backup codes" in done.text
    assert 'href="/users"' in done.text
    assert is_signed_in(browser)
    other = visit()
    assert show(other, phone).headers["location"] == "/"
