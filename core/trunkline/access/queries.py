"""What is read about roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, func, select
from sqlmodel import col

from trunkline.access.models import Role, RoleGrant, UserRole
from trunkline.access.roles import ADMINISTRATOR
from trunkline.auth.models import User
from trunkline.errors import Refused
from trunkline.i18n import gettext, translate
from trunkline.operation import Context
from trunkline.plugin import Permission
from trunkline.web.table_reading import count_beside

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext
#: A role with more users than this has many; a list has several such roles.
USERS_COUNTED = 500


@dataclass(frozen=True)
class PermissionGroup:
    """The permissions of one plugin that a role of one audience may hold."""

    owner: str
    label: str
    permissions: Sequence[Permission]


def list_roles(ctx: Context) -> Select[Any]:
    """Every role with the number of its permissions and users, counted as far as `USERS_COUNTED`, for lists and REST."""
    users: Any = count_beside(
        select(col(UserRole.user_id)).where(col(UserRole.role_id) == col(Role.id)).correlate(Role),
        USERS_COUNTED,
    )
    grants = (
        select(func.count())
        .select_from(RoleGrant)
        .where(col(RoleGrant.role_id) == col(Role.id), col(RoleGrant.granted))
        .scalar_subquery()
    )
    return select(
        col(Role.id).label("id"),
        col(Role.name).label("name"),
        col(Role.label).label("label"),
        col(Role.description).label("description"),
        col(Role.audience).label("audience"),
        col(Role.is_builtin).label("is_builtin"),
        col(Role.row_scope).label("row_scope"),
        col(Role.requires_second_factor).label("requires_second_factor"),
        col(Role.version).label("version"),
        users.label("users"),
        grants.label("permissions"),
    )


def role(ctx: Context, name: str) -> Role:
    """One role. Raises NotFound."""
    return ctx.load_by(Role, Role.name, name)


def grants_of(ctx: Context, role_id: int) -> frozenset[str]:
    """The permissions that a role grants by rows (an administrator has none and holds all)."""
    rows = ctx.session.scalars(
        select(col(RoleGrant.permission)).where(col(RoleGrant.role_id) == role_id, col(RoleGrant.granted))
    )
    return frozenset(rows)


def permissions_by_role(ctx: Context) -> Mapping[str, frozenset[str]]:
    """Every role's granted permissions by its name; every declared one for administrators."""
    rows = ctx.session.execute(
        select(col(Role.name), col(RoleGrant.permission)).outerjoin(
            RoleGrant, and_(col(RoleGrant.role_id) == col(Role.id), col(RoleGrant.granted))
        )
    )
    found: dict[str, set[str]] = {}
    for name, permission in rows:
        granted = found.setdefault(name, set())
        if permission:
            granted.add(permission)
    found[ADMINISTRATOR] = {p.name for p in ctx.app.permissions.values() if p.audience == "staff"}
    return {name: frozenset(granted) for name, granted in found.items()}


def roles_of(ctx: Context, user_id: int) -> list[Role]:
    """The roles that a user holds, by label."""
    statement = (
        select(Role)
        .join(UserRole, col(UserRole.role_id) == col(Role.id))
        .where(col(UserRole.user_id) == user_id)
        .order_by(col(Role.label))
    )
    return list(ctx.session.scalars(statement))


def holders_of(ctx: Context, role_id: int) -> list[User]:
    """The first hundred users who hold a role, by name."""
    statement = (
        ctx.visible(User)
        .join(UserRole, col(UserRole.user_id) == col(User.id))
        .where(col(UserRole.role_id) == role_id)
        .order_by(col(User.name))
        .limit(100)
    )
    return list(ctx.session.scalars(statement))


def role_choices(ctx: Context, audience: str) -> list[tuple[str, str]]:
    """(name, label) of the roles for an audience, built-in ones first."""
    statement = (
        select(col(Role.name), col(Role.label))
        .where(col(Role.audience) == audience)
        .order_by(col(Role.is_builtin).desc(), col(Role.id))
    )
    return [(name, translate(label)) for name, label in ctx.session.execute(statement)]


def roles_by_name(ctx: Context, names: Sequence[str]) -> list[Role]:
    """The roles of these names. Raises Refused (field `roles`) naming the first that does not exist."""
    found = {item.name: item for item in ctx.session.scalars(select(Role).where(col(Role.name).in_(names)))}
    for name in names:
        if name not in found:
            known = ", ".join(ctx.session.scalars(select(col(Role.name)).order_by(col(Role.id))))
            raise Refused(
                _("There is no role “{name}”.", name=name),
                field="roles",
                remedy=_("Use one of {known}.", known=known),
            )
    return [found[name] for name in dict.fromkeys(names)]


def permission_groups(app: "App", audience: str) -> list[PermissionGroup]:
    """The declared permissions for an audience, by plugin in the order of configuration."""
    groups = []
    for plugin in app.plugins:
        offered = [item for item in plugin.permissions if item.audience == audience]
        if offered:
            groups.append(PermissionGroup(plugin.name, plugin.label, offered))
    return groups
