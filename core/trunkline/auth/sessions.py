"""Sessions kept by the server: an opaque token in the cookie, its digest and time-outs in the database."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from trunkline.access.roles import actor_for, held, held_by
from trunkline.auth import csrf
from trunkline.auth.digest import digest, new_token
from trunkline.auth.models import User, UserKind, UserSession, UserStatus
from trunkline.db.engine import NO_DATABASE
from trunkline.db.prepared import Prepared, columns
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor, Context
from trunkline.read_model import read_model
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext
log = logging.getLogger(__name__)

#: A session's last-seen time is written at most this often.
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class RequestFacts:
    """What is kept about the browser or program that signs in."""

    address: str = ""
    user_agent: str = ""
    #: Of the request, for the log.
    request_id: str = ""


@read_model
class Account:
    """What every request needs of a user, read as plain columns: loading the object costs twice as much."""

    key: int
    email: str
    name: str
    kind: str
    status: str
    language: str
    origin: str
    customer_id: int | None
    reseller_id: int | None
    scope_tags: list[str]
    break_glass_until: datetime | None
    preferences: dict[str, Any]

    @property
    def is_active(self) -> bool:
        """Whether the user may sign in."""
        return self.status == UserStatus.ACTIVE


@dataclass(frozen=True)
class Impersonating:
    """Whom a session works as, and who is behind it. `until`: the time limit."""

    id: int
    user: Actor
    staff_name: str
    reason: str
    until: datetime


@dataclass(frozen=True)
class SignedIn:
    """Who a session's token belongs to. `stale`: its last-seen time is due to be written (see `touch`).

    While a member of staff works as somebody else, `user` is that somebody, and `actor` the member of staff with what that
    user may do and see.
    """

    user: Account
    actor: Actor
    csrf_secret: str
    session_id: int
    stale: bool = False
    #: When a password, code or passkey was last shown; see `sudo`.
    proved_at: datetime | None = None
    impersonation: Impersonating | None = None
    #: The kind of the account that signed in, which says how long it may be idle.
    own_kind: str = UserKind.STAFF

    @property
    def csrf_token(self) -> str:
        """What forms and htmx requests of this session carry."""
        return csrf.token_for(self.csrf_secret)

    def csrf_valid(self, token: str) -> bool:
        """Whether a posted token belongs to this session."""
        return csrf.is_valid(self.csrf_secret, token)


def start(
    ctx: Context, user: User, facts: RequestFacts, *, method: str = "password", strong: bool = False
) -> str:
    """Begin a session and return the cookie's token, which is kept nowhere else. The caller has checked who
    `user` is.
    """
    token, now, settings = new_token(), ctx.now(), ctx.settings(CoreSettings)
    ctx.session.add(
        UserSession(
            token_hash=digest(token),
            user_id=user.key,
            csrf_secret=secrets.token_hex(32),
            method=method,
            strong=strong,
            address=facts.address[:64],
            user_agent=facts.user_agent[:300],
            created_at=now,
            last_seen_at=now,
            proved_at=now,
            idle_seconds=_idle_seconds(settings, user.kind),
            expires_at=now + timedelta(hours=settings.session_hours),
        )
    )
    ctx.session.flush()
    return token


def _idle_seconds(settings: CoreSettings, kind: str) -> int:
    minutes = settings.portal_idle_minutes if kind == UserKind.PORTAL else settings.staff_idle_minutes
    return minutes * 60


_SESSION, _USER = columns(UserSession), columns(User)
#: The columns of an `Account`, in its order.
ACCOUNT = (
    _USER.id,
    _USER.email,
    _USER.name,
    _USER.kind,
    _USER.status,
    _USER.language,
    _USER.origin,
    _USER.customer_id,
    _USER.reseller_id,
    _USER.scope_tags,
    _USER.break_glass_until,
    _USER.preferences,
)
_FIND = Prepared(
    select(
        _SESSION.id.label("session_id"),
        _SESSION.csrf_secret,
        _SESSION.address,
        _SESSION.last_seen_at,
        _SESSION.idle_seconds,
        _SESSION.expires_at,
        _SESSION.proved_at,
        _SESSION.impersonation_id,
        _SESSION.strong,
        held_by(_USER.id).label("held"),
        *ACCOUNT,
    )
    .join(User, _USER.id == _SESSION.user_id)
    .where(_SESSION.token_hash == bindparam("token_hash"))
)
_OF_SESSION = 10


def find(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Who the token belongs to; None when it is unknown, timed out, or its user may not sign in.

    Nor does a session go on that was begun with the password alone, once a role of its person demands a second factor and there
    is none: at the next sign-in one is set up before anything else.
    """
    if not token:
        return None
    kept = next(iter(_FIND.found(session.connection(), token_hash=digest(token))), None)
    if kept is None:
        return None
    user = Account(*kept[_OF_SESSION:])
    idle = now - kept.last_seen_at
    if idle >= _forgiven(kept.idle_seconds):
        return None
    if not user.is_active or now >= kept.expires_at:
        return None
    holding = held(kept.held)
    if holding.asks_factor and not kept.strong and not _has_factor(session, user.key):
        return None
    actor = actor_for(session, user, kept.address, now=now, holding=holding)
    own = SignedIn(
        user,
        actor,
        kept.csrf_secret,
        kept.session_id,
        idle >= TOUCH_EVERY,
        kept.proved_at,
        own_kind=user.kind,
    )
    if kept.impersonation_id is None:
        return own
    from trunkline.auth.impersonation.wearing import worn

    return worn(session, own, kept.impersonation_id, now) or own


