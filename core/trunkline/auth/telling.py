"""Events about who signs in; part of the operations that change them."""

from typing import TYPE_CHECKING, Any

from trunkline.auth.events import (
    ApiKeyCreated,
    ApiKeyRevoked,
    UserChanged,
    UserCreated,
    UserDisabled,
    UserEnabled,
    UserPasswordChanged,
    UserSecondFactorChanged,
    UserSignedOut,
)

if TYPE_CHECKING:
    from trunkline.auth.models import ApiKey, User
    from trunkline.operation import Context


def facts_of(user: "User") -> dict[str, Any]:
    """What every event about the user says."""
    return {
        "entity_id": user.key,
        "customer_id": user.customer_id,
        "email": user.email or "",
        "kind": str(user.kind),
    }


def created(ctx: "Context", user: "User") -> None:
    """Somebody was added who needs no invitation."""
    ctx.emit(UserCreated(**facts_of(user)))


def changed(ctx: "Context", user: "User") -> None:
    """Somebody is called, reached or allowed something else."""
    ctx.emit(UserChanged(**facts_of(user)))


def disabled(ctx: "Context", user: "User") -> None:
    """Somebody cannot sign in any more."""
    ctx.emit(UserDisabled(**facts_of(user)))


def enabled(ctx: "Context", user: "User") -> None:
    """Somebody can sign in again."""
    ctx.emit(UserEnabled(**facts_of(user)))


def password_changed(ctx: "Context", user: "User") -> None:
    """Somebody has another password, or a first one."""
    ctx.emit(UserPasswordChanged(**facts_of(user)))


def second_factor_changed(ctx: "Context", user: "User", change: str) -> None:
    """Somebody proves who they are otherwise; `change` as in the activity log."""
    ctx.emit(UserSecondFactorChanged(**facts_of(user), change=change))


def signed_out(ctx: "Context", user: "User", *, everywhere: bool) -> None:
    """Sessions of somebody were ended; signing out of the one that one is in is no news."""
    ctx.emit(UserSignedOut(**facts_of(user), everywhere=everywhere))


def key_created(ctx: "Context", key: "ApiKey") -> None:
    """A program has a key; the event holds nothing of it."""
    ctx.emit(ApiKeyCreated(entity_id=key.key, user_id=key.user_id))


def key_revoked(ctx: "Context", key: "ApiKey") -> None:
    """A key works no more."""
    ctx.emit(ApiKeyRevoked(entity_id=key.key, user_id=key.user_id))
