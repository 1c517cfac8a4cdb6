"""What people do with their own account: profile, password, sessions, a forgotten password."""

from typing import TYPE_CHECKING

from trunkline.auth import links, queries, sessions, telling, tokens
from trunkline.auth.impersonation.limits import in_person
from trunkline.auth.models import LinkPurpose, User, UserKind, UserStatus
from trunkline.auth.offers import keeper_of
from trunkline.auth.operations import mail_link
from trunkline.auth.passwords import hashing
from trunkline.auth.schemas import ChangePassword, NewPassword, Profile
from trunkline.errors import Refused, Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Context

if TYPE_CHECKING:
    from trunkline.auth.sessions import RequestFacts

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
    in_person(ctx)
    user = own_user(ctx)
    with ctx.run("core.user.edit_own"):
        user.name, user.language = command.name, command.language
        ctx.note(user, label=user.email)
        telling.changed(ctx, user)
    return user


def keep_shortcuts(ctx: Context, wanted: bool) -> None:
    """Whether single keys do something on the pages of this person (WCAG 2.2, 2.1.4), in every browser."""
    user = own_user(ctx)
    with ctx.run("core.user.edit_own"):
        user.preferences = {**user.preferences, "shortcuts": wanted}
        ctx.note(user, label=user.email)


def replace_password(
    ctx: Context, command: ChangePassword, facts: "RequestFacts", *, this_session: int | None
) -> None:
    """`change_password` for pages, from a context that only reads: a wrong current password counts as on the sign-in page, so
    that nobody tries more of them at a foreign screen than there.

    Raises what `change_password` does, and TooManyRequests.
    """
    from trunkline.auth import sign_in

    user, wrong = own_user(ctx), Refused(_("This is not your current password."), field="current")
    try:
        proof = sign_in.prove(ctx.app, user.email, command.current, facts)
    except Unauthenticated:
        raise wrong from None
    if proof.user_id != user.key:
        raise wrong
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, on_behalf_of=ctx.on_behalf_of) as unit:
        change_password(unit, command, this_session=this_session)


def change_password(ctx: Context, command: ChangePassword, *, this_session: int | None) -> None:
    """Replace one's own password; every other session and every REST sign-in ends.

    Raises Refused for a wrong current password, two new ones that differ, one that breaks the rules, and for people whose
    password another system keeps.
    """
    if not hashing().verify(own_user(ctx).password_hash, command.current):
        raise Refused(_("This is not your current password."), field="current")
    if command.current == command.password:
        raise Refused(_("This is the password you have."), field="password", remedy=_("Choose another one."))
    _set_own(ctx, command.password, command.repeated, this_session)


def set_first_password(ctx: Context, command: NewPassword, *, this_session: int | None) -> None:
    """Give oneself a password after signing in another way. Raises Refused when there is one, and as `change_password`."""
    if own_user(ctx).password_hash is not None:
        raise Refused(_("You have a password."), remedy=_("Change it."))
    _set_own(ctx, command.password, command.repeated, this_session)


def _set_own(ctx: Context, password: str, repeated: str, this_session: int | None) -> None:
    in_person(ctx)
    user = own_user(ctx)
    check_kept_here(ctx, user)
    check_repeated(password, repeated)
    with ctx.run("core.user.edit_own"):
        links.set_password(ctx, user, password, keep_session=this_session)
        ctx.note(user, label=user.email, password_changed=True)
        telling.password_changed(ctx, user)


def check_kept_here(ctx: Context, user: User) -> None:
    """Raise Refused for somebody whose password and address a directory keeps."""
    if user.origin:
        raise Refused(
            _("Your account is kept in {origin}, not here.", origin=keeper_of(ctx.app, user.origin)),
            remedy=_("Change it there."),
        )


def check_repeated(password: str, repeated: str) -> None:
    """Raise Refused (field `repeated`) when the two entries differ."""
    if password != repeated:
        raise Refused(_("The two passwords differ."), field="repeated", remedy=_("Type the same twice."))


def end_all_other_sessions(ctx: Context, *, this_session: int | None) -> None:
    """End all of one's own sessions but this one, and every REST sign-in."""
    in_person(ctx)
    user = own_user(ctx)
    with ctx.run("core.user.edit_own"):
        sessions.end_all(ctx, user.key, but=this_session)
        tokens.revoke_all(ctx, user.key, "signed out everywhere else")
        ctx.note(user, label=user.email, signed_out=True)
        telling.signed_out(ctx, user, everywhere=True)


def end_other_session(ctx: Context, session_id: int) -> None:
    """End one of one's own sessions; one that is over already is fine."""
    in_person(ctx)
    user = own_user(ctx)
    with ctx.run("core.user.edit_own"):
        sessions.end_one(ctx, user.key, session_id)
        ctx.note(user, label=user.email, signed_out=True)
        telling.signed_out(ctx, user, everywhere=False)


def ask_for_link(ctx: Context, email: str) -> None:
    """Mail a link that sets a new password, if somebody who may sign in has this address. Says nothing either
    way.
    """
    user = queries.by_email(ctx, email)
    if user is None or user.status == UserStatus.DISABLED or user.origin or user.kind == UserKind.SERVICE:
        return
    with ctx.run("core.user.forgot_password"):
        mail_link(ctx, user, LinkPurpose.PASSWORD_RESET)
        ctx.note(user, label=user.email)
