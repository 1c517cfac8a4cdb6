"""Signing in by e-mail and password, on the page and by the parts below it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.clock import StandingClock
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth import operations, sessions, sign_in
from trunkline.auth.models import User, UserSession, UserStatus
from trunkline.auth.passwords import Hashing, hashing, hashing_with
from trunkline.auth.sessions import RequestFacts
from trunkline.errors import TooManyRequests, Unauthenticated
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


HERE = RequestFacts("192.0.2.7", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
WRONG = "The e-mail address or the password is wrong."


def token_of(app: App, email: str) -> str:
    return sign_in.open_session(app, sign_in.prove(app, email, PASSWORD, HERE), HERE)


def found(app: App, token: str) -> sessions.SignedIn | None:
    with app.database.read() as session:
        return sessions.find(session, token, app.clock())


@pytest.mark.both_databases
def test_the_right_password_proves_a_user_whatever_the_case_of_the_address(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    assert sign_in.prove(app, " Ana@Example.COM ", PASSWORD, HERE).user_id == key


@pytest.mark.parametrize("email", ["nobody@example.com", "ana@example.com", "gone@example.com"])
def test_unknown_account_wrong_password_and_disabled_user_get_the_same_words(app: App, email: str) -> None:
    create_user(app, "ana@example.com", "cashier")
    with app.unit_of_work() as ctx:
        gone = User(
            email="gone@example.com",
            name="Gone",
            status=UserStatus.DISABLED,
            password_hash=hashing().hash(PASSWORD),
        )
        ctx.session.add(gone)
    password = PASSWORD if email.startswith("gone") else "not the password"
    with pytest.raises(Unauthenticated) as refused:
        sign_in.prove(app, email, password, HERE)
    assert refused.value.message == WRONG


def test_an_unknown_account_costs_one_hash_as_a_known_one_does(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_user(app, "ana@example.com", "cashier")
    verified: list[bool] = []
    original = Hashing.verify

    def counted(self: Hashing, kept: str | None, password: str) -> bool:
        verified.append(kept is not None)
        return original(self, kept, password)

    monkeypatch.setattr(Hashing, "verify", counted)
    for email in ("ana@example.com", "nobody@example.com"):
        with pytest.raises(Unauthenticated):
            sign_in.prove(app, email, "wrong", HERE)
    assert verified == [True, False]


def test_failures_are_on_record_with_the_address_they_came_from(app: App) -> None:
    with pytest.raises(Unauthenticated):
        sign_in.prove(app, "nobody@example.com", "wrong", HERE)
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.user.sign_in_failed")
        ).one()
    assert (entry.subject, entry.address) == ("nobody@example.com", "192.0.2.7")


def test_a_sign_in_is_on_record_with_its_way_and_its_request(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    here = RequestFacts("192.0.2.7", "Mozilla/5.0", "request-of-the-log")
    sign_in.open_session(app, sign_in.prove(app, "ana@example.com", PASSWORD, here), here)
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.user.sign_in")
        ).one()
    assert (entry.request_id, entry.details) == ("request-of-the-log", {"method": "password"})


def test_an_account_has_to_wait_after_too_many_attempts_even_with_the_right_password(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"attempts_per_account": 3})
    for _n in range(3):
        with pytest.raises(Unauthenticated):
            sign_in.prove(app, "ana@example.com", "wrong", HERE)
    with pytest.raises(TooManyRequests, match=r"Too many attempts. Try again in 1 minute\."):
        sign_in.prove(app, "ana@example.com", PASSWORD, HERE)


def test_an_address_has_to_wait_after_wrong_passwords_for_many_accounts(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"attempts_per_address": 5})
    for n in range(5):
        with pytest.raises(Unauthenticated):
            sign_in.prove(app, f"user{n}@example.com", "wrong", HERE)
    with pytest.raises(TooManyRequests):
        sign_in.prove(app, "ana@example.com", PASSWORD, HERE)
    sign_in.prove(app, "ana@example.com", PASSWORD, RequestFacts("198.51.100.1"))


def test_right_passwords_are_not_counted(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"attempts_per_account": 3})
    for _n in range(5):
        assert sign_in.prove(app, "ana@example.com", PASSWORD, HERE).user_id


def test_a_hash_with_old_parameters_is_made_anew_at_the_next_sign_in(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    with hashing_with(Hashing(memory_kib=128, passes=1)):
        token_of(app, "ana@example.com")
    with app.reading() as ctx:
        kept = ctx.load(User, key).password_hash
    assert kept is not None
    assert "m=128" in kept
    assert sign_in.prove(app, "ana@example.com", PASSWORD, HERE).user_id == key


@pytest.mark.both_databases
def test_a_session_names_its_user_and_what_they_may_do(app: App) -> None:
    key = create_user(app, "ana@example.com", "supervisor")
    signed_in = found(app, token_of(app, "ana@example.com"))
    assert signed_in is not None
    assert (signed_in.user.key, signed_in.actor.may("core.user.list")) == (key, True)
    assert not signed_in.actor.may("core.user.edit")


def test_the_database_keeps_no_token(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    token = token_of(app, "ana@example.com")
    with app.reading() as ctx:
        row = ctx.session.scalars(select(UserSession)).one()
    assert token not in (row.token_hash, row.csrf_secret)


def test_an_idle_session_ends(app: App, clock: StandingClock) -> None:
    create_user(app, "ana@example.com", "cashier")
    token = token_of(app, "ana@example.com")
    clock.pass_time(minutes=59)
    assert found(app, token) is not None
    clock.pass_time(minutes=3)
    assert found(app, token) is None


def test_a_busy_session_lives_until_its_absolute_time_out(app: App, clock: StandingClock) -> None:
    create_user(app, "ana@example.com", "cashier")
    token = token_of(app, "ana@example.com")
    for _n in range(23):
        clock.pass_time(minutes=30)
        signed_in = found(app, token)
        assert signed_in is not None
        assert signed_in.stale
        sessions.touch(app, signed_in)
    clock.pass_time(minutes=31)
    assert found(app, token) is None


def test_last_seen_is_written_at_most_once_a_minute(app: App, clock: StandingClock) -> None:
    create_user(app, "ana@example.com", "cashier")
    token = token_of(app, "ana@example.com")
    clock.pass_time(seconds=59)
    signed_in = found(app, token)
    assert signed_in is not None
    assert not signed_in.stale


@pytest.mark.both_databases
def test_a_disabled_user_loses_every_session_at_once(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    create_user(app, "boss@example.com", "administrator")
    token = token_of(app, "ana@example.com")
    with app.unit_of_work() as ctx:
        operations.disable_user(ctx, key)
    assert found(app, token) is None
    with app.unit_of_work() as ctx:
        operations.enable_user(ctx, key)
    assert found(app, token) is None


def test_sweeping_forgets_sessions_whose_time_is_over(app: App, clock: StandingClock) -> None:
    create_user(app, "ana@example.com", "cashier")
    token_of(app, "ana@example.com")
    clock.pass_time(hours=13)
    with app.unit_of_work() as ctx:
        sessions.sweep(ctx)
        assert ctx.session.scalars(select(UserSession)).all() == []


def test_a_csrf_token_belongs_to_one_session(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    one, other = (found(app, token_of(app, "ana@example.com")) for _n in range(2))
    assert one is not None
    assert other is not None
    assert one.csrf_valid(one.csrf_token)
    assert not other.csrf_valid(one.csrf_token)
    assert not one.csrf_valid("")


def test_a_wrong_password_shows_the_form_again_with_the_address_kept(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "cashier")
    answer = client.submit("/sign-in", {"email": "ana@example.com", "password": "wrong"})
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert "ana@example.com" in answer.text
    assert 'value="wrong"' not in answer.text


def test_a_throttled_sign_in_says_how_long_to_wait(app: App, client: Browser) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"attempts_per_account": 3})
    for _n in range(3):
        client.submit("/sign-in", {"email": "ana@example.com", "password": "wrong"})
    answer = client.submit("/sign-in", {"email": "ana@example.com", "password": "wrong"})
    assert answer.status_code == 429
    assert "Too many attempts. Try again in 1 minute." in answer.text


def test_signing_in_without_the_csrf_token_is_refused(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "cashier")
    answer = client.post("/sign-in", data={"email": "ana@example.com", "password": PASSWORD})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/users?view=portal", "/users?view=portal"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/sign-out", "/"),
        ("/portal/invoices", "/"),
    ],
)
def test_after_signing_in_only_own_pages_are_returned_to(
    app: App, client: Browser, asked: str, leads_to: str
) -> None:
    create_user(app, "ana@example.com", "supervisor")
    fields = {"email": "ana@example.com", "password": PASSWORD, "next": asked}
    answer = client.submit("/sign-in", fields, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)


def test_a_page_that_needs_a_user_leads_to_sign_in_and_back(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "supervisor")
    asked = client.get("/users", follow_redirects=False)
    assert asked.headers["location"] == "/sign-in?next=%2Fusers"
    shown = client.get(asked.headers["location"])
    assert 'name="next" value="/users"' in shown.text


def test_a_form_that_is_sent_after_the_session_ended_leads_back_to_it(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "supervisor")
    client.sign_in("ana@example.com")
    token = client.csrf("/customers/new?kind=business")
    client.cookies.delete("trunkline_session")
    typed = {"csrf_token": token, "name": "Padaria"}
    came_from = {"referer": "http://testserver/customers/new?kind=business"}
    sent = client.post("/customers/new", data=typed, headers=came_from, follow_redirects=False)
    assert sent.status_code == 303
    assert sent.headers["location"] == "/sign-in?next=%2Fcustomers%2Fnew%3Fkind%3Dbusiness&ended=1"
    shown = client.get(sent.headers["location"]).text
    assert "was not saved" in shown
    assert 'name="next" value="/customers/new?kind=business"' in shown


def test_a_form_of_an_earlier_session_is_sent_again_with_what_was_typed(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "supervisor")
    client.sign_in("ana@example.com")
    old = client.csrf("/customers/new")
    client.cookies.delete("trunkline_session")
    client.sign_in("ana@example.com")
    typed = {"csrf_token": old, "name": "Padaria “Sol”", "country": "BR"}
    ours = {"origin": "http://testserver"}
    refused = client.post("/customers/new", data=typed, headers=ours)
    assert refused.status_code == 403
    assert 'name="name" value="Padaria “Sol”"' in refused.text
    assert old not in refused.text
    theirs = client.post("/customers/new", data=typed, headers={"origin": "http://evil.example"})
    assert "Padaria" not in theirs.text
    secret = client.post(
        "/profile/password", data={"csrf_token": old, "password": "hush-hush-77"}, headers=ours
    )
    assert secret.status_code == 403
    assert "hush-hush-77" not in secret.text


def test_signing_out_ends_the_session_on_the_server(
    app: App, staff: Callable[..., Browser], make_client: Callable[[], Browser]
) -> None:
    browser = staff("supervisor")
    token = browser.cookies["trunkline_session"]
    browser.submit("/sign-out", page="/profile")
    thief = make_client()
    thief.cookies.set("trunkline_session", token)
    assert thief.get("/profile", follow_redirects=False).status_code == 303
