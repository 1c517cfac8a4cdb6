"""REST: the keys that sign access tokens."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col

from trunkline.auth.signing_keys import operations
from trunkline.auth.signing_keys.models import SigningKey
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


class RotateKey(BaseModel):
    """How the key is changed."""

    model_config = ConfigDict(extra="forbid")

    at_once: bool = Field(
        default=False,
        description="Somebody saw the private key: every token that was signed so far ends now.",
    )


@rest.get("", permission="core.signing_key.list", table=SIGNING_KEYS)
def signing_keys(ctx: Context, params: ListParams = list_params) -> Listing[SigningKeyRow]:
    """Keys that sign or signed access tokens, newest first."""
    return read_list(ctx, SIGNING_KEYS, list_keys(ctx), params, SigningKeyRow)


@rest.post("/rotate", permission="core.signing_key.change", sudo=True)
def rotate(ctx: Context, command: RotateKey) -> SigningKeyRow:
    """Sign with a fresh key from now on; older ones verify until the last token that they signed is over."""
    fresh = operations.rotate(ctx, at_once=command.at_once)
    row = ctx.session.execute(list_keys(ctx).where(col(SigningKey.id) == fresh.key)).mappings().one()
    return SigningKeyRow.model_validate(dict(row))
