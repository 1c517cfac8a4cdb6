"""What people do with their own account: profile, password, sessions, a forgotten password."""

from trunkline.auth import links, queries, sessions
from trunkline.auth.models import LinkPurpose, User, UserStatus
from trunkline.auth.operations import mail_link
from trunkline.auth.passwords import hashing
from trunkline.auth.schemas import ChangePassword, Profile
from trunkline.errors import Refused, Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Context

_ = gettext


def own_user(ctx: Context) -> User:
    """Whose account this is: the user who acts, or on whose behalf. Raises Unauthenticated when nobody is signed in."""
    key = (ctx.on_behalf_of or ctx.actor).id
    user = ctx.session.get(User, key) if key is not None else None
    if user is None:
        raise Unauthenticated(_("Nobody is signed in."), remedy=_("Sign in first."))
    return user


def change_profile(ctx: Context, command: Profile) -> User:
    """Change one's own name and language."""
    user = own_user(ctx)
    with ctx.run("core.user.edit_own"):
        user.name, user.language = command.name, command.language
        ctx.note(user, label=user.email)
    return user


def change_password(ctx: Context, command: ChangePassword, *, this_session: int | None) -> None:
    """Replace one's own password; every other session and every REST sign-in ends.

    Raises Refused for a wrong current password, two new ones that differ, and one that breaks the rules.
    """
    user = own_user(ctx)
    if not hashing().verify(user.password_hash, command.current):
        raise Refused(_("This is not your current password."), field="current")
    check_repeated(command.password, command.repeated)
    with ctx.run("core.user.edit_own"):
        links.set_password(ctx, user, command.password, keep_session=this_session)
        ctx.note(user, label=user.email, password_changed=True)


def check_repeated(password: str, repeated: str) -> None:
    """Raise Refused (field `repeated`) when the two entries differ."""
    if password != repeated:
        raise Refused(_("The two passwords differ."), field="repeated", remedy=_("Type the same twice."))


def end_other_session(ctx: Context, session_id: int) -> None:
    """End one of one's own sessions; one that is over already is fine."""
    user = own_user(ctx)
    with ctx.run("core.user.edit_own"):
        sessions.end_one(ctx, user.key, session_id)
        ctx.note(user, label=user.email, signed_out=True)


def ask_for_link(ctx: Context, email: str) -> None:
    """Mail a link that sets a new password, if somebody who may sign in has this address. Says nothing either
    way.
    """
    user = queries.by_email(ctx, email)
    if user is None or user.status == UserStatus.DISABLED:
        return
    with ctx.run("core.user.forgot_password"):
        mail_link(ctx, user, LinkPurpose.PASSWORD_RESET)
        ctx.note(user, label=user.email)
