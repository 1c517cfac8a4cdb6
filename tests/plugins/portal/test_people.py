"""Account owners manage who else of their customer uses the portal; finance and technical contacts do not."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlmodel import select

from tests.plugins.portal.conftest import Household
from trunkline.access.queries import roles_of
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.testing import Browser, create_user
from trunkline_billing import operations as billing
from trunkline_billing.refund_schemas import RefundPayment
from trunkline_billing.schemas import RecordPayment

PortalClient = Callable[..., Browser]
FINANCE = "caixa@correio.example"


def person(app: App, email: str) -> User:
    with app.reading() as ctx:
        return ctx.session.scalars(select(User).where(User.email == email)).one()


def roles(app: App, email: str) -> list[str]:
    with app.reading() as ctx:
        return sorted(role.name for role in roles_of(ctx, person(app, email).key))


def invite(owner: Browser, *names: str) -> int:
    fields = {"email": FINANCE, "name": "Caixa", "language": "en", "roles": list(names)}
    return int(owner.submit("/portal/account/people/invite", fields, follow_redirects=False).status_code)


@pytest.mark.both_databases
def test_an_owner_invites_changes_and_disables_somebody(
    app: App, portal_client: PortalClient, ana: Household
) -> None:
    owner = portal_client(ana)
    assert 'href="/portal/account/people"' in owner.get("/portal/account").text
    # What somebody may see is said, not left as it stood.
    assert "checked" not in owner.get("/portal/account/people/invite").text.partition('name="roles"')[2]
    assert invite(owner) == 422
    assert invite(owner, "portal_finance") == 303
    invited = person(app, FINANCE)
    assert (invited.customer_id, invited.kind, invited.status) == (ana.customer_id, "portal", "invited")
    shown = owner.get("/portal/account/people").text
    assert FINANCE in shown
    assert "Finance contact" in shown
    base = f"/portal/account/people/{invited.key}"
    version = {"version": str(invited.version)}
    assert owner.submit(base, {"roles": ["portal_technical"], **version}).status_code == 200
    assert roles(app, FINANCE) == ["portal_technical"]
    owner.submit(f"{base}/disable", page="/portal/account/people")
    assert person(app, FINANCE).status == "disabled"
    owner.submit(f"{base}/enable", page="/portal/account/people")
    assert person(app, FINANCE).status == "invited"


def test_an_owner_gives_the_portals_roles_only(app: App, portal_client: PortalClient, ana: Household) -> None:
    owner = portal_client(ana)
    assert invite(owner, "administrator") == 422
    assert invite(owner, "portal_owner", "supervisor") == 422
    with app.reading() as ctx:
        assert ctx.session.scalars(select(User).where(User.email == FINANCE)).first() is None


def test_an_owner_reaches_nobody_of_a_neighbour_and_not_themselves(
    app: App, portal_client: PortalClient, ana: Household, bruno: Household
) -> None:
    owner = portal_client(ana)
    neighbour = create_user(app, "vizinho@correio.example", "portal_owner", customer_id=bruno.customer_id)
    colleague = create_user(app, "care@example.com", "customer_care")
    own = person(app, f"owner-{ana.number.lower()}@correio.example").key
    assert "vizinho" not in owner.get("/portal/account/people").text
    for key in (neighbour, colleague):
        assert owner.get(f"/portal/account/people/{key}").status_code == 404
        for act in ("disable", "enable", "invite"):
            answer = owner.submit(f"/portal/account/people/{key}/{act}", page="/portal/account/people")
            assert answer.status_code == 404, (key, act)
    with app.reading() as ctx:
        assert ctx.session.get_one(User, neighbour).is_active
    assert (
        owner.submit(f"/portal/account/people/{own}/disable", page="/portal/account/people").status_code
        == 422
    )
    refused = owner.submit(f"/portal/account/people/{own}", {"roles": ["portal_finance"]})
    assert refused.status_code == 422
    assert roles(app, f"owner-{ana.number.lower()}@correio.example") == ["portal_owner"]


@pytest.mark.parametrize("role", ["portal_finance", "portal_technical"])
def test_contacts_manage_nobody(app: App, portal_client: PortalClient, ana: Household, role: str) -> None:
    other = create_user(app, "outra@correio.example", "portal_owner", customer_id=ana.customer_id)
    client = portal_client(ana, role)
    assert "/portal/account/people" not in client.get("/portal/account").text
    assert client.get("/portal/account/people").status_code == 403
    assert client.get("/portal/account/people/invite").status_code == 403
    for act in ("", "/disable", "/enable", "/invite"):
        answer = client.submit(
            f"/portal/account/people/{other}{act}", {"roles": ["portal_finance"]}, page="/portal/account"
        )
        assert answer.status_code == 403, act


def test_payments_are_for_owners_and_finance(
    app: App, portal_client: PortalClient, ana: Household, bruno: Household
) -> None:
    with app.unit_of_work() as ctx:
        own, other = (
            billing.record_payment(
                ctx, RecordPayment(account_number=one.account, amount=Decimal("1000.00"), method="cash")
            ).number
            for one in (ana, bruno)
        )
        refunds = [
            billing.refund_payment(
                ctx, number, RefundPayment(amount=Decimal(5), method="cash", reason=f"Back to {number}")
            ).number
            for number in (own, other)
        ]
    for role in ("portal_owner", "portal_finance"):
        page = portal_client(ana, role).get("/portal/payments").text
        assert all(words in page for words in (own, refunds[0], f"Back to {own}"))
        assert not any(words in page for words in (other, refunds[1]))
    technical = portal_client(ana, "portal_technical")
    assert technical.get("/portal/payments").status_code == 403
    assert "/portal/payments" not in technical.get("/portal").text
