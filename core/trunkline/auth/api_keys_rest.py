"""REST: API keys of one's own."""

from typing import Any

from trunkline.auth import api_keys
from trunkline.auth.models import ApiKey
from trunkline.auth.own_account import own_user
from trunkline.auth.schemas import CreateApiKey
from trunkline.auth.service_accounts.schemas import ApiKeyOut, MadeApiKeyOut
from trunkline.operation import Context
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/api-keys", "auth")
_OWN = "core.api_key.create"


@rest.get("", permission=_OWN)
def list_keys(ctx: Context) -> Listing[ApiKeyOut]:
    """The caller's own keys that were not revoked, newest first."""
    return list_of([ApiKeyOut(**_facts(key)) for key in api_keys.keys_of(ctx, own_user(ctx).key)])


# Opens its own unit of work: a key must not be remembered for repeats under an Idempotency-Key.
@rest.post("", permission=_OWN, reads=True, sudo=True)
def create_key(ctx: Context, command: CreateApiKey) -> MadeApiKeyOut:
    """Make a key of one's own. `key` is in this answer only; `days` 0 lets it live until it is revoked."""
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id) as unit:
        key, secret = api_keys.create_key(unit, command)
        return MadeApiKeyOut(**_facts(key), key=secret)


@rest.delete("/{key_id}", permission=_OWN)
def revoke_key(ctx: Context, key_id: int) -> None:
    """Make one of one's own keys stop working at once."""
    api_keys.revoke_key(ctx, key_id)


def _facts(key: ApiKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in ApiKeyOut.model_fields}
