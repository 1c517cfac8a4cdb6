"""Setting, forgetting and changing passwords."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.core.auth.test_invitations import NEW, Link, invited, token_in
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth import links, own_account, sign_in
from trunkline.auth.models import UserSession
from trunkline.auth.schemas import ChangePassword
from trunkline.auth.sessions import RequestFacts
from trunkline.errors import Refused, Unauthenticated
from trunkline.mail.models import Email
from trunkline.operation import Actor, ActorKind
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "at least 10 characters"),
        ("password123", "among the first"),
        ("brunoreis2026", "among the first"),
        ("x" * 201, "at most"),
    ],
)
def test_weak_passwords_are_refused_and_the_link_still_works(
    app: App, mailed_link: Link, make_client: Callable[[], Browser], password: str, message: str
) -> None:
    invited(app)
    path, browser = mailed_link("bruno@example.com"), make_client()
    answer = browser.submit(path, {"password": password, "repeated": password})
    assert answer.status_code == 422
    assert message in answer.text
    assert browser.get(path).status_code == 200


def test_two_different_entries_are_refused(
    app: App, mailed_link: Link, make_client: Callable[[], Browser]
) -> None:
    invited(app)
    answer = make_client().submit(mailed_link("bruno@example.com"), {"password": NEW, "repeated": f"{NEW}s"})
    assert (answer.status_code, "The two passwords differ." in answer.text) == (422, True)


def test_a_forgotten_password_gets_the_same_answer_for_every_address(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "cashier")
    answers = []
    for email in ("ana@example.com", "nobody@example.com"):
        browser = make_client()
        answers.append(browser.submit("/forgotten-password", {"email": email}))
    assert answers[0].status_code == answers[1].status_code == 200
    assert answers[0].url == answers[1].url
    assert "Look into your mailbox." in answers[1].text
    with app.reading() as ctx:
        assert list(ctx.session.scalars(select(col(Email.recipient)))) == ["ana@example.com"]


def test_a_reset_ends_sessions_and_sets_the_new_password(app: App, mailed_link: Link) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    proof = sign_in.prove(app, "ana@example.com", PASSWORD, RequestFacts())
    sign_in.open_session(app, proof, RequestFacts())
    with app.unit_of_work() as ctx:
        own_account.ask_for_link(ctx, "ana@example.com")
    with app.unit_of_work() as ctx:
        links.spend(ctx, token_in(mailed_link("ana@example.com")), NEW)
        assert ctx.session.scalar(select(func.count()).select_from(UserSession)) == 0
    with pytest.raises(Unauthenticated):
        sign_in.prove(app, "ana@example.com", PASSWORD, RequestFacts())
    assert sign_in.prove(app, "ana@example.com", NEW, RequestFacts()).user_id == key


def test_mails_about_links_stop_after_too_many_requests_without_saying_so(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "cashier")
    for _n in range(7):
        answer = make_client().submit("/forgotten-password", {"email": "ana@example.com"})
        assert "Look into your mailbox." in answer.text
    with app.reading() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(Email)) == 5


def test_changing_the_own_password_keeps_this_session_and_ends_the_others(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "cashier")
    here, there = (make_client().sign_in("ana@example.com") for _n in range(2))
    wrong = here.submit("/profile/password", {"current": "wrong", "password": NEW, "repeated": NEW})
    assert (wrong.status_code, "not your current password" in wrong.text) == (422, True)
    here.submit("/profile/password", {"current": PASSWORD, "password": NEW, "repeated": NEW})
    assert here.get("/profile", follow_redirects=False).status_code == 200
    assert there.get("/profile", follow_redirects=False).status_code == 303


def test_no_password_or_hash_reaches_the_activity_log(app: App, mailed_link: Link) -> None:
    invited(app)
    with app.unit_of_work() as ctx:
        user = links.spend(ctx, token_in(mailed_link("bruno@example.com")), NEW)
        kept = user.password_hash
    with app.reading() as ctx:
        for entry in ctx.session.scalars(select(ActivityEntry)):
            written = f"{entry.changes} {entry.details}"
            assert NEW not in written
            assert str(kept) not in written


def test_changing_a_password_needs_the_current_one(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    actor = Actor(ActorKind.STAFF, key, "Ana")
    command = ChangePassword(current="wrong", password=NEW, repeated=NEW)
    with app.unit_of_work(actor) as ctx, pytest.raises(Refused) as refused:
        own_account.change_password(ctx, command, this_session=None)
    assert refused.value.field == "current"
