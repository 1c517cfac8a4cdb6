"""What administrators do with users: invite, edit, disable, enable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import col

from trunkline.access.operations import (
    check_administrator_remains,
    check_may_manage,
    set_roles,
)
from trunkline.auth import links, queries, sessions, telling, tokens
from trunkline.auth.digest import digest
from trunkline.auth.events import UserInvited
from trunkline.auth.models import LinkPurpose, User, UserKind, UserStatus
from trunkline.auth.offers import keeper_of
from trunkline.auth.schemas import EditUser, InvitePortalUser, InviteUser
from trunkline.branding.spoken import brand_of_customer
from trunkline.customers.models import Customer
from trunkline.db.rings import again
from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext
from trunkline.mail import operations as mail
from trunkline.operation import Context, operation

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext


@operation("core.user.invite")
def invite_staff(ctx: Context, command: InviteUser) -> User:
    """Add a colleague and mail a link to set a password.

    Raises Conflict (field `email`) for an address that is taken, Refused or Forbidden for roles; see
    `set_roles`.
    """
    user = _add(ctx, command, UserKind.STAFF)
    _mail_invitation(ctx, user)
    return user


@operation("core.portal_user.invite")
def invite_portal_user(ctx: Context, command: InvitePortalUser) -> User:
    """Let somebody of a customer sign in to the portal, and mail them a link to set a password.

    Raises NotFound for a customer out of sight; otherwise see `invite_staff`.
    """
    customer = ctx.load(Customer, command.customer_id)
    user = _add(ctx, command, UserKind.PORTAL, customer.key)
    _mail_invitation(ctx, user)
    return user


def _add(ctx: Context, command: InviteUser, kind: UserKind, customer_id: int | None = None) -> User:
    if queries.by_email(ctx, command.email) is not None:
        raise Conflict(
            _("Somebody with the address {email} can sign in already.", email=command.email),
            field="email",
            remedy=_("Find them in the list of users, or take another address."),
        )
    user = User(
        email=command.email,
        name=command.name,
        kind=kind,
        customer_id=customer_id,
        language=command.language,
    )
    ctx.session.add(user)
    ctx.session.flush()
    set_roles(ctx, user, command.roles)
    ctx.note(user, label=user.email)
    return user


def _mail_invitation(ctx: Context, user: User) -> str:
    """Queue the invitation; returns the address of the link."""
    address = mail_link(ctx, user, LinkPurpose.INVITATION)
    ctx.emit(UserInvited(entity_id=user.key, customer_id=user.customer_id, email=user.email, kind=user.kind))
    return address


def mail_link(ctx: Context, user: User, purpose: LinkPurpose) -> str:
    """Queue a mail with a fresh link, whose secret the e-mail log masks; returns the link's address."""
    token, life = links.make(ctx, user, purpose), links.lifetime(ctx, purpose)
    address = links.address_of(ctx, token, purpose, user=user)
    mail.queue(
        ctx,
        template=f"core/mail/{purpose}",
        to=user.email,
        language=user.language,
        context={
            "name": user.name,
            "link": address,
            "operator": brand_of_customer(ctx, user.customer_id).name,
            "is_portal": user.kind == UserKind.PORTAL,
            "days": life.days,
            "minutes": int(life.total_seconds() // 60),
        },
        customer_id=user.customer_id,
        key=f"link:{digest(token)}",
        secrets=(token,),
    )
    return address


@operation("core.user.invite")
def invite_again(ctx: Context, user_id: int) -> User:
    """Mail a fresh invitation to somebody who has not set a password; the old link stops working. Raises
    Refused otherwise.
    """
    return _invite_again(ctx, user_id)


@operation("core.portal_user.invite")
def invite_portal_user_again(ctx: Context, user_id: int) -> User:
    """As `invite_again`, for portal users only."""
    return _invite_again(ctx, _portal_user(ctx, user_id).key)


def _invite_again(ctx: Context, user_id: int) -> User:
    user = ctx.load(User, user_id, lock=True)
    check_may_manage(ctx, user)
    if user.origin:
        raise Refused(
            _(
                "{name} is kept in {origin} and has no password here.",
                name=user.name,
                origin=keeper_of(ctx.app, user.origin),
            ),
            remedy=_("They sign in with the one they have there."),
        )
    if user.status != UserStatus.INVITED:
        raise Refused(
            _("{name} has set a password already.", name=user.name),
            remedy=_("“Forgotten password” on the sign-in page replaces it."),
        )
    _mail_invitation(ctx, user)
    ctx.note(user, label=user.email)
    return user


@operation("core.user.edit")
def edit_user(ctx: Context, user_id: int, command: EditUser) -> User:
    """Change name, language and roles.

    Raises Conflict when the user was changed since the form was opened, and for roles what `set_roles`
    raises.
    """
    user = ctx.load(User, user_id, version=command.version, lock=True)
    check_may_manage(ctx, user)
    user.name, user.language = command.name, command.language
    set_roles(ctx, user, command.roles)
    # Roles live in a table of their own; the form's version must notice them all the same.
    user.updated_at = ctx.now()
    ctx.note(user, label=user.email)
    telling.changed(ctx, user)
    return user


@operation("core.user.disable")
def disable_user(ctx: Context, user_id: int) -> User:
    """Keep somebody from signing in, ending sessions and tokens at once.

    Raises Refused for oneself and for the last active administrator, Forbidden for somebody who holds more
    than the actor.
    """
    return _disable(ctx, ctx.load(User, user_id, lock=True))


@operation("core.portal_user.disable")
def disable_portal_user(ctx: Context, user_id: int) -> User:
    """As `disable_user`, for portal users only."""
    return _disable(ctx, _portal_user(ctx, user_id))


def _disable(ctx: Context, user: User) -> User:
    check_may_manage(ctx, user)
    if user.key == ctx.actor.id:
        raise Refused(_("You cannot disable yourself."), remedy=_("Ask another administrator."))
    if user.status == UserStatus.ACTIVE and user.kind == UserKind.STAFF and _is_administrator(ctx, user):
        check_administrator_remains(ctx, without=user)
    user.status = UserStatus.DISABLED
    sessions.end_all(ctx, user.key)
    tokens.revoke_all(ctx, user.key, "user disabled")
    ctx.note(user, label=user.email)
    telling.disabled(ctx, user)
    return user


@operation("core.user.disable")
def enable_user(ctx: Context, user_id: int) -> User:
    """Let somebody sign in again; without a password they are invited still."""
    return _enable(ctx, ctx.load(User, user_id, lock=True))


@operation("core.portal_user.disable")
def enable_portal_user(ctx: Context, user_id: int) -> User:
    """As `enable_user`, for portal users only."""
    return _enable(ctx, _portal_user(ctx, user_id))


def _enable(ctx: Context, user: User) -> User:
    check_may_manage(ctx, user)
    needs_none = user.kind == UserKind.SERVICE
    waits = UserStatus.AT_DIRECTORY if user.origin else UserStatus.INVITED
    user.status = UserStatus.ACTIVE if user.password_hash or needs_none else waits
    ctx.note(user, label=user.email)
    telling.enabled(ctx, user)
    return user


@operation("core.user.disable")
def end_sessions(ctx: Context, user_id: int) -> User:
    """Sign somebody out everywhere, browsers and programs alike."""
    user = ctx.load(User, user_id, lock=True)
    check_may_manage(ctx, user)
    sessions.end_all(ctx, user.key)
    tokens.revoke_all(ctx, user.key, "signed out by an administrator")
    ctx.note(user, label=user.email, signed_out=True)
    telling.signed_out(ctx, user, everywhere=True)
    return user


@operation("core.user.disable")
def end_session(ctx: Context, user_id: int, session_id: int) -> User:
    """Sign somebody out of one browser; one that is over already is fine."""
    user = ctx.load(User, user_id, lock=True)
    check_may_manage(ctx, user)
    sessions.end_one(ctx, user.key, session_id)
    ctx.note(user, label=user.email, signed_out=True)
    telling.signed_out(ctx, user, everywhere=False)
    return user


def _portal_user(ctx: Context, user_id: int) -> User:
    statement = ctx.visible(User).where(col(User.id) == user_id, col(User.kind) == UserKind.PORTAL)
    user = ctx.session.scalars(statement.with_for_update()).one_or_none()
    if user is None:
        raise Refused(_("There is no portal user {id}.", id=user_id))
    return user


def _is_administrator(ctx: Context, user: User) -> bool:
    from trunkline.access.roles import permissions_of

    return permissions_of(ctx.session, user.key) is None


@dataclass(frozen=True)
class CreatedUser:
    """What `trunkline user create` prints: the address of the link where no password was given."""

    id: int
    email: str
    role: str
    link: str = ""


def create_staff_user(
    app: "App", email: str, role: str, password: str | None = None, *, name: str = ""
) -> CreatedUser:
    """Add a member of staff from the command line, active with `password`, else with a link to set one
    (mailed as well).

    Raises Refused for a bad address, an unknown role or a weak password, Conflict for an address that is
    taken.
    """
    command = _command(email, role, name)

    def create() -> CreatedUser:
        with app.unit_of_work() as ctx, ctx.run("core.user.invite"):
            user, link = _add(ctx, command, UserKind.STAFF), ""
            if not password:
                link = _mail_invitation(ctx, user)
            else:
                links.set_password(ctx, user, password)
                user.status = UserStatus.ACTIVE
                telling.created(ctx, user)
        return CreatedUser(user.key, user.email, role, link)

    return again(create)


def _command(email: str, role: str, name: str) -> InviteUser:
    from pydantic import ValidationError

    try:
        return InviteUser(email=email, name=name or email.partition("@")[0], language="en", roles=[role])
    except ValidationError as error:
        problem = error.errors()[0]
        field = str(problem["loc"][0])
        raise Refused(
            _("“{value}” cannot be used: {reason}.", value=email, reason=problem["msg"]), field=field
        ) from error
