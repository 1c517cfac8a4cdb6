"""REST: service accounts and their keys."""

from typing import Any

from trunkline.auth import api_keys
from trunkline.auth.models import ApiKey
from trunkline.auth.schemas import CreateApiKey
from trunkline.auth.service_accounts import operations, queries
from trunkline.auth.service_accounts.schemas import (
    ApiKeyOut,
    CreateServiceAccount,
    EditServiceAccount,
    MadeApiKeyOut,
    ServiceAccountOut,
)
from trunkline.auth.service_accounts.tables import SERVICE_ACCOUNTS
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes

accounts = RestRoutes("/service-accounts", "service accounts")
_EDIT = "core.service_account.edit"


@accounts.get("", permission="core.service_account.list", table=SERVICE_ACCOUNTS)
def list_accounts(ctx: Context, params: ListParams = list_params) -> Listing[ServiceAccountOut]:
    """Accounts of programs."""
    return read_list(ctx, SERVICE_ACCOUNTS, queries.list_accounts(ctx), params, ServiceAccountOut)


@accounts.get("/{account_id}", permission="core.service_account.view")
def show(ctx: Context, account_id: int) -> ServiceAccountOut:
    """One service account by key."""
    return _account(ctx, account_id)


@accounts.post("", permission="core.service_account.create", sudo=True, by_service=True)
def create(ctx: Context, command: CreateServiceAccount) -> ServiceAccountOut:
    """Make a service account; it can do nothing until it has a key."""
    return _account(ctx, operations.create(ctx, command).key)


@accounts.patch("/{account_id}", permission=_EDIT, sudo=True, by_service=True)
def edit(
    ctx: Context, account_id: int, command: EditServiceAccount, version: int | None = if_match
) -> ServiceAccountOut:
    """Change name and roles."""
    operations.edit(ctx, account_id, command.model_copy(update={"version": version}))
    return _account(ctx, account_id)


@accounts.post(
    "/{account_id}/disable", permission="core.service_account.disable", status=200, sudo=True, by_service=True
)
def disable(ctx: Context, account_id: int) -> ServiceAccountOut:
    """Stop every key of the account at once."""
    operations.disable(ctx, account_id)
    return _account(ctx, account_id)


@accounts.post("/{account_id}/enable", permission="core.service_account.disable", status=200)
def enable(ctx: Context, account_id: int) -> ServiceAccountOut:
    """Let the account's keys work again."""
    operations.enable(ctx, account_id)
    return _account(ctx, account_id)


@accounts.get("/{account_id}/keys", permission="core.service_account.view")
def list_keys(ctx: Context, account_id: int) -> Listing[ApiKeyOut]:
    """The account's keys that were not revoked, newest first."""
    queries.account(ctx, account_id)
    return list_of([ApiKeyOut(**_facts(key)) for key in api_keys.keys_of(ctx, account_id)])


# Opens its own unit of work: a key must not be remembered for repeats under an Idempotency-Key.
@accounts.post("/{account_id}/keys", permission=_EDIT, reads=True, sudo=True, by_service=True)
def create_key(ctx: Context, account_id: int, command: CreateApiKey) -> MadeApiKeyOut:
    """Make a key. `key` is in this answer only; `days` 0 lets it live until it is revoked."""
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id) as unit:
        key, secret = operations.create_key(unit, account_id, command)
        return MadeApiKeyOut(**_facts(key), key=secret)


@accounts.delete("/{account_id}/keys/{key_id}", permission=_EDIT)
def revoke_key(ctx: Context, account_id: int, key_id: int) -> None:
    """Make a key stop working at once."""
    operations.revoke_key(ctx, account_id, key_id)


def _account(ctx: Context, account_id: int) -> ServiceAccountOut:
    return ServiceAccountOut.model_validate(dict(queries.account_row(ctx, account_id)))


def _facts(key: ApiKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in ApiKeyOut.model_fields}
