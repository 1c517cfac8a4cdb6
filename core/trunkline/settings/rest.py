"""REST: settings of core and plugins."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match_or_none
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.proof import Proof, proof
from trunkline.rest.routing import RestRoutes
from trunkline.settings import operations, queries
from trunkline.settings.connections import attempt, checks_of

settings = RestRoutes("/settings", "settings")


class SettingOut(BaseModel):
    """One setting. The value of a secret is never sent; `is_set` says whether there is one."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    value: Any
    source: str
    is_secret: bool
    is_set: bool
    place: str


class SettingsOut(Listing[SettingOut]):
    """The settings of one plugin. `version` grows with every saved change of them; what was changed since is refused by it."""

    version: int


class SettingsIn(BaseModel):
    """Settings to change, by name; the others stay. With `version`, only if nobody saved any of them since."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Any]
    version: int | None = None


class ConnectionOut(BaseModel):
    """A connection that settings set up, and can be tried by its name."""

    name: str
    label: str


class TriedOut(BaseModel):
    """How a connection was, in words; `remedy` is what to do where it failed."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    label: str
    works: bool
    message: str
    remedy: str


@settings.get("/{owner}", permission="core.settings.view")
def show(ctx: Context, owner: str) -> SettingsOut:
    """The settings of one plugin (`core` for the trunk's own), each with its source."""
    return _out(ctx, owner)


@settings.patch("/{owner}", permission="core.settings.edit")
def change(
    ctx: Context,
    owner: str,
    body: SettingsIn,
    proof: Proof = proof,
    version: int | None = if_match_or_none,
) -> SettingsOut:
    """Save some settings of one plugin. With `If-Match`, or `version`, only if nobody saved any of them since.

    A secret among them needs an access token of a sign-in not older than ten minutes, as the page asks for the password.
    """
    secrets = {one.name for one in queries.settings_of(ctx, owner).settings if one.is_secret}
    if secrets & body.values.keys():
        proof.require()
    operations.save(ctx, owner, body.values, version if body.version is None else body.version)
    return _out(ctx, owner)


@settings.delete("/{owner}/{name}", permission="core.settings.edit")
def forget(ctx: Context, owner: str, name: str, proof: Proof = proof) -> None:
    """Go back to the default of one setting, or remove a saved secret.

    Where a plugin keeps secrets in its settings, this needs an access token of a sign-in not older than ten minutes, as the page
    asks for the password.
    """
    if queries.settings_of(ctx, owner).opens_secrets:
        proof.require()
    operations.forget(ctx, owner, name)


@settings.get("/{owner}/connections", permission="core.settings.view")
def connections(ctx: Context, owner: str) -> Listing[ConnectionOut]:
    """The connections that the settings of one plugin set up."""
    queries.settings_of(ctx, owner)
    return list_of(
        [ConnectionOut(name=one.name, label=str(_(one.label))) for one in checks_of(ctx.app, owner)]
    )


@settings.post("/{owner}/connections/{name}", permission="core.settings.edit", status=200, reads=True)
def try_connection(ctx: Context, owner: str, name: str) -> TriedOut:
    """Try one connection with what is saved, which may take some seconds. Nothing is sent or changed there."""
    return TriedOut.model_validate(attempt(ctx, owner, name), from_attributes=True)


def _out(ctx: Context, owner: str) -> SettingsOut:
    found = queries.settings_of(ctx, owner)
    rows = [SettingOut.model_validate(item, from_attributes=True) for item in found.settings]
    return SettingsOut(items=rows, next=None, total=len(rows), total_is_exact=True, version=found.version)
