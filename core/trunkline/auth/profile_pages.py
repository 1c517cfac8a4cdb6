"""The pages of one's own account: profile, password, sessions, API keys."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.auth import api_keys, own_account, queries
from trunkline.auth.schemas import ChangePassword, CreateApiKey, Profile
from trunkline.i18n import gettext
from trunkline.web.pages import SIGNED_IN, Page, Pages

_ = gettext

pages = Pages(audience="any")
_KEYS = "core.api_key.create"


def _account(page: Page) -> Mapping[str, Any]:
    """What every page of the account shows beside its own form."""
    user = own_account.own_user(page.ctx)
    this = page.signed_in.session_id if page.signed_in else None
    page.crumbs((_("Your account"), ""))
    return {
        "user": user,
        "sessions": queries.sessions_of(page.ctx, user.key, this),
        "keys": api_keys.keys_of(page.ctx, user.key),
        "may_have_keys": page.can(_KEYS),
    }


def _own_values(page: Page) -> Mapping[str, Any]:
    user = own_account.own_user(page.ctx)
    return {"name": user.name, "language": user.language}


@pages.form(
    "/profile",
    permission=SIGNED_IN,
    schema=Profile,
    template="auth/profile.html",
    title=_("Your account"),
    initial=_own_values,
    extra=_account,
)
def change_profile(page: Page, command: Profile) -> Response:
    own_account.change_profile(page.ctx, command)
    return page.redirect("/profile", _("Saved."))


def _below_account(page: Page) -> Mapping[str, Any]:
    page.crumbs((_("Your account"), "/profile"), (_("Change password"), ""))
    return {}


@pages.form(
    "/profile/password",
    permission=SIGNED_IN,
    schema=ChangePassword,
    template="auth/change_password.html",
    title=_("Change password"),
    initial=_below_account,
    submit=_("Change password"),
)
def change_password(page: Page, command: ChangePassword) -> Response:
    this = page.signed_in.session_id if page.signed_in else None
    own_account.change_password(page.ctx, command, this_session=this)
    return page.redirect("/profile", _("Your password is changed; you are signed out everywhere else."))


@pages.post("/profile/sessions/{session_id:int}/end", permission=SIGNED_IN)
def end_session(page: Page, session_id: int) -> Response:
    own_account.end_other_session(page.ctx, session_id)
    return page.redirect("/profile", _("That session has ended."))


keys = Pages()


def _permission_choices(page: Page) -> Mapping[str, Any]:
    page.crumbs((_("Your account"), "/profile"), (_("New API key"), ""))
    offered = [
        (item.name, item.label)
        for item in page.app.permissions.values()
        if item.audience == "staff" and page.can(item.name)
    ]
    return {"days": 365, "form_options": {"choices": {"permissions": offered}, "cancel": "/profile"}}


@keys.form(
    "/profile/api-keys/new",
    permission=_KEYS,
    schema=CreateApiKey,
    template="auth/new_api_key.html",
    title=_("New API key"),
    initial=_permission_choices,
    submit=_("Make the key"),
)
def create_key(page: Page, command: CreateApiKey) -> Response:
    key, secret = api_keys.create_key(page.ctx, command)
    page.crumbs((_("Your account"), "/profile"), (key.name, ""))
    return page.render("auth/api_key_made.html", key=key, secret=secret)


@keys.post("/profile/api-keys/{key_id:int}/revoke", permission=_KEYS)
def revoke_key(page: Page, key_id: int) -> Response:
    key = api_keys.revoke_key(page.ctx, key_id)
    return page.redirect("/profile", _("The key “{name}” does not work any more.", name=key.name))
