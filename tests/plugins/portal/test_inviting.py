"""Staff invite customers: by page and over REST, again, never twice, and may shut them out."""

import re
from collections.abc import Callable
from email import policy
from email.parser import BytesParser

import pytest
from sqlmodel import select

from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer, SetStatus
from trunkline.errors import Forbidden, Refused
from trunkline.mail.transports import spool_folder
from trunkline.operation import SYSTEM, Actor, ActorKind
from trunkline.testing import Browser, actor_with, work_until_idle
from trunkline_portal import operations
from trunkline_portal.schemas import InviteToPortal

PASSWORD = "uma frase comprida de ninguem"
ADDRESS = "ana.nova@correio.example"
COMMAND = InviteToPortal(email=ADDRESS, name="Ana Souza", language="en")


def _link(app: App) -> str:
    """The link in the newest mail of the spool: the e-mail log masks it."""
    work_until_idle(app)
    newest = max(spool_folder(app).glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    mail = BytesParser(policy=policy.default).parsebytes(newest.read_bytes())
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"/set-password/\S+", body.get_content())
    assert found is not None
    return found.group()


def _user(app: App) -> User:
    with app.reading() as ctx:
        return ctx.session.scalars(select(User).where(User.email == ADDRESS)).one()


def test_care_invites_and_the_customer_lands_in_the_portal(
    app: App, staff: Callable[..., Browser], make_client: Callable[[], Browser], ana: Household
) -> None:
    care = staff("customer_care")
    assert "Invite to portal" in care.get(f"/customers/{ana.number}").text
    form = f"/portal/staff/{ana.number}/invite"
    fields = {"email": ADDRESS, "name": "Ana Souza", "language": "en", "roles": ["portal_owner"]}
    sent = care.submit(form, fields, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    shown = care.get(f"/customers/{ana.number}").text
    assert ADDRESS in shown
    assert "Invited" in shown
    visitor = make_client()
    passwords = {"password": PASSWORD, "repeated": PASSWORD}
    landed = visitor.submit(_link(app), passwords)
    assert landed.url.path == "/portal", landed.text
    assert "Hello, Ana" in landed.text
    assert "Active" in care.get(f"/customers/{ana.number}").text


def test_an_address_signs_in_once_only(app: App, ana: Household, bruno: Household) -> None:
    with app.unit_of_work() as ctx:
        operations.invite(ctx, ana.number, COMMAND)
    with pytest.raises(Exception, match="can sign in already"), app.unit_of_work() as ctx:
        operations.invite(ctx, bruno.number, COMMAND)


def test_a_second_invitation_ends_the_first(
    app: App, make_client: Callable[[], Browser], ana: Household
) -> None:
    with app.unit_of_work() as ctx:
        user = operations.invite(ctx, ana.number, COMMAND)
    first = _link(app)
    with app.unit_of_work() as ctx:
        operations.invite_again(ctx, ana.number, user.key)
    assert _link(app) != first
    assert (
        "password" not in make_client().get(first).text.lower() or make_client().get(first).status_code != 200
    )


def test_a_disabled_customer_is_out_at_once(
    app: App, portal_client: Callable[..., Browser], ana: Household
) -> None:
    client = portal_client(ana)
    with app.reading() as ctx:
        user = ctx.session.scalars(select(User).where(User.customer_id == ana.customer_id)).one()
    with app.unit_of_work() as ctx:
        operations.disable(ctx, ana.number, user.key)
    assert client.get("/portal", follow_redirects=False).status_code == 303
    with app.unit_of_work() as ctx:
        operations.enable(ctx, ana.number, user.key)
    with pytest.raises(Refused, match="not disabled"), app.unit_of_work() as ctx:
        operations.enable(ctx, ana.number, user.key)


def test_a_user_of_another_customer_cannot_be_reached_through_this_one(
    app: App, ana: Household, bruno: Household
) -> None:
    with app.unit_of_work() as ctx:
        user = operations.invite(ctx, ana.number, COMMAND)
    for act in (operations.invite_again, operations.disable, operations.enable):
        with pytest.raises(Exception, match="no such portal user"), app.unit_of_work() as ctx:
            act(ctx, bruno.number, user.key)


def test_who_may_not_invite_is_refused(app: App, ana: Household) -> None:
    cashier = actor_with("core.customer.view")
    with pytest.raises(Forbidden, match="Invite customers"), app.unit_of_work(cashier) as ctx:
        operations.invite(ctx, ana.number, COMMAND)


def test_a_closed_customer_gets_no_invitation(app: App) -> None:
    with app.unit_of_work() as ctx:
        facts = {"kind": "individual", "name": "Dora Lopes"}
        number = customers.register(ctx, RegisterCustomer.model_validate(facts)).number
        closed = {"status": "closed", "reason": "moved away"}
        customers.set_status(ctx, number, SetStatus.model_validate(closed))
    with pytest.raises(Refused, match="Dora Lopes"), app.unit_of_work() as ctx:
        operations.invite(ctx, number, COMMAND)


def test_the_portal_is_never_given_every_permission(app: App, ana: Household) -> None:
    with app.unit_of_work() as ctx:
        operations.invite(ctx, ana.number, COMMAND)
    from trunkline.access.roles import actor_for

    with app.reading() as ctx:
        actor = actor_for(ctx.session, _user(app))
    assert actor.kind is ActorKind.PORTAL
    assert actor.permissions is not None
    assert actor.scope.customer_ids == frozenset({ana.customer_id})
    assert isinstance(SYSTEM, Actor)
