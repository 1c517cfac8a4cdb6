"""Who may do something: the users whose roles grant permissions."""

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlmodel import col

from trunkline.access.models import Role, RoleGrant, UserRole
from trunkline.access.roles import ADMINISTRATOR
from trunkline.auth.models import User, UserKind, UserStatus


def users_who_may(*permissions: str) -> Select[User]:
    """Active members of staff, and programs, who hold every one of these permissions by their roles, by name."""
    return (
        select(User)
        .where(
            col(User.kind).in_((UserKind.STAFF, UserKind.SERVICE)),
            col(User.status) == UserStatus.ACTIVE,
            *(_holds(permission) for permission in permissions),
        )
        .order_by(col(User.name), col(User.id))
    )


def _holds(permission: str) -> ColumnElement[bool]:
    granted = exists().where(
        col(RoleGrant.role_id) == col(Role.id),
        col(RoleGrant.permission) == permission,
        col(RoleGrant.granted),
    )
    return exists().where(
        col(UserRole.user_id) == col(User.id),
        col(Role.id) == col(UserRole.role_id),
        or_(col(Role.name) == ADMINISTRATOR, granted),
    )
