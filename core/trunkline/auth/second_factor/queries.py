"""What is read about second factors: which somebody has, and whether one is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, or_, select
from sqlmodel import col

from trunkline.access.models import Role, UserRole
from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.auth.second_factor import backup_codes, devices, totp
from trunkline.auth.second_factor.devices import Device
from trunkline.auth.second_factor.models import Passkey, TotpFactor
from trunkline.db.prepared import Prepared, columns
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class PasskeyView:
    """One passkey, as its owner sees it."""

    id: int
    name: str
    host: str
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What somebody can prove themselves with beside the password."""

    #: Since when an app shows codes for this user; None without one.
    app_since: datetime | None
    passkeys: Sequence[PasskeyView]
    codes_left: int
    devices: Sequence[Device]
    #: Labels of the roles that demand a second factor.
    required_by: Sequence[str]

    @property
    def count(self) -> int:
        """How many factors there are; backup codes stand in for one and are none of their own."""
        return len(self.passkeys) + (self.app_since is not None)


def factors_of(ctx: Context, user_id: int) -> Factors:
    """The second factors of a user."""
    app = totp.confirmed(ctx.session, user_id)
    return Factors(
        app_since=app.confirmed_at if app is not None else None,
        passkeys=passkeys_of(ctx, user_id),
        codes_left=backup_codes.left(ctx, user_id),
        devices=devices.devices_of(ctx, user_id),
        required_by=required_by(ctx, user_id),
    )


def passkeys_of(ctx: Context, user_id: int) -> list[PasskeyView]:
    """The passkeys of a user, the oldest first."""
    rows = ctx.session.scalars(
        select(Passkey).where(col(Passkey.user_id) == user_id).order_by(col(Passkey.id))
    )
    return [
        PasskeyView(row.key, row.name, row.host, row.is_synced, row.created_at, row.last_used_at)
        for row in rows
    ]


_USER, _APP, _PASSKEY = columns(User), columns(TotpFactor), columns(Passkey)
_ROLE, _HELD = columns(Role), columns(UserRole)
_PROVABLE = Prepared(
    select(_USER.id).where(
        _USER.id == bindparam("user_id"),
        or_(
            exists().where(_APP.user_id == _USER.id, _APP.confirmed_at.is_not(None)),
            exists().where(_PASSKEY.user_id == _USER.id),
        ),
    )
)
_DEMANDING = Prepared(
    select(_ROLE.label)
    .join(UserRole, _HELD.role_id == _ROLE.id)
    .where(_HELD.user_id == bindparam("user_id"), _ROLE.requires_second_factor)
    .order_by(_ROLE.label)
)


def has_factor(session: "Session", user_id: int) -> bool:
    """Whether somebody must show more than a password."""
    if session.autoflush:
        session.flush()
    return bool(_PROVABLE.found(session.connection(), user_id=user_id))


def required_by(ctx: Context, user_id: int) -> list[str]:
    """Labels of the user's roles that demand a second factor, and of the setting if it demands one of everybody."""
    roles = [row.label for row in _DEMANDING.rows(ctx, user_id=user_id)]
    demanded_of = ctx.settings(CoreSettings).second_factor_of
    if demanded_of != "roles":
        kind = ctx.session.scalar(select(col(User.kind)).where(col(User.id) == user_id))
        if kind == UserKind.STAFF or (demanded_of == "everybody" and kind == UserKind.PORTAL):
            roles.append(_("Settings for everybody"))
    return roles


def people_without(ctx: Context, role_id: int) -> list[int]:
    """Keys of the active people of a role who have no second factor; programs have none ever."""
    proved = (
        select(col(TotpFactor.user_id))
        .where(col(TotpFactor.confirmed_at).is_not(None))
        .union(select(col(Passkey.user_id)))
    )
    return list(
        ctx.session.scalars(
            select(col(User.id))
            .join(UserRole, col(User.id) == col(UserRole.user_id))
            .where(
                col(UserRole.role_id) == role_id,
                col(User.status) == UserStatus.ACTIVE,
                col(User.kind).in_([UserKind.STAFF, UserKind.PORTAL]),
                col(User.id).not_in(proved),
            )
        )
    )
