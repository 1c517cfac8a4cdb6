"""The pages of one's own account: profile, password, sessions, API keys."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.access.matrix import Matrix, ticked
from trunkline.auth import api_keys, offers, own_account, queries, sudo
from trunkline.auth.impersonation import queries as impersonation
from trunkline.auth.models import User
from trunkline.auth.pages import facts_of
from trunkline.auth.schemas import ApiKeyFacts, ChangePassword, CreateApiKey, NewPassword, Profile
from trunkline.errors import Refused, TooManyRequests
from trunkline.i18n import gettext, use_locale
from trunkline.web.forms import Form
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
        "keeper": offers.keeper_of(page.app, user.origin),
        "sessions": queries.sessions_of(page.ctx, user.key, this),
        "visits": impersonation.visits_of(page.ctx, user.key),
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
    user = own_account.change_profile(page.ctx, command)
    with use_locale(user.language):
        return page.redirect("/profile", str(_("Saved.")))


@pages.post("/profile/shortcuts", permission=SIGNED_IN)
def keep_shortcuts(page: Page) -> Response:
    """The switch in the list of shortcuts, which has shown by itself what it does."""
    own_account.keep_shortcuts(page.ctx, page.form_data.get("wanted") == "on")
    return Response(status_code=204)


@pages.get("/profile/password", permission=SIGNED_IN)
def show_change_password(page: Page) -> Response:
    user = own_account.own_user(page.ctx)
    own_account.check_kept_here(page.ctx, user)
    if user.password_hash is None:
        sudo.require(page)
    return _password_page(page, _password_form(page, user))


@pages.post("/profile/password", permission=SIGNED_IN, reads=True, hashes=True)
def change_password(page: Page) -> Response:
    user = own_account.own_user(page.ctx)
    if user.password_hash is None:
        sudo.require(page)
    form = _password_form(page, user).parse(page.form_data)
    if not form.valid:
        return _password_page(page, form, 422)
    this = page.signed_in.session_id if page.signed_in else None
    command = form.command
    try:
        if isinstance(command, ChangePassword):
            facts = facts_of(page.request)
            own_account.replace_password(page.ctx, command, facts, this_session=this)
        else:
            with page.app.unit_of_work(page.actor, request_id=page.ctx.request_id) as unit:
                own_account.set_first_password(unit, command, this_session=this)
    except (Refused, TooManyRequests) as error:
        return _password_page(page, form.refuse(error.field, str(error)), error.status)
    return page.redirect("/profile", _("Your password is changed; you are signed out everywhere else."))


def _password_form(page: Page, user: User) -> Form[ChangePassword] | Form[NewPassword]:
    if user.password_hash is None:
        return page.form(NewPassword, action="/profile/password", submit=_("Set password"))
    return page.form(ChangePassword, action="/profile/password", submit=_("Change password"))


def _password_page(page: Page, form: Form[ChangePassword] | Form[NewPassword], status: int = 200) -> Response:
    page.title = _("Change password")
    page.crumbs((_("Your account"), "/profile"), (page.title, ""))
    return page.render("auth/change_password.html", status=status, form=form)


@pages.post("/profile/sessions/{session_id:int}/end", permission=SIGNED_IN)
def end_session(page: Page, session_id: int) -> Response:
    own_account.end_other_session(page.ctx, session_id)
    return page.redirect("/profile", _("That session has ended."))


@pages.post("/profile/sessions/end-others", permission=SIGNED_IN)
def end_other_sessions(page: Page) -> Response:
    this = page.signed_in.session_id if page.signed_in else None
    own_account.end_all_other_sessions(page.ctx, this_session=this)
    return page.redirect("/profile", _("You are signed out everywhere else."))


keys = Pages()


def with_permissions(page: Page, command: BaseModel) -> CreateApiKey:
    """What was typed and ticked on the page of a new key.

    All that was ticked, also what is not offered (any more): dropping it silently could leave nothing, which means everything.
    """
    facts = command.model_dump(include=set(ApiKeyFacts.model_fields))
    return CreateApiKey(**facts, permissions=ticked(page.form_data))


def _key_schema(page: Page) -> type[BaseModel]:
    page.crumbs((_("Your account"), "/profile"), (_("New API key"), ""))
    held = [name for name in page.app.permissions if page.can(name)]
    return page.app.part(Matrix).choice(ApiKeyFacts, held)


@keys.form(
    "/profile/api-keys/new",
    permission=_KEYS,
    schema=_key_schema,
    template="auth/new_api_key.html",
    title=_("New API key"),
    initial=lambda page: {"days": 365, "form_options": {"cancel": "/profile"}},
    submit=_("Make the key"),
    sudo=True,
)
def create_key(page: Page, command: BaseModel) -> Response:
    key, secret = api_keys.create_key(page.ctx, with_permissions(page, command))
    page.crumbs((_("Your account"), "/profile"), (key.name, ""))
    return page.render("auth/api_key_made.html", key=key, secret=secret)


@keys.post("/profile/api-keys/{key_id:int}/revoke", permission=_KEYS)
def revoke_key(page: Page, key_id: int) -> Response:
    key = api_keys.revoke_key(page.ctx, key_id)
    return page.redirect("/profile", _("The key “{name}” does not work any more.", name=key.name))
