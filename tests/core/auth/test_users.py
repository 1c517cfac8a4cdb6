"""Inviting, changing and disabling users, and the links that set passwords."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.core.auth.conftest import SetClock
from trunkline.access import queries as access
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth import links, operations, own_account, queries, sessions, sign_in
from trunkline.auth.models import User, UserLink, UserSession, UserStatus
from trunkline.auth.schemas import ChangePassword, EditUser, InvitePortalUser, InviteUser
from trunkline.auth.sessions import RequestFacts
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.operations import register
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from trunkline.mail.models import Email
from trunkline.operation import Actor, ActorKind, Context
from trunkline.testing import PASSWORD, Browser, actor_with, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


Link = Callable[[str], str]
BRUNO = InviteUser(
    email="Bruno@Example.com", name="Bruno Reis", language="pt_BR", roles=["cashier", "auditor"]
)
NEW = "gentle otter paints violins"


def invited(app: App) -> int:
    with app.unit_of_work() as ctx:
        return operations.invite_staff(ctx, BRUNO).key


def token_in(path: str) -> str:
    return path.removeprefix("/set-password/")


# ------------------------------------------------------------------ invitations


@pytest.mark.both_databases
def test_an_invited_user_sets_a_password_once_and_is_signed_in(
    app: App, mailed_link: Link, make_client: Callable[[], Browser]
) -> None:
    key = invited(app)
    path, browser = mailed_link("bruno@example.com"), make_client()
    answer = browser.submit(path, {"password": NEW, "repeated": NEW}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/profile").status_code == 200
    assert sign_in.prove(app, "bruno@example.com", NEW, RequestFacts()).user_id == key
    again = make_client().get(path)
    assert again.status_code == 410
    assert "used already" in again.text


def test_a_link_is_refused_a_second_time_by_the_operation_too(app: App, mailed_link: Link) -> None:
    invited(app)
    token = token_in(mailed_link("bruno@example.com"))
    with app.unit_of_work() as ctx:
        links.spend(ctx, token, NEW)
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="used already"):
        links.spend(ctx, token, "another gentle otter sleeps")


def test_an_invitation_expires(app: App, clock: SetClock, mailed_link: Link) -> None:
    invited(app)
    token = token_in(mailed_link("bruno@example.com"))
    clock.pass_time(days=7)
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="its time is over"):
        links.spend(ctx, token, NEW)


def test_the_database_keeps_only_the_digest_of_a_link(app: App, mailed_link: Link) -> None:
    invited(app)
    token = token_in(mailed_link("bruno@example.com"))
    with app.reading() as ctx:
        assert ctx.session.scalars(select(UserLink)).one().token_hash != token


def test_the_access_log_does_not_hold_the_secret_of_a_link(
    app: App, mailed_link: Link, make_client: Callable[[], Browser], caplog: pytest.LogCaptureFixture
) -> None:
    invited(app)
    path = mailed_link("bruno@example.com")
    with caplog.at_level("INFO"):
        make_client().get(path)
    assert "/set-password/…" in caplog.text
    assert token_in(path) not in " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("trunkline")
    )


def test_the_mails_say_how_long_the_link_works(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    invited(app)
    with app.unit_of_work() as ctx:
        own_account.ask_for_link(ctx, "ana@example.com")
    with app.reading() as ctx:
        texts = {mail.recipient: mail.text for mail in ctx.session.scalars(select(Email))}
    assert "dentro de 7 dias" in texts["bruno@example.com"]
    assert "within 60 minutes" in texts["ana@example.com"]


def test_inviting_again_makes_the_first_link_useless(app: App, mailed_link: Link) -> None:
    key = invited(app)
    first = token_in(mailed_link("bruno@example.com"))
    with app.unit_of_work() as ctx:
        operations.invite_again(ctx, key)
    second = token_in(mailed_link("bruno@example.com"))
    with app.reading() as ctx:
        assert links.find(ctx.session, first, ctx.now()) is None
        assert links.find(ctx.session, second, ctx.now()) is not None


def test_an_address_is_invited_once_whatever_its_case(app: App) -> None:
    invited(app)
    with app.unit_of_work() as ctx, pytest.raises(Conflict) as refused:
        operations.invite_staff(ctx, BRUNO.model_copy(update={"email": "bruno@example.com"}))
    assert refused.value.field == "email"


def test_an_unknown_role_is_named_with_the_known_ones(app: App) -> None:
    with (
        app.unit_of_work() as ctx,
        pytest.raises(Refused, match=r"no role “pilot”.*customer_care") as refused,
    ):
        operations.invite_staff(ctx, BRUNO.model_copy(update={"roles": ["pilot"]}))
    assert refused.value.field == "roles"


def test_a_portal_user_sees_one_customer_and_gets_portal_roles_only(
    app: App, mailed_link: Link, make_client: Callable[[], Browser]
) -> None:
    with app.unit_of_work() as ctx:
        customer = register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Lima", country="BR")
        )
        other = register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Caio Melo", country="BR"))
        command = InvitePortalUser(
            email="ana@example.com",
            name="Ana",
            language="en",
            customer_id=customer.key,
            roles=["portal_owner"],
        )
        key = operations.invite_portal_user(ctx, command).key
        with pytest.raises(Refused, match="not for this kind of user"):
            operations.edit_user(ctx, key, EditUser(name="Ana", language="en", roles=["administrator"]))
    browser = make_client()
    answer = browser.submit(
        mailed_link("ana@example.com"), {"password": NEW, "repeated": NEW}, follow_redirects=False
    )
    assert answer.headers["location"] == "/portal"
    with app.reading() as ctx:
        token = browser.cookies["trunkline_session"]
        signed_in = sessions.find(ctx.session, token, ctx.now())
        assert signed_in is not None
        own = Context(ctx.session, signed_in.actor, app)
        assert own.actor.kind is ActorKind.PORTAL
        assert own.load(Customer, customer.key).name == "Ana Lima"
        with pytest.raises(NotFound):
            own.load(Customer, other.key)
    assert browser.get("/users").status_code == 403


def test_an_event_tells_plugins_of_an_invitation(app: App) -> None:
    from trunkline.events.models import OutboxEvent

    key = invited(app)
    with app.reading() as ctx:
        event = ctx.session.scalars(select(OutboxEvent).where(col(OutboxEvent.name) == "user.invited")).one()
    assert (event.entity_id, event.payload["kind"]) == (key, "staff")


# ------------------------------------------------------------------ passwords


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


# ------------------------------------------------------------------ one's own account


def test_people_change_their_name_and_see_pages_in_their_language(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser = staff("cashier")
    browser.submit("/profile", {"name": "Ana Souza", "language": "pt_BR"})
    shown = browser.get("/profile")
    assert 'lang="pt-BR"' in shown.text
    assert "Ana Souza" in shown.text


def test_a_session_is_ended_from_the_profile_of_its_own_user_only(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "cashier")
    create_user(app, "bia@example.com", "cashier")
    here, there = (make_client().sign_in("ana@example.com") for _n in range(2))
    with app.reading() as ctx:
        newest = ctx.session.scalars(select(col(UserSession.id)).order_by(col(UserSession.id).desc())).first()
    stranger = make_client().sign_in("bia@example.com")
    stranger.submit(f"/profile/sessions/{newest}/end", page="/profile")
    assert there.get("/profile", follow_redirects=False).status_code == 200
    here.submit(f"/profile/sessions/{newest}/end", page="/profile")
    assert there.get("/profile", follow_redirects=False).status_code == 303


# ------------------------------------------------------------------ administration


@pytest.mark.both_databases
def test_the_last_administrator_can_be_neither_disabled_nor_demoted(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    with app.unit_of_work() as ctx:
        with pytest.raises(Refused, match="last administrator"):
            operations.disable_user(ctx, key)
        with pytest.raises(Refused, match="last administrator"):
            operations.edit_user(ctx, key, EditUser(name="Boss", language="en", roles=["cashier"]))
    create_user(app, "second@example.com", "administrator")
    with app.unit_of_work() as ctx:
        operations.disable_user(ctx, key)
    with app.reading() as ctx:
        assert queries.user(ctx, key).status == UserStatus.DISABLED


def test_an_invited_administrator_does_not_count_as_one_who_can_sign_in(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    with app.unit_of_work() as ctx:
        operations.invite_staff(ctx, BRUNO.model_copy(update={"roles": ["administrator"]}))
        with pytest.raises(Refused, match="last administrator"):
            operations.disable_user(ctx, key)


def test_nobody_disables_themselves(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    create_user(app, "second@example.com", "administrator")
    actor = Actor(ActorKind.STAFF, key, "Boss", permissions=None)
    with app.unit_of_work(actor) as ctx, pytest.raises(Refused, match="cannot disable yourself"):
        operations.disable_user(ctx, key)


def test_nobody_gives_a_role_that_grants_more_than_they_hold(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    limited = actor_with("core.user.edit", "core.user.view")
    with app.unit_of_work(limited) as ctx:
        for role in ("administrator", "supervisor"):
            with pytest.raises(Forbidden, match="grants more than you hold"):
                operations.edit_user(ctx, key, EditUser(name="Ana", language="en", roles=["cashier", role]))


def test_nobody_disables_somebody_who_holds_more(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    create_user(app, "second@example.com", "administrator")
    with app.unit_of_work(actor_with("core.user.disable")) as ctx, pytest.raises(Forbidden):
        operations.disable_user(ctx, key)


def test_the_second_editor_of_a_user_is_told(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    with app.unit_of_work() as ctx:
        seen = queries.user(ctx, key).version
        operations.edit_user(ctx, key, EditUser(name="Ana", language="en", roles=["auditor"], version=seen))
    with app.unit_of_work() as ctx, pytest.raises(Conflict):
        operations.edit_user(ctx, key, EditUser(name="Ana", language="en", roles=["cashier"], version=seen))
    with app.reading() as ctx:
        assert [role.name for role in access.roles_of(ctx, key)] == ["auditor"]


def test_an_administrator_invites_edits_and_disables_on_the_pages(
    app: App, staff: Callable[..., Browser]
) -> None:
    boss = staff()
    fields = {"email": "bruno@example.com", "name": "Bruno", "language": "en", "roles": ["cashier"]}
    shown = boss.submit("/users/new", fields)
    assert "bruno@example.com" in shown.text
    with app.reading() as ctx:
        user = queries.by_email(ctx, "bruno@example.com")
        assert user is not None
    page = f"/users/{user.key}"
    boss.submit(
        f"{page}/edit",
        {"name": "Bruno Reis", "language": "en", "roles": ["cashier", "auditor"], "version": user.version},
    )
    assert "Bruno Reis" in boss.get(page).text
    assert "Bruno Reis" in boss.get("/users?q=bruno").text
    assert "Bruno Reis" not in boss.get("/users?q=nobody").text
    boss.submit(f"{page}/disable", page=page)
    with app.reading() as ctx:
        assert queries.user(ctx, user.key).status == UserStatus.DISABLED


def test_whoever_may_only_look_gets_no_buttons_and_no_way_to_act(
    app: App, staff: Callable[..., Browser]
) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    auditor = staff("auditor")
    page = auditor.get(f"/users/{key}")
    assert page.status_code == 200
    assert f"/users/{key}/disable" not in page.text
    assert auditor.submit(f"/users/{key}/disable", page="/profile").status_code == 403
    assert auditor.get("/users/new").status_code == 403
    with app.reading() as ctx:
        assert ctx.load(User, key).status == UserStatus.ACTIVE


def test_the_command_line_makes_users_who_can_sign_in_at_once(app: App) -> None:
    made = operations.create_staff_user(app, "Root@Example.com", "administrator", NEW, name="Root")
    assert sign_in.prove(app, "root@example.com", NEW, RequestFacts()).user_id == made.id
    with pytest.raises(Refused, match="at least 10 characters"):
        operations.create_staff_user(app, "two@example.com", "administrator", "short")
    with pytest.raises(Refused, match="no role"):
        operations.create_staff_user(app, "two@example.com", "pilot", NEW)
    with pytest.raises(Refused, match="cannot be used"):
        operations.create_staff_user(app, "no-address", "administrator", NEW)


def test_without_a_password_the_command_line_gives_a_link(app: App) -> None:
    made = operations.create_staff_user(app, "root@example.com", "administrator")
    with app.unit_of_work() as ctx:
        assert links.spend(ctx, made.link.rpartition("/")[2], NEW).key == made.id


def test_changing_a_password_needs_the_current_one(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    actor = Actor(ActorKind.STAFF, key, "Ana")
    command = ChangePassword(current="wrong", password=NEW, repeated=NEW)
    with app.unit_of_work(actor) as ctx, pytest.raises(Refused) as refused:
        own_account.change_password(ctx, command, this_session=None)
    assert refused.value.field == "current"
