"""What is read about service accounts."""

from typing import Any

from sqlalchemy import RowMapping, Select, String, and_, func, or_, select, type_coerce
from sqlmodel import col

from trunkline.access.models import Role, UserRole
from trunkline.access.roles import permissions_of
from trunkline.auth.models import ApiKey, User, UserKind
from trunkline.errors import NotFound
from trunkline.i18n import gettext
from trunkline.operation import Context

_ = gettext

#: Stands where a person has an e-mail address; nothing is ever sent there (RFC 2606, 2).
DOMAIN = "service.invalid"


def list_accounts(ctx: Context) -> Select[Any]:
    """Service accounts with their roles, and how many keys work."""
    held = (
        select(Role)
        .join(UserRole, col(UserRole.role_id) == col(Role.id))
        .where(col(UserRole.user_id) == col(User.id))
        .correlate(User)
    )
    labels, names = (
        held.with_only_columns(type_coerce(func.aggregate_strings(column, mark), String)).scalar_subquery()
        for column, mark in ((col(Role.label), "|"), (col(Role.name), ","))
    )
    works = and_(
        col(ApiKey.user_id) == col(User.id),
        col(ApiKey.revoked_at).is_(None),
        or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > ctx.now()),
    )
    keys = select(func.count(col(ApiKey.id))).where(works).correlate(User).scalar_subquery()
    used = (
        select(func.max(col(ApiKey.last_used_at)))
        .where(col(ApiKey.user_id) == col(User.id))
        .correlate(User)
        .scalar_subquery()
    )
    return select(
        col(User.id).label("id"),
        func.replace(col(User.email), f"@{DOMAIN}", "").label("code"),
        col(User.name).label("name"),
        col(User.status).label("status"),
        labels.label("role_labels"),
        names.label("roles"),
        keys.label("keys"),
        used.label("last_used_at"),
        col(User.created_at).label("created_at"),
        col(User.version).label("version"),
    ).where(col(User.kind) == UserKind.SERVICE, *ctx.visible_conditions(User))


def account_row(ctx: Context, account_id: int) -> RowMapping:
    """One service account as the list shows it. Raises NotFound."""
    row = ctx.session.execute(list_accounts(ctx).where(col(User.id) == account_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(_("There is no service account {id}.", id=account_id))
    return row


def account(ctx: Context, account_id: int, *, version: int | None = None, lock: bool = False) -> User:
    """One service account. Raises NotFound, also for a person, and Conflict when `version` is not its own any more."""
    user = ctx.load(User, account_id, version=version, lock=lock)
    if user.kind != UserKind.SERVICE:
        raise NotFound(_("There is no service account {id}.", id=account_id))
    return user


def grantable(ctx: Context, user: User) -> list[tuple[str, str]]:
    """(name, label) of the permissions that a key of this account can be narrowed to."""
    held = permissions_of(ctx.session, user.key)
    return [
        (item.name, item.label)
        for item in ctx.app.permissions.values()
        if item.audience == "staff" and (held is None or item.name in held)
    ]
