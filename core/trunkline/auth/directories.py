"""People whom a directory or an identity provider keeps: taken in when they sign in, shut out when it says so.

Plugins that bring such a directory call this within a writing unit of work of the system. A person is known by `origin` (the
plugin's word) and `external_id` (what never changes there); a local password counts for nothing beside that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select, update
from sqlmodel import col

from trunkline.access import queries as roles
from trunkline.access.operations import set_roles
from trunkline.auth import links, queries, sessions, telling, tokens
from trunkline.auth.models import ApiKey, LinkPurpose, User, UserKind, UserStatus
from trunkline.auth.schemas import Address
from trunkline.errors import Refused
from trunkline.i18n import LANGUAGES, gettext
from trunkline.operation import Context, operation

_ = gettext


@dataclass(frozen=True)
class DirectoryPerson:
    """Somebody as a directory describes them. `roles` are names of roles here."""

    origin: str
    external_id: str
    email: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Welcome:
    """Whom the operator lets in. `link`: an account that was here before, with the same address, becomes the directory's."""

    create: bool = True
    link: bool = False


@operation("core.user.edit")
def take_in(ctx: Context, person: DirectoryPerson, welcome: Welcome) -> User:
    """The account of somebody whom a directory vouched for, made or brought up to date: name, address, roles.

    Raises Refused for an address that cannot be used or is somebody else's, for somebody new where none are made, for one whom
    an administrator disabled here, and for roles what `set_roles` raises.
    """
    email, fresh = _address(person.email), False
    user = _known(ctx, person)
    before = None if user is None else _shown(ctx, user)
    if user is None:
        user = _linked(ctx, person, email, welcome)
        fresh = user is None
        user = user or _added(ctx, person, email, welcome)
    elif user.status == UserStatus.DISABLED:
        raise Refused(_("This account is disabled."), remedy=_("Ask an administrator."))
    holder = queries.by_email(ctx, email)
    if holder is None or holder.key == user.key:
        user.email = email
    user.name = person.name.strip()[:120] or email.partition("@")[0]
    user.status = UserStatus.ACTIVE
    set_roles(ctx, user, person.roles)
    ctx.note(user, label=user.email, origin=person.origin)
    # It is asked at every sign-in, and mostly finds nothing new.
    if fresh:
        telling.created(ctx, user)
    elif before != _shown(ctx, user):
        telling.changed(ctx, user)
    return user


def _shown(ctx: Context, user: User) -> tuple[object, ...]:
    """What a directory may change of an account."""
    return user.email, user.name, user.status, {role.key for role in roles.roles_of(ctx, user.key)}


def _known(ctx: Context, person: DirectoryPerson) -> User | None:
    statement = select(User).where(
        col(User.origin) == person.origin, col(User.external_id) == person.external_id
    )
    return ctx.session.scalars(statement.with_for_update()).one_or_none()


def _linked(ctx: Context, person: DirectoryPerson, email: str, welcome: Welcome) -> User | None:
    """The account with the same address, made the directory's where the operator wants it."""
    user = queries.by_email(ctx, email)
    if user is None:
        return None
    if not welcome.link or user.origin or user.kind != UserKind.STAFF or user.status == UserStatus.DISABLED:
        raise Refused(
            _("Somebody else here has the address {email}.", email=email),
            remedy=_("Ask an administrator to join the two accounts or to change the address."),
        )
    user.origin, user.external_id, user.password_hash = person.origin, person.external_id, None
    links.forget(ctx, user, *LinkPurpose)
    return user


def _added(ctx: Context, person: DirectoryPerson, email: str, welcome: Welcome) -> User:
    if not welcome.create:
        raise Refused(_("You have no account here."), remedy=_("Ask an administrator to add you."))
    language = ctx.app.config.language
    user = User(
        email=email,
        name=person.name[:120],
        kind=UserKind.STAFF,
        origin=person.origin,
        external_id=person.external_id,
        language=language if language in LANGUAGES else "en",
    )
    ctx.session.add(user)
    ctx.session.flush()
    return user


def _address(email: str) -> str:
    try:
        address: str = TypeAdapter(Address).validate_python(email)
    except ValidationError:
        raise Refused(
            _("The directory gives no e-mail address for you that can be used."),
            remedy=_("Ask whoever keeps the directory to enter one."),
        ) from None
    return address


@operation("core.user.disable")
def shut_out(ctx: Context, user_id: int, reason: str) -> User:
    """End every session, token and key of somebody whom the directory lets in no longer.

    When the directory vouches again the account works again, which one that an administrator disabled here does not.
    """
    user = ctx.load(User, user_id, lock=True)
    if user.status == UserStatus.ACTIVE:
        user.status = UserStatus.AT_DIRECTORY
    sessions.end_all(ctx, user.key)
    tokens.revoke_all(ctx, user.key, "shut out by the directory")
    ctx.session.execute(
        update(ApiKey)
        .where(col(ApiKey.user_id) == user.key, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=ctx.now())
    )
    ctx.note(user, label=user.email, signed_out=True, reason=reason)
    telling.disabled(ctx, user)
    return user


def people_of(ctx: Context, origin: str) -> Sequence[User]:
    """The active accounts that a directory keeps."""
    statement = select(User).where(col(User.origin) == origin, col(User.status) == UserStatus.ACTIVE)
    return ctx.session.scalars(statement.order_by(col(User.id))).all()
