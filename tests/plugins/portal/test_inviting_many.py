"""Customers chosen on their list are invited to the portal, each at the address on its page."""

from collections.abc import Callable

from sqlmodel import col, select

from tests.core.lists.bulk import begin
from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.auth.models import User, UserKind
from trunkline.customers.models import Customer
from trunkline.mail.models import Email
from trunkline.testing import Browser, work_until_idle


def test_who_has_an_address_is_mailed_a_link_and_who_has_none_is_listed(
    app: App, households: tuple[Household, Household], staff: Callable[..., Browser]
) -> None:
    with_address, without = households
    with app.unit_of_work() as ctx:
        for household, email in ((with_address, "ana@example.org"), (without, "")):
            ctx.session.get_one(Customer, household.customer_id).email = email
    care = staff("customer_care")
    keys = [household.customer_id for household in households]
    run = begin(care, "/customers", "customers", "portal.customer_invite", keys, roles=["portal_finance"])
    work_until_idle(app)
    assert "has no e-mail" in care.get(run).text
    with app.reading() as ctx:
        invited = ctx.session.scalars(select(User).where(col(User.kind) == UserKind.PORTAL)).all()
        mails = ctx.session.scalars(select(col(Email.recipient))).all()
    assert [(user.email, user.status, user.customer_id) for user in invited] == [
        ("ana@example.org", "invited", with_address.customer_id)
    ]
    assert "ana@example.org" in mails


def test_inviting_again_sends_a_fresh_link_and_makes_nobody_twice(
    app: App, households: tuple[Household, Household], staff: Callable[..., Browser]
) -> None:
    household, _other = households
    with app.unit_of_work() as ctx:
        ctx.session.get_one(Customer, household.customer_id).email = "ana@example.org"
    care = staff("customer_care")
    for _time in range(2):
        begin(
            care,
            "/customers",
            "customers",
            "portal.customer_invite",
            [household.customer_id],
            roles=["portal_owner"],
        )
        work_until_idle(app)
    with app.reading() as ctx:
        users = ctx.session.scalars(select(User).where(col(User.email) == "ana@example.org")).all()
        mails = ctx.session.scalars(select(Email).where(col(Email.recipient) == "ana@example.org")).all()
    assert len(users) == 1
    assert len(mails) == 2
