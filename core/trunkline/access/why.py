"""What somebody may do and why, and who may do something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from trunkline.access import queries
from trunkline.access.holding import users_who_may
from trunkline.access.models import Role, RoleGrant, RowScope
from trunkline.access.roles import ADMINISTRATOR
from trunkline.access.schemas import ROW_SCOPES, PermissionOut
from trunkline.auth.models import User, UserKind
from trunkline.customers.models import Reseller
from trunkline.errors import NotFound
from trunkline.i18n import gettext, translate
from trunkline.operation import Context
from trunkline.plugin import Permission

_ = gettext


@dataclass(frozen=True)
class Access:
    """What a user may do and why. `grants` names for each permission the labels of the roles that grant it."""

    audience: str
    everything: bool
    grants: Mapping[str, Sequence[str]]
    #: Row scopes of the roles; `all` alone when one of them shows every customer.
    rows: Sequence[str]
    #: The same in words, with the fact that picks the customers.
    shows: Sequence[str]


def access_of(ctx: Context, user: User) -> Access:
    """What the roles of a user come to; emergency access is not counted. Permissions of disabled plugins are left out."""
    roles = queries.roles_of(ctx, user.key)
    audience = "portal" if user.kind == UserKind.PORTAL else "staff"
    everything = any(role.name == ADMINISTRATOR for role in roles)
    grants: dict[str, list[str]] = {}
    declared = [item.name for item in ctx.app.permissions.values() if item.audience == audience]
    for role in roles:
        held = declared if role.name == ADMINISTRATOR else queries.grants_of(ctx, role.key)
        for name in held:
            grants.setdefault(name, []).append(translate(role.label))
    rows = list(dict.fromkeys(role.row_scope for role in roles))
    if everything or RowScope.ALL in rows:
        rows = [RowScope.ALL.value]
    shows = [_in_words(ctx, user, scope) for scope in rows] if audience == "staff" else []
    return Access(audience, everything, grants, rows, shows)


def _in_words(ctx: Context, user: User, scope: str) -> str:
    words = str(_(ROW_SCOPES[scope]))
    if scope == RowScope.TAG:
        return f"{words}: {', '.join(user.scope_tags) or _('none given yet, so none is seen')}"
    if scope == RowScope.RESELLER:
        reseller = ctx.session.get(Reseller, user.reseller_id) if user.reseller_id is not None else None
        return f"{words}: {reseller.name if reseller else _('none given yet, so none is seen')}"
    return words


def permission(ctx: Context, name: str) -> Permission:
    """A declared permission. Raises NotFound."""
    found = ctx.app.permissions.get(name)
    if found is None:
        raise NotFound(_("No enabled plugin declares the permission “{name}”.", name=name))
    return found


def roles_granting(ctx: Context, name: str) -> Sequence[Role]:
    """The roles that grant a permission, by label."""
    statement = (
        select(Role)
        .outerjoin(
            RoleGrant,
            and_(col(RoleGrant.role_id) == col(Role.id), col(RoleGrant.permission) == name),
        )
        .where(_granting(ctx, name))
        .order_by(col(Role.label))
    )
    return ctx.session.scalars(statement).all()


def _granting(ctx: Context, name: str) -> ColumnElement[bool]:
    granted = col(RoleGrant.granted).is_(True)
    staff = permission(ctx, name).audience == "staff"
    return or_(granted, col(Role.name) == ADMINISTRATOR) if staff else granted


def people_who_may(ctx: Context, name: str, limit: int = 200) -> Sequence[User]:
    """Active members of staff, and programs, who hold a permission and whom the actor sees, by name."""
    if permission(ctx, name).audience != "staff":
        return []
    statement = users_who_may(name).where(*ctx.visible_conditions(User)).limit(limit)
    return ctx.session.scalars(statement).all()


def permissions(ctx: Context) -> list[PermissionOut]:
    """Every declared permission with the roles that grant it, by plugin."""
    granted = queries.permissions_by_role(ctx)
    return [
        PermissionOut(
            name=item.name,
            label=str(_(item.label)),
            plugin=plugin.name,
            audience=item.audience,
            roles=sorted(role for role, names in granted.items() if item.name in names),
        )
        for plugin in ctx.app.plugins
        for item in plugin.permissions
    ]
