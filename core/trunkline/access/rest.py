"""REST: roles and what they grant."""

from sqlmodel import col

from trunkline.access import operations, queries, why
from trunkline.access.models import Role
from trunkline.access.schemas import (
    AccessOut,
    CreateRole,
    EditRole,
    GrantOut,
    PermissionOut,
    RoleFacts,
    RoleOut,
    RowFacts,
)
from trunkline.access.tables import ROLES
from trunkline.auth.models import User
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes

roles = RestRoutes("/roles", "roles")


@roles.get("", permission="core.role.list", table=ROLES)
def list_roles(ctx: Context, params: ListParams = list_params) -> Listing[RoleOut]:
    """Every role with its permissions."""
    listed = read_list(ctx, ROLES, queries.list_roles(ctx), params, RoleFacts)
    granted = queries.permissions_by_role(ctx)
    return Listing[RoleOut](
        items=[RoleOut(**row.model_dump(), permissions=sorted(granted[row.name])) for row in listed.items],
        next=listed.next,
        total=listed.total,
        total_is_exact=listed.total_is_exact,
    )


@roles.get("/{name}", permission="core.role.view")
def show_role(ctx: Context, name: str) -> RoleOut:
    """One role."""
    return _role(ctx, name)


@roles.post("", permission="core.role.create", sudo=True, by_service=True)
def create_role(ctx: Context, command: CreateRole) -> RoleOut:
    """Make a role of the operator's own."""
    return _role(ctx, operations.create_role(ctx, command).name)


@roles.patch("/{name}", permission="core.role.edit", sudo=True, by_service=True)
def edit_role(ctx: Context, name: str, command: EditRole, version: int | None = if_match) -> RoleOut:
    """Say what a role is called and grants: `permissions` replaces what it granted."""
    operations.edit_role(ctx, name, command.model_copy(update={"version": version}))
    return _role(ctx, name)


@roles.delete("/{name}", permission="core.role.delete", sudo=True, by_service=True)
def delete_role(ctx: Context, name: str) -> None:
    """Remove a role that nobody holds."""
    operations.delete_role(ctx, name)


permissions = RestRoutes("/permissions", "roles")


@permissions.get("", permission="core.role.list")
def list_permissions(ctx: Context) -> Listing[PermissionOut]:
    """Every permission that an enabled plugin declares, with the roles that grant it."""
    return list_of(why.permissions(ctx))


@permissions.get("/users/{user_id}", permission="core.user.view")
def permissions_of_user(ctx: Context, user_id: int) -> AccessOut:
    """What a person may do, by which roles, and whose rows they see."""
    return _access(ctx, ctx.load(User, user_id))


@permissions.patch("/users/{user_id}", permission="core.user.edit", sudo=True, by_service=True)
def set_row_facts(ctx: Context, user_id: int, command: RowFacts, version: int | None = if_match) -> AccessOut:
    """Say by which reseller (its code) and tags a person sees customers, where their roles ask for these."""
    changed = command.model_copy(update={"version": version})
    return _access(ctx, operations.set_row_facts(ctx, user_id, changed))


def _access(ctx: Context, user: User) -> AccessOut:
    access = why.access_of(ctx, user)
    found = [
        GrantOut(permission=name, label=str(ctx.app.permission_label(name)), roles=list(roles))
        for name, roles in sorted(access.grants.items())
    ]
    return AccessOut(
        user=user.key,
        everything=access.everything,
        rows=list(access.rows),
        tags=user.scope_tags,
        permissions=found,
        version=user.version,
    )


def _role(ctx: Context, name: str) -> RoleOut:
    found = queries.role(ctx, name)
    row = ctx.session.execute(queries.list_roles(ctx).where(col(Role.id) == found.key)).mappings().one()
    granted = queries.permissions_by_role(ctx)[name]
    return RoleOut.model_validate({**row, "permissions": sorted(granted)})
