"""Tokens for REST: short-lived signed access tokens (JWT, RFC 7519) and refresh tokens that work once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from trunkline.access.roles import actor_for
from trunkline.auth.digest import digest, new_token
from trunkline.auth.models import RefreshToken, TokenFamily, User
from trunkline.auth.sessions import RequestFacts
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor, ActorKind, Context
from trunkline.secrets import derive
from trunkline.settings.core import CoreSettings

_ = gettext

ACCESS_LIFETIME = timedelta(minutes=15)
_ALGORITHM = "HS256"
_ISSUER = "trunkline"


@dataclass(frozen=True)
class TokenPair:
    """What a program gets when it signs in. `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 — RFC 6750


@dataclass(frozen=True)
class TokenHolder:
    """Whom an access token names."""

    user: User
    actor: Actor
    family_id: int


def issue(ctx: Context, user: User, facts: RequestFacts) -> TokenPair:
    """Begin a family of tokens for a user whose password (or other proof) the caller has checked."""
    now = ctx.now()
    family = TokenFamily(
        user_id=user.key,
        address=facts.address[:64],
        user_agent=facts.user_agent[:300],
        created_at=now,
        expires_at=now + timedelta(days=ctx.settings(CoreSettings).refresh_days),
    )
    ctx.session.add(family)
    ctx.session.flush()
    return _next_pair(ctx, family)


def refresh(ctx: Context, refresh_token: str) -> TokenPair | None:
    """A new pair for a refresh token, which is used up by it; None when it is not accepted.

    A token that was used before means that somebody else holds a copy: the whole family is revoked. That is
    why this returns instead of raising: the caller must commit the revocation before it answers 401.
    """
    row = ctx.session.execute(
        select(RefreshToken, TokenFamily, User)
        .join(TokenFamily, col(TokenFamily.id) == col(RefreshToken.family_id))
        .join(User, col(User.id) == col(TokenFamily.user_id))
        .where(col(RefreshToken.token_hash) == digest(refresh_token))
        .with_for_update(of=RefreshToken)
    ).one_or_none()
    if row is None:
        return None
    token, family, user = row
    now = ctx.now()
    if token.used_at is not None and family.revoked_at is None:
        family.revoked_at, family.revoked_because = now, "refresh token used twice"
        return None
    if family.revoked_at is not None or now >= family.expires_at or not user.is_active:
        return None
    token.used_at = now
    return _next_pair(ctx, family)


def revoke(ctx: Context, refresh_token: str) -> None:
    """End the family of a refresh token (signing out); an unknown one is fine."""
    family = select(col(RefreshToken.family_id)).where(col(RefreshToken.token_hash) == digest(refresh_token))
    ctx.session.execute(
        update(TokenFamily)
        .where(col(TokenFamily.id).in_(family), col(TokenFamily.revoked_at).is_(None))
        .values(revoked_at=ctx.now(), revoked_because="signed out")
    )


def revoke_all(ctx: Context, user_id: int, because: str) -> None:
    """End every family of a user: disabled, or the password changed."""
    ctx.session.execute(
        update(TokenFamily)
        .where(col(TokenFamily.user_id) == user_id, col(TokenFamily.revoked_at).is_(None))
        .values(revoked_at=ctx.now(), revoked_because=because)
    )


def verify(session: Session, access_token: str, now: datetime, address: str = "") -> TokenHolder:
    """Whom the token names. Raises Unauthenticated when it is altered, expired, revoked, or its user
    disabled.
    """
    claims = _claims(access_token, now)
    row = session.execute(
        select(User, TokenFamily)
        .join(TokenFamily, col(TokenFamily.user_id) == col(User.id))
        .where(col(TokenFamily.id) == claims["family"])
    ).one_or_none()
    if row is None or not row[0].is_active or row[1].revoked_at is not None:
        raise Unauthenticated(_("This sign-in has ended."), remedy=_("Sign in again."))
    user, family = row
    actor = actor_for(session, user, address)
    if actor.kind is ActorKind.STAFF:
        actor = actor_for(session, user, address, kind=ActorKind.API)
    return TokenHolder(user, actor, family.key)


def sweep(ctx: Context) -> None:
    """Forget families whose time is over."""
    ctx.session.execute(delete(TokenFamily).where(col(TokenFamily.expires_at) <= ctx.now()))


def _next_pair(ctx: Context, family: TokenFamily) -> TokenPair:
    secret = new_token()
    ctx.session.add(RefreshToken(family_id=family.key, token_hash=digest(secret), created_at=ctx.now()))
    ctx.session.flush()
    return TokenPair(_access_token(family, ctx.now()), secret, int(ACCESS_LIFETIME.total_seconds()))


def _access_token(family: TokenFamily, now: datetime) -> str:
    import jwt

    key, key_id = _key()
    claims = {
        "iss": _ISSUER,
        "sub": str(family.user_id),
        "family": family.key,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFETIME).timestamp()),
    }
    return jwt.encode(claims, key, _ALGORITHM, headers={"kid": key_id})


def _key() -> tuple[bytes, str]:
    key = derive("jwt")
    return key, sha256(b"kid" + key).hexdigest()[:12]


def _claims(access_token: str, now: datetime) -> dict[str, Any]:
    import jwt

    key, key_id = _key()
    try:
        if jwt.get_unverified_header(access_token).get("kid") != key_id:
            raise Unauthenticated(
                _("The access token was not issued by this system."), remedy=_("Sign in again.")
            )
        # Times are compared with our own clock, which tests and replays can set.
        claims: dict[str, Any] = jwt.decode(
            access_token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["exp", "iat", "sub", "family"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError as error:
        raise Unauthenticated(_("The access token is not valid."), remedy=_("Sign in again.")) from error
    if claims["exp"] <= now.timestamp():
        raise Unauthenticated(
            _("The access token has expired."), remedy=_("Ask for a new one with the refresh token.")
        )
    return claims
