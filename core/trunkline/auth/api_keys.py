"""Keys for programs that cannot sign in: shown once, kept as a digest, never stronger than the user they
belong to.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from trunkline.access.roles import actor_for
from trunkline.auth import telling
from trunkline.auth.digest import digest, new_token
from trunkline.auth.models import ApiKey, User, UserKind
from trunkline.auth.networks import lies_in
from trunkline.auth.own_account import own_user
from trunkline.auth.schemas import CreateApiKey
from trunkline.errors import Forbidden, NotFound, Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor, ActorKind, Context, operation

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext

#: When a key was last used is written so often at most.
TOUCH_EVERY = timedelta(minutes=1)
#: What every key begins with, so that scanners of repositories and logs recognise one.
PREFIX = "trunkline_"
_SHOWN = len(PREFIX) + 6


@operation("core.api_key.create")
def create_key(ctx: Context, command: CreateApiKey) -> tuple[ApiKey, str]:
    """Make a key for oneself; returns the row and the key, which is never shown again.

    Raises Forbidden (field `permissions`) for a permission that the actor does not hold.
    """
    for name in command.permissions:
        if not ctx.actor.may(name) or name not in ctx.app.permissions:
            raise Forbidden(
                _("You cannot give a key a permission that you do not hold: {name}.", name=name),
                field="permissions",
            )
    return make(ctx, own_user(ctx), command)


def make(ctx: Context, user: User, command: CreateApiKey) -> tuple[ApiKey, str]:
    """A key of `user`, part of the operations that ask who may have one; returns the row and the key."""
    secret = PREFIX + new_token()
    key = ApiKey(
        user_id=user.key,
        name=command.name,
        shown=secret[:_SHOWN],
        key_digest=digest(secret),
        permissions=sorted(set(command.permissions)),
        networks=command.network_list,
        expires_at=ctx.now() + timedelta(days=command.days) if command.days else None,
    )
    ctx.session.add(key)
    ctx.session.flush()
    ctx.note(key, label=key.name)
    telling.key_created(ctx, key)
    return key, secret


@operation("core.api_key.create")
def revoke_key(ctx: Context, key_id: int) -> ApiKey:
    """Make one of one's own keys stop working at once. Raises NotFound for a key of somebody else."""
    key = ctx.session.get(ApiKey, key_id, with_for_update=True)
    if key is None or key.user_id != ctx.actor.id:
        raise NotFound(_("There is no API key {id} of yours.", id=key_id))
    key.revoked_at = key.revoked_at or ctx.now()
    ctx.note(key, label=key.name)
    telling.key_revoked(ctx, key)
    return key


def keys_of(ctx: Context, user_id: int) -> list[ApiKey]:
    """A user's keys that were not revoked, newest first."""
    statement = (
        select(ApiKey)
        .where(col(ApiKey.user_id) == user_id, col(ApiKey.revoked_at).is_(None))
        .order_by(col(ApiKey.id).desc())
    )
    return list(ctx.session.scalars(statement))


@dataclass(frozen=True)
class KeyHolder:
    """Whom a key names. `stale`: that it was used is due to be written (see `touch`)."""

    actor: Actor
    key_id: int
    stale: bool
    is_service: bool


# Built once: every request of a program runs it.
_HOLDER = (
    select(ApiKey, User)
    .join(User, col(User.id) == col(ApiKey.user_id))
    .where(col(ApiKey.key_digest) == bindparam("key_digest"))
)


def verify(session: Session, secret: str, now: datetime, address: str) -> KeyHolder:
    """The key's user, narrowed to the key's permissions.

    Raises Unauthenticated when the key does not work (any more), Forbidden when it comes from elsewhere than its networks.
    """
    row = session.execute(_HOLDER, {"key_digest": digest(secret)}).one_or_none()
    if row is None:
        raise Unauthenticated(_("This API key is not known."), remedy=_("Check it, or make another."))
    key: ApiKey = row[0]
    user: User = row[1]
    if (
        key.revoked_at is not None
        or (key.expires_at is not None and now >= key.expires_at)
        or not user.is_active
    ):
        raise Unauthenticated(_("This API key does not work any more."), remedy=_("Make another."))
    if key.networks and not lies_in(address, key.networks):
        raise Forbidden(
            _("This API key may not be used from {address}.", address=address),
            remedy=_("Use it from one of its networks, or make another."),
        )
    stale = key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY
    actor = _actor(session, key, user, address)
    return KeyHolder(actor, key.key, stale, user.kind == UserKind.SERVICE)


def _actor(session: Session, key: ApiKey, user: User, address: str) -> Actor:
    actor = actor_for(session, user, address)
    if actor.kind is ActorKind.STAFF:
        actor = replace(actor, kind=ActorKind.API, name=f"{user.name} ({key.name})")
    if not key.permissions:
        return actor
    granted = frozenset(key.permissions)
    return replace(actor, permissions=granted if actor.permissions is None else granted & actor.permissions)


def touch(app: "App", key_id: int, address: str) -> None:
    """Write that a key was used now, in a unit of work of its own."""
    now = app.clock()
    due = or_(col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) <= now - TOUCH_EVERY)
    with app.unit_of_work() as ctx:
        ctx.session.execute(
            update(ApiKey)
            .where(col(ApiKey.id) == key_id, due)
            .values(last_used_at=now, last_used_from=address[:64])
        )
