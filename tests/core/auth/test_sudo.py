"""Dangerous actions ask for the password once more."""

import re
from collections.abc import Callable

import pytest

from tests.clock import StandingClock
from trunkline import drafts
from trunkline.access.roles import actor_for
from trunkline.app import App
from trunkline.auth import queries
from trunkline.auth.models import UserStatus
from trunkline.operation import Actor
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


@pytest.fixture
def boss(app: App, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, "boss@example.com", "administrator")
    return make_client().sign_in("boss@example.com")


def confirmed(browser: Browser, password: str = PASSWORD, next_page: str = "/users") -> tuple[int, str]:
    fields = {"password": password, "next": next_page}
    answer = browser.submit("/confirm", fields, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


@pytest.mark.parametrize(
    "path",
    [
        "/users/new",
        "/users/{key}/edit",
        "/users/{key}/impersonate",
        "/roles/new",
        "/profile/api-keys/new",
        "/profile/email",
    ],
)
def test_ten_minutes_after_signing_in_dangerous_forms_ask_first(
    app: App, boss: Browser, clock: StandingClock, path: str
) -> None:
    path = path.format(key=create_user(app, "ana@example.com", "cashier"))
    assert boss.get(path, follow_redirects=False).status_code == 200
    clock.pass_time(minutes=10)
    answer = boss.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"].startswith("/confirm?next=%2F")) == (303, True)
    assert confirmed(boss, next_page=path) == (303, path)
    assert boss.get(path, follow_redirects=False).status_code == 200


@pytest.mark.both_databases
def test_a_button_leads_to_the_password_and_back_to_its_page_with_nothing_done(
    app: App, boss: Browser, clock: StandingClock
) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    clock.pass_time(minutes=11)
    page = f"/users/{key}"
    answer = boss.submit(
        f"{page}/disable", page=page, headers={"Referer": f"http://testserver{page}"}, follow_redirects=False
    )
    assert answer.headers["location"] == f"/confirm?next=%2Fusers%2F{key}"
    with app.reading() as ctx:
        assert queries.user(ctx, key).status == UserStatus.ACTIVE
    assert confirmed(boss, next_page=page) == (303, page)
    boss.submit(f"{page}/disable", page=page)
    with app.reading() as ctx:
        assert queries.user(ctx, key).status == UserStatus.DISABLED


def test_a_form_that_was_opened_in_time_is_not_lost(app: App, boss: Browser, clock: StandingClock) -> None:
    token = boss.csrf("/users/new")
    clock.pass_time(minutes=25)
    fields = {"email": "bruno@example.com", "name": "Bruno", "language": "en", "roles": ["cashier"]}
    boss.post("/users/new", data={"csrf_token": token, **fields})
    with app.reading() as ctx:
        assert queries.by_email(ctx, "bruno@example.com") is not None


@pytest.mark.both_databases
def test_what_was_typed_for_too_long_is_there_again_after_the_password(
    app: App, boss: Browser, clock: StandingClock
) -> None:
    page = "/users/new"
    token = boss.csrf(page)
    clock.pass_time(minutes=31)
    typed = {"email": "bruno@example.com", "name": "Bruno Ação", "language": "en", "roles": ["cashier"]}
    headers = {"Referer": f"http://testserver{page}"}
    asked = boss.post(page, data={"csrf_token": token, **typed}, headers=headers, follow_redirects=False)
    assert asked.headers["location"] == "/confirm?next=%2Fusers%2Fnew"
    assert confirmed(boss, next_page=page) == (303, page)
    offer = boss.get(page).text.partition("You began this before")[2].partition("Go on with it")[0]
    fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', offer)
    again = boss.submit(page, {name: value for name, value in fields if name != "csrf_token"})
    assert 'value="Bruno Ação"' in again.text
    assert "to correct" not in again.text
    with app.reading() as ctx:
        assert queries.by_email(ctx, "bruno@example.com") is None
    boss.submit(page, typed)
    with app.reading() as ctx:
        assert queries.by_email(ctx, "bruno@example.com") is not None
    assert "You began this before" not in boss.get(page).text


def test_what_was_interrupted_is_kept_for_an_hour_and_its_page_without_secrets(
    app: App, boss: Browser, clock: StandingClock
) -> None:
    with app.unit_of_work(actor_of(app)) as ctx:
        fields = [("name", "Bruno"), ("client_secret", "s3"), ("otp_code", "1"), ("shipping", "by air")]
        drafts.keep_interrupted(ctx, "/settings/core", fields)
        offer = drafts.interrupted(ctx, "/settings/core")
        assert offer is not None
        assert offer.fields == [("name", "Bruno"), ("shipping", "by air")]
        assert drafts.interrupted(ctx, "/settings/billing") is None
    clock.pass_time(minutes=61)
    with app.reading(actor_of(app)) as ctx:
        assert drafts.interrupted(ctx, "/settings/core") is None


def actor_of(app: App) -> Actor:
    with app.reading() as ctx:
        user = queries.by_email(ctx, "boss@example.com")
        assert user is not None
        return actor_for(ctx.session, user)


def test_a_wrong_password_is_counted_as_on_the_sign_in_page(
    app: App, boss: Browser, clock: StandingClock
) -> None:
    clock.pass_time(minutes=10)
    statuses = [confirmed(boss, "wrong")[0] for _n in range(12)]
    assert (statuses[0], statuses[-1]) == (422, 429)
    assert confirmed(boss)[0] == 429
    assert boss.get("/users/new", follow_redirects=False).status_code == 303


def test_a_confirmed_session_gets_a_new_token_and_the_old_one_stops_working(
    boss: Browser, make_client: Callable[[], Browser]
) -> None:
    stolen = boss.cookies["trunkline_session"]
    confirmed(boss)
    assert boss.cookies["trunkline_session"] != stolen
    thief = make_client()
    thief.cookies.set("trunkline_session", stolen)
    assert thief.get("/users", follow_redirects=False).status_code == 303
    assert boss.get("/users", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/x", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_after_the_password_nobody_lands_on_another_site(boss: Browser, target: str) -> None:
    assert confirmed(boss, next_page=target) == (303, "/")


def test_htmx_is_sent_to_the_password_as_a_whole_page(app: App, boss: Browser, clock: StandingClock) -> None:
    token = boss.csrf("/users")
    clock.pass_time(minutes=11)
    headers = {"HX-Request": "true", "X-CSRF-Token": token, "HX-Current-URL": "http://testserver/users/1"}
    answer = boss.post("/users/1/disable", headers=headers)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (403, "/confirm?next=%2Fusers%2F1")


def test_disabling_many_asks_as_disabling_one_does(app: App, boss: Browser, clock: StandingClock) -> None:
    clerk = create_user(app, "clerk@example.com", "customer_care")
    clock.pass_time(minutes=15)
    asked = boss.submit("/lists/users/do/core.user_disable", {"ids": [str(clerk)]}, page="/users")
    assert asked.url.path == "/confirm"
