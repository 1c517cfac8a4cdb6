"""REST: roles and what they grant."""

from trunkline.access import queries
from trunkline.access.schemas import RoleOut
from trunkline.operation import Context
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes

roles = RestRoutes("/roles", "roles")


@roles.get("", permission="core.role.list")
def list_roles(ctx: Context) -> Listing[RoleOut]:
    """Every role with its permissions."""
    granted = queries.permissions_by_role(ctx)
    rows = ctx.session.execute(queries.list_roles(ctx)).mappings()
    return list_of(
        [RoleOut.model_validate({**row, "permissions": sorted(granted[row["name"]])}) for row in rows]
    )