def _has_factor(session: Session, user_id: int) -> bool:
    from trunkline.auth.second_factor.queries import has_factor

    return has_factor(session, user_id)


def timed_out(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Whose session the token's was, when it is over only by time: what they sent a moment too late can be kept for them.

    None for one that goes on or was ended, that worked as somebody else, and for whom may not sign in any more.
    """
    kept = next(iter(_FIND.found(session.connection(), token_hash=digest(token))), None) if token else None
    if kept is None or kept.impersonation_id is not None:
        return None
    user = Account(*kept[_OF_SESSION:])
    if not user.is_active or (
        now < kept.expires_at and now - kept.last_seen_at < _forgiven(kept.idle_seconds)
    ):
        return None
    actor = actor_for(session, user, kept.address, now=now, holding=held(kept.held))
    return SignedIn(user, actor, kept.csrf_secret, kept.session_id, own_kind=user.kind)


def _forgiven(idle_seconds: int) -> timedelta:
    # Last-seen lags by up to TOUCH_EVERY; that much is forgiven, so that nobody is signed out early.
    return timedelta(seconds=idle_seconds) + TOUCH_EVERY


def touch(app: "App", signed_in: SignedIn) -> None:
    """Write that a stale session was seen now, in a unit of work of its own. Call it after the answer was
    made: what was asked for is done by then, and an answer never fails because of it.
    """
    try:
        _touch(app, signed_in, app.clock())
    except NO_DATABASE:
        log.exception("that a session was seen could not be written")


def _touch(app: "App", signed_in: SignedIn, now: datetime) -> None:
    with app.unit_of_work() as ctx:
        idle = _idle_seconds(ctx.settings(CoreSettings), signed_in.own_kind)
        ctx.session.execute(
            update(UserSession)
            .where(
                col(UserSession.id) == signed_in.session_id,
                col(UserSession.last_seen_at) <= now - TOUCH_EVERY,
            )
            .values(last_seen_at=now, idle_seconds=idle)
        )


def renew(ctx: Context, session_id: int) -> str:
    """A fresh token for a session whose person has just proved who they are; the old one stops working (OWASP ASVS 5, 7.2.4).

    Raises Unauthenticated when the session is over.
    """
    token = new_token()
    kept = ctx.session.get(UserSession, session_id)
    if kept is None:
        raise Unauthenticated(_("You are signed out."), remedy=_("Sign in again."))
    kept.token_hash, kept.proved_at = digest(token), ctx.now()
    return token


def method_of(ctx: Context, token: str) -> str:
    """How the person of this session proved who they are; empty when it is over."""
    statement = select(col(UserSession.method)).where(col(UserSession.token_hash) == digest(token))
    return ctx.session.scalar(statement) or ""


def end(ctx: Context, token: str) -> None:
    """End the session of this token; one that is over already is fine."""
    _end(ctx, col(UserSession.token_hash) == digest(token))


def end_one(ctx: Context, user_id: int, session_id: int) -> None:
    """End one session of a user by its key, as the profile page does."""
    _end(ctx, col(UserSession.id) == session_id, col(UserSession.user_id) == user_id)


def end_all(ctx: Context, user_id: int, *, but: int | None = None) -> None:
    """End every session of a user, except the one with key `but`."""
    others = () if but is None else (col(UserSession.id) != but,)
    _end(ctx, col(UserSession.user_id) == user_id, *others)


def weaken(ctx: Context, user_id: int) -> None:
    """Let a user's sessions count as begun with the password alone, because their last second factor is gone."""
    ctx.session.execute(update(UserSession).where(col(UserSession.user_id) == user_id).values(strong=False))


def _end(ctx: Context, *which: ColumnElement[bool]) -> None:
    from trunkline.auth.impersonation.models import Impersonation

    worn = select(col(UserSession.impersonation_id)).where(
        *which, col(UserSession.impersonation_id).is_not(None)
    )
    ctx.session.execute(
        update(Impersonation)
        .where(col(Impersonation.id).in_(worn), col(Impersonation.ended_at).is_(None))
        .values(ended_at=ctx.now())
        .execution_options(synchronize_session=False)
    )
    ctx.session.execute(delete(UserSession).where(*which))


def sweep(ctx: Context) -> None:
    """Forget the sessions that are over by their absolute time-out."""
    ctx.session.execute(delete(UserSession).where(col(UserSession.expires_at) <= ctx.now()))
