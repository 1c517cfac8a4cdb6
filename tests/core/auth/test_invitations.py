"""Inviting people, and the links that let them set a password."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.auth import links, operations, own_account, sessions, sign_in
from trunkline.auth.models import UserLink
from trunkline.auth.schemas import EditUser, InvitePortalUser, InviteUser
from trunkline.auth.sessions import RequestFacts
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.operations import register
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.mail.models import Email
from trunkline.operation import ActorKind, Context
from trunkline.testing import Browser, create_user

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


def test_an_invitation_expires(app: App, clock: StandingClock, mailed_link: Link) -> None:
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
