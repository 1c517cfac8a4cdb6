"""Mailed links that set a password, or are about a change of address: they work once and for a limited time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from trunkline.access.roles import acting_as
from trunkline.auth import notices, sessions, telling, tokens
from trunkline.auth.digest import digest, new_token
from trunkline.auth.models import LinkPurpose, User, UserLink, UserStatus
from trunkline.auth.passwords import check_new, hashing
from trunkline.branding.spoken import address_for_customer
from trunkline.errors import Refused
from trunkline.i18n import gettext
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings

_ = gettext


#: Links that set a password; a fresh one of either makes those before useless.
_PASSWORDS = (LinkPurpose.INVITATION, LinkPurpose.PASSWORD_RESET)
_PATHS = {LinkPurpose.NEW_EMAIL: "confirm-email", LinkPurpose.KEEP_EMAIL: "keep-email"}
_LIVES = {LinkPurpose.NEW_EMAIL: timedelta(days=1), LinkPurpose.KEEP_EMAIL: timedelta(days=7)}


@dataclass(frozen=True)
class OpenLink:
    """A link that still works, and whose it is."""

    link: UserLink
    user: User

    @property
    def is_invitation(self) -> bool:
        """Whether the person sets a password for the first time."""
        return self.link.purpose == LinkPurpose.INVITATION


def make(ctx: Context, user: User, purpose: LinkPurpose, email: str = "") -> str:
    """A fresh link's secret. Links that were mailed to the user before stop working, except those that take a change of
    address back. `email` is the address that a link about such a change is about.
    """
    now = ctx.now()
    if purpose is not LinkPurpose.KEEP_EMAIL:
        forget(ctx, user, *(_PASSWORDS if purpose in _PASSWORDS else (purpose,)))
    token = new_token()
    ctx.session.add(
        UserLink(
            user_id=user.key,
            purpose=purpose,
            email=email,
            token_hash=digest(token),
            created_at=now,
            expires_at=now + lifetime(ctx, purpose),
        )
    )
    return token


def forget(ctx: Context, user: User, *purposes: LinkPurpose) -> None:
    """Make the user's links of these purposes useless."""
    ctx.session.execute(
        delete(UserLink).where(col(UserLink.user_id) == user.key, col(UserLink.purpose).in_(purposes))
    )


def lifetime(ctx: Context, purpose: LinkPurpose) -> timedelta:
    """How long a fresh link works."""
    if purpose in _LIVES:
        return _LIVES[purpose]
    settings = ctx.settings(CoreSettings)
    if purpose is LinkPurpose.INVITATION:
        return timedelta(days=settings.invitation_days)
    return timedelta(minutes=settings.reset_minutes)


def address_of(
    ctx: Context, token: str, purpose: LinkPurpose = LinkPurpose.PASSWORD_RESET, *, user: User | None = None
) -> str:
    """The URL that is mailed: of a reseller's customers' people at the reseller's own host."""
    path = f"/{_PATHS.get(purpose, 'set-password')}/{token}"
    return address_for_customer(ctx, user.customer_id if user is not None else None, path)


def find(
    session: Session,
    token: str,
    now: datetime,
    *,
    lock: bool = False,
    purposes: Sequence[LinkPurpose] = _PASSWORDS,
) -> OpenLink | None:
    """The link of this secret; None when it is unknown, for something else, used or expired, or its user is disabled."""
    statement = (
        select(UserLink, User)
        .join(User, col(User.id) == col(UserLink.user_id))
        .where(col(UserLink.token_hash) == digest(token), col(UserLink.purpose).in_(purposes))
    )
    row = session.execute(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        return None
    link, user = row
    if link.used_at is not None or now >= link.expires_at or user.status == UserStatus.DISABLED:
        return None
    return OpenLink(link, user)


def spend(ctx: Context, token: str, password: str) -> User:
    """Set the password of the link's user, who becomes active and is signed out everywhere else.

    Raises Refused when the link does not work any more or the password breaks the rules.
    """
    found = find(ctx.session, token, ctx.now(), lock=True)
    if found is None:
        raise Refused(
            _("This link was used already, or its time is over."),
            remedy=_("Ask for another one with “Forgotten password”."),
        )
    with acting_as(ctx, found.user), ctx.run("core.user.set_password"):
        found.link.used_at = ctx.now()
        set_password(ctx, found.user, password)
        found.user.status = UserStatus.ACTIVE
        ctx.note(found.user, label=found.user.email, purpose=found.link.purpose)
        telling.password_changed(ctx, found.user)
        ctx.session.flush()
    return found.user


def set_password(ctx: Context, user: User, password: str, *, keep_session: int | None = None) -> None:
    """Replace a password: checked by the rules, hashed, every other session and token of the user ended, and the person told.

    Raises Refused (field `password`).
    """
    personal = (user.email, user.name, ctx.app.config.operator_name)
    check_new(password, least=ctx.settings(CoreSettings).password_length, personal=personal)
    had_one = user.password_hash is not None
    user.password_hash, user.password_set_at = hashing().hash(password), ctx.now()
    sessions.end_all(ctx, user.key, but=keep_session)
    tokens.revoke_all(ctx, user.key, "password changed")
    forget(ctx, user, LinkPurpose.PASSWORD_RESET)
    if had_one:
        notices.tell(ctx, user, "password_changed")


def sweep(ctx: Context) -> None:
    """Forget the links whose time is over."""
    ctx.session.execute(delete(UserLink).where(col(UserLink.expires_at) <= ctx.now()))
