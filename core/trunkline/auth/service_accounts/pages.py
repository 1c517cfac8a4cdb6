"""The pages of service accounts and their keys."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.access import queries as access
from trunkline.access.matrix import Matrix
from trunkline.auth import api_keys
from trunkline.auth.profile_pages import with_permissions
from trunkline.auth.schemas import ApiKeyFacts
from trunkline.auth.service_accounts import operations, queries
from trunkline.auth.service_accounts.schemas import CreateServiceAccount, EditServiceAccount
from trunkline.auth.service_accounts.tables import SERVICE_ACCOUNTS
from trunkline.i18n import gettext
from trunkline.web.pages import Page, Pages

_ = gettext

pages = Pages()
_LIST = "/service-accounts"
_EDIT = "core.service_account.edit"


@pages.get(_LIST, permission="core.service_account.list")
def list_accounts(page: Page) -> Response:
    page.title = _("Service accounts")
    return page.table("service_accounts/list.html", SERVICE_ACCOUNTS, queries.list_accounts(page.ctx))


def _new(page: Page) -> Mapping[str, Any]:
    page.crumbs((_("Service accounts"), _LIST), (_("New"), ""))
    return {"form_options": {"choices": {"roles": access.role_choices(page.ctx, "staff")}, "cancel": _LIST}}


@pages.form(
    f"{_LIST}/new",
    permission="core.service_account.create",
    schema=CreateServiceAccount,
    template="service_accounts/form.html",
    title=_("New service account"),
    initial=_new,
    submit=_("Make the account"),
    sudo=True,
)
def create(page: Page, command: CreateServiceAccount) -> Response:
    user = operations.create(page.ctx, command)
    return page.redirect(f"{_LIST}/{user.key}", _("Made. Give it a key now."))


@pages.get(f"{_LIST}/{{account_id:int}}", permission="core.service_account.view")
def show(page: Page, account_id: int) -> Response:
    row = queries.account_row(page.ctx, account_id)
    page.title = row["name"]
    page.crumbs((_("Service accounts"), _LIST), (page.title, ""))
    return page.render(
        "service_accounts/account.html",
        account=row,
        roles=access.roles_of(page.ctx, account_id),
        keys=api_keys.keys_of(page.ctx, account_id),
    )


def _values(page: Page, account_id: int) -> Mapping[str, Any]:
    user, here = queries.account(page.ctx, account_id), f"{_LIST}/{account_id}"
    page.crumbs((_("Service accounts"), _LIST), (user.name, here), (_("Edit"), ""))
    return {
        "name": user.name,
        "roles": [role.name for role in access.roles_of(page.ctx, account_id)],
        "version": user.version,
        "form_options": {"choices": {"roles": access.role_choices(page.ctx, "staff")}, "cancel": here},
    }


@pages.form(
    f"{_LIST}/{{account_id:int}}/edit",
    permission=_EDIT,
    schema=EditServiceAccount,
    template="service_accounts/form.html",
    title=_("Change a service account"),
    initial=_values,
    sudo=True,
)
def edit(page: Page, command: EditServiceAccount, account_id: int) -> Response:
    operations.edit(page.ctx, account_id, command)
    return page.redirect(f"{_LIST}/{account_id}", _("Saved."))


@pages.post(f"{_LIST}/{{account_id:int}}/disable", permission="core.service_account.disable", sudo=True)
def disable(page: Page, account_id: int) -> Response:
    user = operations.disable(page.ctx, account_id)
    return page.redirect(
        f"{_LIST}/{account_id}", _("The keys of {name} do not work any more.", name=user.name)
    )


@pages.post(f"{_LIST}/{{account_id:int}}/enable", permission="core.service_account.disable")
def enable(page: Page, account_id: int) -> Response:
    user = operations.enable(page.ctx, account_id)
    return page.redirect(f"{_LIST}/{account_id}", _("The keys of {name} work again.", name=user.name))


def _key_schema(page: Page, account_id: int) -> type[BaseModel]:
    user, here = queries.account(page.ctx, account_id), f"{_LIST}/{account_id}"
    page.crumbs((_("Service accounts"), _LIST), (user.name, here), (_("New API key"), ""))
    offered = [name for name, _label in queries.grantable(page.ctx, user)]
    return page.app.part(Matrix).choice(ApiKeyFacts, offered)


def _new_key(page: Page, account_id: int) -> Mapping[str, Any]:
    return {"days": 365, "form_options": {"cancel": f"{_LIST}/{account_id}"}}


@pages.form(
    f"{_LIST}/{{account_id:int}}/keys/new",
    permission=_EDIT,
    schema=_key_schema,
    template="auth/new_api_key.html",
    title=_("New API key"),
    initial=_new_key,
    submit=_("Make the key"),
    sudo=True,
)
def create_key(page: Page, command: BaseModel, account_id: int) -> Response:
    key, secret = operations.create_key(page.ctx, account_id, with_permissions(page, command))
    user, here = queries.account(page.ctx, account_id), f"{_LIST}/{account_id}"
    page.crumbs((_("Service accounts"), _LIST), (user.name, here), (key.name, ""))
    return page.render("auth/api_key_made.html", key=key, secret=secret, back=here)


@pages.post(f"{_LIST}/{{account_id:int}}/keys/{{key_id:int}}/revoke", permission=_EDIT)
def revoke_key(page: Page, account_id: int, key_id: int) -> Response:
    key = operations.revoke_key(page.ctx, account_id, key_id)
    toast = _("The key “{name}” does not work any more.", name=key.name)
    return page.redirect(f"{_LIST}/{account_id}", toast)
