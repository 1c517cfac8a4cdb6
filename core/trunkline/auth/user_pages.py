"""The pages on which administrators look after users."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.access import queries as access
from trunkline.auth import offers, operations, queries
from trunkline.auth.models import User, UserKind
from trunkline.auth.schemas import EditUser, InviteUser
from trunkline.auth.tables import USERS
from trunkline.customers.models import Customer
from trunkline.i18n import gettext
from trunkline.web.pages import Page, Pages

_ = gettext

pages = Pages()


def _audience(user: User) -> str:
    return "portal" if user.kind == UserKind.PORTAL else "staff"


@pages.get("/users", permission="core.user.list")
def list_users(page: Page) -> Response:
    page.title = _("Users")
    return page.table("auth/users.html", USERS, queries.list_users(page.ctx))


def _invitation(page: Page) -> Mapping[str, Any]:
    page.crumbs((_("Users"), "/users"), (_("Invite"), ""))
    return {
        "language": page.app.config.language,
        "form_options": {"choices": {"roles": access.role_choices(page.ctx, "staff")}, "cancel": "/users"},
    }


@pages.form(
    "/users/new",
    permission="core.user.invite",
    schema=InviteUser,
    template="auth/invite_user.html",
    title=_("Invite a colleague"),
    initial=_invitation,
    submit=_("Send the invitation"),
    sudo=True,
)
def invite(page: Page, command: InviteUser) -> Response:
    user = operations.invite_staff(page.ctx, command)
    return page.redirect(f"/users/{user.key}", _("An invitation to {email} is on its way.", email=user.email))


@pages.get("/users/{user_id:int}", permission="core.user.view")
def show_user(page: Page, user_id: int) -> Response:
    user = queries.user(page.ctx, user_id)
    page.title = user.name
    page.crumbs((_("Users"), "/users"), (user.name, ""))
    customer = page.ctx.session.get(Customer, user.customer_id) if user.customer_id else None
    return page.render(
        "auth/user.html",
        user=user,
        customer=customer,
        keeper=offers.keeper_of(page.app, user.origin),
        roles=access.roles_of(page.ctx, user.key),
        sessions=queries.sessions_of(page.ctx, user.key),
    )


def _user_values(page: Page, user_id: int) -> Mapping[str, Any]:
    user = queries.user(page.ctx, user_id)
    page.crumbs((_("Users"), "/users"), (user.name, f"/users/{user_id}"), (_("Edit"), ""))
    return {
        "name": user.name,
        "language": user.language,
        "roles": [role.name for role in access.roles_of(page.ctx, user_id)],
        "version": user.version,
        "form_options": {
            "choices": {"roles": access.role_choices(page.ctx, _audience(user))},
            "cancel": f"/users/{user_id}",
        },
    }


@pages.form(
    "/users/{user_id:int}/edit",
    permission="core.user.edit",
    schema=EditUser,
    template="auth/edit_user.html",
    title=_("Change a user"),
    initial=_user_values,
    sudo=True,
)
def edit_user(page: Page, command: EditUser, user_id: int) -> Response:
    operations.edit_user(page.ctx, user_id, command)
    return page.redirect(f"/users/{user_id}", _("Saved."))


@pages.post("/users/{user_id:int}/disable", permission="core.user.disable", sudo=True)
def disable_user(page: Page, user_id: int) -> Response:
    user = operations.disable_user(page.ctx, user_id)
    return page.redirect(f"/users/{user_id}", _("{name} cannot sign in any more.", name=user.name))


@pages.post("/users/{user_id:int}/enable", permission="core.user.disable")
def enable_user(page: Page, user_id: int) -> Response:
    user = operations.enable_user(page.ctx, user_id)
    return page.redirect(f"/users/{user_id}", _("{name} can sign in again.", name=user.name))


@pages.post("/users/{user_id:int}/invite-again", permission="core.user.invite")
def invite_again(page: Page, user_id: int) -> Response:
    user = operations.invite_again(page.ctx, user_id)
    return page.redirect(f"/users/{user_id}", _("An invitation to {email} is on its way.", email=user.email))


@pages.post("/users/{user_id:int}/sessions/{session_id:int}/end", permission="core.user.disable")
def end_session(page: Page, user_id: int, session_id: int) -> Response:
    operations.end_session(page.ctx, user_id, session_id)
    return page.redirect(f"/users/{user_id}", _("That session has ended."))


@pages.post("/users/{user_id:int}/end-sessions", permission="core.user.disable")
def end_sessions(page: Page, user_id: int) -> Response:
    user = operations.end_sessions(page.ctx, user_id)
    return page.redirect(f"/users/{user_id}", _("{name} is signed out everywhere.", name=user.name))
