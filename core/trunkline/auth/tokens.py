"""Tokens for REST: short-lived signed access tokens (JWT, RFC 7519) and refresh tokens that work once."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from trunkline.access.roles import actor_for
from trunkline.auth.digest import digest, new_token
from trunkline.auth.models import RefreshToken, TokenFamily, User, UserKind
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.signing_keys.keys import ALGORITHM, SigningKeys
from trunkline.auth.signing_keys.operations import ACCESS_LIFETIME as ACCESS_LIFETIME
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor, ActorKind, Context
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext

_ISSUER = _AUDIENCE = "trunkline"
#: RFC 9068, 2.1: no other kind of token passes for an access token.
_TYPE = "at+jwt"
_REMEMBERED = 5000


@dataclass(frozen=True)
class TokenPair:
    """What a program gets when it signs in. `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 — RFC 6750


@dataclass(frozen=True)
class TokenHolder:
    """Whom an access token names, and when they signed in for it and those refreshed from it."""

    user: User
    actor: Actor
    family_id: int
    signed_in_at: datetime


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


@dataclass(frozen=True)
class _Claims:
    """What an access token says, its signature checked."""

    kid: str
    user_id: int
    family_id: int
    expires: int


class CheckedTokens:
    """Access tokens whose signature this process has checked, by digest: checking costs more than all the rest of a request.

    What can change (the user, the family, the signing key) is asked anew each time. One per application:
    `app.part(CheckedTokens)`.
    """

    def __init__(self, app: "App") -> None:
        self._lock = threading.Lock()
        self._claims: OrderedDict[bytes, _Claims] = OrderedDict()

    def get(self, access_token: str) -> _Claims | None:
        """The claims of a token that was checked before."""
        return self._claims.get(_fingerprint(access_token))

    def keep(self, access_token: str, claims: _Claims) -> None:
        """Remember a checked token, and forget the oldest when there are too many."""
        with self._lock:
            self._claims[_fingerprint(access_token)] = claims
            if len(self._claims) > _REMEMBERED:
                self._claims.popitem(last=False)


def _fingerprint(access_token: str) -> bytes:
    return sha256(access_token.encode()).digest()


# Built once: every request of a program runs it.
_HOLDER = (
    select(User, col(TokenFamily.revoked_at), col(TokenFamily.created_at))
    .join(TokenFamily, col(TokenFamily.user_id) == col(User.id))
    .where(col(TokenFamily.id) == bindparam("family_id"))
)


def verify(app: "App", session: Session, access_token: str, now: datetime, address: str = "") -> TokenHolder:
    """Whom the token names. Raises Unauthenticated when it is altered, expired, revoked, or its user
    disabled.
    """
    claims = _claims(app, session, access_token, now)
    row = session.execute(_HOLDER, {"family_id": claims.family_id}).one_or_none()
    if row is None or not row[0].is_active or row[1] is not None:
        raise Unauthenticated(_("This sign-in has ended."), remedy=_("Sign in again."))
    user: User = row[0]
    kind = ActorKind.PORTAL if user.kind == UserKind.PORTAL else ActorKind.API
    return TokenHolder(user, actor_for(session, user, address, kind=kind), claims.family_id, row[2])


def sweep(ctx: Context) -> None:
    """Forget families whose time is over."""
    ctx.session.execute(delete(TokenFamily).where(col(TokenFamily.expires_at) <= ctx.now()))


def _next_pair(ctx: Context, family: TokenFamily) -> TokenPair:
    secret = new_token()
    ctx.session.add(RefreshToken(family_id=family.key, token_hash=digest(secret), created_at=ctx.now()))
    ctx.session.flush()
    return TokenPair(_access_token(ctx, family), secret, int(ACCESS_LIFETIME.total_seconds()))


def _access_token(ctx: Context, family: TokenFamily) -> str:
    import jwt

    signing, now = ctx.app.part(SigningKeys).signing(ctx), ctx.now()
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(family.user_id),
        "family": family.key,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFETIME).timestamp()),
    }
    return jwt.encode(claims, signing.key, ALGORITHM, headers={"kid": signing.kid, "typ": _TYPE})


def _claims(app: "App", session: Session, access_token: str, now: datetime) -> _Claims:
    checked = app.part(CheckedTokens)
    claims = checked.get(access_token)
    if claims is None:
        claims = _checked(app, session, access_token, now)
        checked.keep(access_token, claims)
    elif app.part(SigningKeys).verifying(session, claims.kid, now) is None:
        raise _foreign()
    if claims.expires <= now.timestamp():
        raise Unauthenticated(
            _("The access token has expired."), remedy=_("Ask for a new one with the refresh token.")
        )
    return claims


def _checked(app: "App", session: Session, access_token: str, now: datetime) -> _Claims:
    """The claims of a token that one of our keys signed. The algorithm is ours to say, not the token's (RFC 8725, 3.1)."""
    import jwt

    try:
        header = jwt.get_unverified_header(access_token)
        key = app.part(SigningKeys).verifying(session, str(header.get("kid", ""))[:64], now)
        if key is None or header.get("typ") != _TYPE:
            raise _foreign()
        # Times are compared with our own clock, which tests and replays can set.
        claims: dict[str, Any] = jwt.decode(
            access_token,
            key.key,
            algorithms=[ALGORITHM],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            options={
                "require": ["exp", "iat", "sub", "aud", "family"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
        return _Claims(key.kid, int(claims["sub"]), int(claims["family"]), int(claims["exp"]))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unauthenticated(_("The access token is not valid."), remedy=_("Sign in again.")) from error


def _foreign() -> Unauthenticated:
    return Unauthenticated(
        _("The access token was not issued by this system, or its key was withdrawn."),
        remedy=_("Ask for a new one with the refresh token, or sign in again."),
    )
