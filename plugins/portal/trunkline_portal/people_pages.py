"""The account owner's page of people: who of the customer uses the portal, and what they see."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.access import queries as access
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.web.pages import Page, Pages
from trunkline_portal import people, queries
from trunkline_portal.schemas import EditPerson, InviteToPortal
from trunkline_portal.staff_pages import key_of

pages = Pages(audience="portal")
_PAGE = "/portal/account/people"


@pages.get(_PAGE, permission="portal.person.list")
def show(page: Page) -> Response:
    page.title = _("People")
    customer = queries.own_customer(page.ctx)
    found = [
        (user, [translate(role.label) for role in access.roles_of(page.ctx, user.id)])
        for user in queries.users_of(page.ctx, customer.key)
    ]
    return page.render("portal/people.html", customer=customer, people=found)


def _fresh(page: Page) -> Mapping[str, Any]:
    return {
        "language": page.locale,
        # The first whom staff invite is the owner; whom the owner invites is what the owner says.
        "roles": [],
        "form_options": {"cancel": _PAGE},
    }


@pages.form(
    f"{_PAGE}/invite",
    permission="portal.person.edit",
    schema=InviteToPortal,
    template="portal/person.html",
    title=_("Invite somebody"),
    initial=_fresh,
    submit=_("Send invitation"),
)
def invite(page: Page, command: InviteToPortal) -> Response:
    user = people.invite(page.ctx, command)
    return page.redirect(_PAGE, _("Invitation sent to {email}.", email=user.email))


def _present(page: Page, user_id: str) -> Mapping[str, Any]:
    user = queries.user_of(page.ctx, queries.own_customer(page.ctx), key_of(user_id))
    page.title = user.name
    return {
        "roles": [role.name for role in access.roles_of(page.ctx, user.key)],
        "version": user.version,
        "form_options": {"cancel": _PAGE},
    }


@pages.form(
    f"{_PAGE}/{{user_id}}",
    permission="portal.person.edit",
    schema=EditPerson,
    template="portal/person.html",
    title=_("What they see"),
    initial=_present,
    submit=_("Save"),
)
def edit(page: Page, command: EditPerson, user_id: str) -> Response:
    people.edit(page.ctx, key_of(user_id), command)
    return page.redirect(_PAGE, _("Saved."))


@pages.post(f"{_PAGE}/{{user_id}}/invite", permission="portal.person.edit")
def invite_again(page: Page, user_id: str) -> Response:
    user = people.invite_again(page.ctx, key_of(user_id))
    return page.redirect(_PAGE, _("Invitation sent again to {email}.", email=user.email))


@pages.post(f"{_PAGE}/{{user_id}}/disable", permission="portal.person.edit")
def disable(page: Page, user_id: str) -> Response:
    user = people.disable(page.ctx, key_of(user_id))
    return page.redirect(_PAGE, _("{name} cannot sign in any more.", name=user.name))


@pages.post(f"{_PAGE}/{{user_id}}/enable", permission="portal.person.edit")
def enable(page: Page, user_id: str) -> Response:
    user = people.enable(page.ctx, key_of(user_id))
    return page.redirect(_PAGE, _("{name} can sign in again.", name=user.name))
