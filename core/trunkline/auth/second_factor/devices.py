"""Browsers that need not show the second factor for a while: an opaque cookie, its digest in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlmodel import col

from trunkline.auth.digest import digest, new_token
from trunkline.auth.models import User
from trunkline.auth.second_factor.models import RememberedDevice
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.whereabouts import describe_user_agent
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings


@dataclass(frozen=True)
class Device:
    """One remembered browser, as its owner sees it."""

    id: int
    device: str
    address: str
    last_used_at: datetime
    expires_at: datetime


def remember(ctx: Context, user_id: int, facts: RequestFacts) -> str | None:
    """Remember this browser; returns its cookie's token, or None where the operator switched that off."""
    days = ctx.settings(CoreSettings).remember_device_days
    if not days:
        return None
    token, now = new_token(), ctx.now()
    ctx.session.add(
        RememberedDevice(
            user_id=user_id,
            token_hash=digest(token),
            address=facts.address[:64],
            user_agent=facts.user_agent[:300],
            created_at=now,
            last_used_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    ctx.session.flush()
    return token


def is_remembered(ctx: Context, user_id: int, token: str) -> bool:
    """Whether the browser with this cookie is remembered for this user; notes in a writing unit that it came back."""
    if not token or not ctx.settings(CoreSettings).remember_device_days:
        return False
    key = ctx.session.scalar(
        select(col(RememberedDevice.id)).where(
            col(RememberedDevice.token_hash) == digest(token), *_valid(ctx, user_id)
        )
    )
    if key is not None and ctx.writing:
        ctx.session.execute(
            update(RememberedDevice).where(col(RememberedDevice.id) == key).values(last_used_at=ctx.now())
        )
    return key is not None


def devices_of(ctx: Context, user_id: int) -> list[Device]:
    """The browsers remembered for a user, the most recently used first."""
    rows = ctx.session.scalars(
        select(RememberedDevice)
        .where(*_valid(ctx, user_id))
        .order_by(col(RememberedDevice.last_used_at).desc(), col(RememberedDevice.id).desc())
    )
    return [
        Device(row.key, describe_user_agent(row.user_agent), row.address, row.last_used_at, row.expires_at)
        for row in rows
    ]


def forget(ctx: Context, user_id: int, device_id: int | None = None) -> None:
    """Forget one remembered browser of a user, or every one."""
    statement = delete(RememberedDevice).where(col(RememberedDevice.user_id) == user_id)
    if device_id is not None:
        statement = statement.where(col(RememberedDevice.id) == device_id)
    ctx.session.execute(statement)


def sweep(ctx: Context) -> None:
    """Forget browsers whose time is over."""
    ctx.session.execute(delete(RememberedDevice).where(col(RememberedDevice.expires_at) <= ctx.now()))


def _valid(ctx: Context, user_id: int) -> list[ColumnElement[bool]]:
    """A new password makes every browser a stranger again, whoever set it and by whatever way."""
    password_set = select(col(User.password_set_at)).where(col(User.id) == user_id).scalar_subquery()
    return [
        col(RememberedDevice.user_id) == user_id,
        col(RememberedDevice.expires_at) > ctx.now(),
        or_(password_set.is_(None), col(RememberedDevice.created_at) >= password_set),
    ]
