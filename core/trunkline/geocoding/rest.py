"""REST: where sites are."""

from trunkline.customers.schemas import SiteOut
from trunkline.geocoding import operations
from trunkline.geocoding.schemas import PinSite
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/customers", "customers")
_EDIT = "core.customer.edit"


@rest.post("/{number}/sites/{site_id}/locate", permission=_EDIT, status=200)
def locate(ctx: Context, number: str, site_id: int) -> SiteOut:
    """Ask the geocoding provider where a site is; `locating` says `waiting` until it has answered."""
    return SiteOut.model_validate(operations.look_up(ctx, number, site_id))


@rest.post("/{number}/sites/{site_id}/pin", permission=_EDIT, status=200)
def pin(ctx: Context, number: str, site_id: int, command: PinSite, version: int | None = if_match) -> SiteOut:
    """Say by hand where a site is; neither coordinate lets its address decide."""
    changed = command.model_copy(update={"version": version})
    return SiteOut.model_validate(operations.pin(ctx, number, site_id, changed))
