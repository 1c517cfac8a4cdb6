"""REST: settings of core and plugins."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from trunkline.operation import Context
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes
from trunkline.settings import operations, queries

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


class SettingsIn(BaseModel):
    """Settings to change, by name; the others stay."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Any]
    version: int | None = None


@settings.get("/{owner}", permission="core.settings.view")
def show(ctx: Context, owner: str) -> Listing[SettingOut]:
    """The settings of one plugin (`core` for the trunk's own), each with its source."""
    return _out(ctx, owner)


@settings.patch("/{owner}", permission="core.settings.edit")
def change(ctx: Context, owner: str, body: SettingsIn) -> Listing[SettingOut]:
    """Save some settings of one plugin."""
    operations.save(ctx, owner, body.values, body.version)
    return _out(ctx, owner)


def _out(ctx: Context, owner: str) -> Listing[SettingOut]:
    found = queries.settings_of(ctx, owner).settings
    return list_of([SettingOut.model_validate(item, from_attributes=True) for item in found])
