"""REST: the keys that sign access tokens."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from trunkline.auth.signing_keys.tables import SIGNING_KEYS, list_keys
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/signing-keys", "auth")


class SigningKeyRow(BaseModel):
    """A key by its `kid`, without its private part; the public one is at `/auth/jwks`."""

    model_config = ConfigDict(from_attributes=True)

    kid: str
    algorithm: str
    state: Literal["signs", "verifies", "over"]
    created_at: datetime
    retired_at: datetime | None
    verifies_until: datetime | None


@rest.get("", permission="core.signing_key.list", table=SIGNING_KEYS)
def signing_keys(ctx: Context, params: ListParams = list_params) -> Listing[SigningKeyRow]:
    """Keys that sign or signed access tokens, newest first."""
    return read_list(ctx, SIGNING_KEYS, list_keys(ctx), params, SigningKeyRow)
