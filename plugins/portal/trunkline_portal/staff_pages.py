"""What staff do about the portal: invite from the customer's page, resend, disable."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.auth.models import UserStatus
from trunkline.branding.spoken import language_for
from trunkline.customers import queries as customers
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_portal import operations, queries
from trunkline_portal.schemas import InviteByStaff

pages = Pages(audience="staff")


def _suggested(page: Page, number: str) -> Mapping[str, Any]:
    """The customer's own name and address, unless somebody signs in with it already."""
    customer = customers.get(page.ctx, number)
    known = {user.email for user in queries.users_of(page.ctx, customer.key)}
    fresh = customer.email.lower() not in known
    return {
        "email": customer.email if fresh else "",
        "name": customer.name if fresh and customer.kind == "individual" else "",
        "language": language_for(page.ctx, customer.language, customer.reseller_id),
        "roles": ["portal_owner"],
        "form_options": {"cancel": f"/customers/{number}"},
    }


def about(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    page.crumbs((_("Customers"), "/customers"), (customer.name, f"/customers/{customer.number}"))
    return {"customer": customer}


@pages.form(
    "/portal/staff/{number}/invite",
    permission="portal.user.invite",
    schema=InviteByStaff,
    template="portal/invite.html",
    title=_("Invite to the portal"),
    initial=_suggested,
    extra=about,
    submit=_("Send invitation"),
)
def invite(page: Page, command: InviteByStaff, number: str) -> Response:
    user = operations.invite(page.ctx, number, command)
    return page.redirect(f"/customers/{number}", _("Invitation sent to {email}.", email=user.email))


@pages.post("/portal/staff/{number}/users/{user_id}/invite", permission="portal.user.invite")
def invite_again(page: Page, number: str, user_id: str) -> Response:
    user = operations.invite_again(page.ctx, number, key_of(user_id))
    return page.redirect(f"/customers/{number}", _("Invitation sent again to {email}.", email=user.email))


@pages.post("/portal/staff/{number}/users/{user_id}/disable", permission="portal.user.disable")
def disable(page: Page, number: str, user_id: str) -> Response:
    user = operations.disable(page.ctx, number, key_of(user_id))
    return page.redirect(f"/customers/{number}", _("{name} cannot sign in any more.", name=user.name))


@pages.post("/portal/staff/{number}/users/{user_id}/enable", permission="portal.user.disable")
def enable(page: Page, number: str, user_id: str) -> Response:
    user = operations.enable(page.ctx, number, key_of(user_id))
    return page.redirect(f"/customers/{number}", _("{name} can sign in again.", name=user.name))


def key_of(text: str) -> int:
    """The key in an address; 0, which nobody has, when it is no number."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def invite_action(page: Page, customer: Customer) -> str | None:
    """The button in the customer's head; none for customers who left."""
    if customer.status in (CustomerStatus.CLOSED, CustomerStatus.ARCHIVED):
        return None
    invited = bool(queries.users_of(page.ctx, customer.key))
    return page.fragment("portal/slots/invite.html", customer=customer, invited=invited)


def panel_action(page: Page, customer: Customer) -> str | None:
    """Opens the portal as the first of the customer's people who uses it; an invitation where nobody does."""
    users = queries.users_of(page.ctx, customer.key)
    active = next((user for user in users if user.status == UserStatus.ACTIVE), None)
    if active is None:
        return invite_action(page, customer) if page.can("portal.user.invite") else None
    if not page.can("core.user.impersonate"):
        return None
    return page.fragment("portal/slots/panel.html", user=active)


def users_card(page: Page, customer: Customer) -> str | None:
    """Who of the customer may sign in, with what can be done about it."""
    users = queries.users_of(page.ctx, customer.key)
    return page.fragment("portal/slots/users.html", customer=customer, users=users)
