"""What changes second factors: people their own, administrators those of others and what roles demand."""

from sqlalchemy import delete
from sqlmodel import col

from trunkline.access.events import RoleChanged
from trunkline.access.models import Role
from trunkline.access.operations import check_may_manage
from trunkline.auth import notices, sessions, telling, tokens
from trunkline.auth.models import User
from trunkline.auth.own_account import own_user
from trunkline.auth.queries import by_email
from trunkline.auth.second_factor import backup_codes, devices, queries, totp
from trunkline.auth.second_factor.models import Passkey, TotpFactor
from trunkline.branding.spoken import address_for_customer
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext
from trunkline.operation import Context, operation

_ = gettext


def begin_app(ctx: Context) -> TotpFactor:
    """Make a fresh secret for one's own app; the one in use counts until a first code of the new one was shown."""
    user = own_user(ctx)
    with ctx.run("core.user.second_factor_begun"):
        return totp.prepare(ctx, user.key)


def confirm_app(ctx: Context, code: str, *, this_session: int | None) -> list[str]:
    """Count the prepared app from now on, because its present code was shown; every other session ends.

    Returns fresh backup codes for a first factor, else none. Raises Refused (field `code`) for a wrong code.
    """
    user = own_user(ctx)
    with ctx.run("core.user.second_factor_added"):
        first = not queries.has_factor(ctx.session, user.key)
        replaced = totp.confirmed(ctx.session, user.key) is not None
        if not totp.confirm(ctx, user.key, code):
            raise Refused(
                _("This is not the code that the app shows now."),
                field="code",
                remedy=_("Wait for the next one. If none fits, set the phone's clock to automatic."),
            )
        codes = backup_codes.make(ctx, user.key) if first else []
        _changed(ctx, user, "app_replaced" if replaced else "app_added", this_session)
    return codes


def remove_app(ctx: Context, *, this_session: int | None) -> None:
    """Do without one's own app. Raises Refused when a role demands a second factor and there is no other."""
    user = own_user(ctx)
    with ctx.run("core.user.second_factor_removed"):
        if totp.confirmed(ctx.session, user.key) is None:
            raise NotFound(_("There is no app to remove."))
        _check_enough_left(ctx, user.key)
        ctx.session.execute(delete(TotpFactor).where(col(TotpFactor.user_id) == user.key))
        _changed(ctx, user, "app_removed", this_session)


def added_passkey(ctx: Context, passkey: Passkey, *, this_session: int | None) -> list[str]:
    """Keep a passkey whose registration was verified; backup codes and sessions as for `confirm_app`."""
    user = own_user(ctx)
    with ctx.run("core.user.second_factor_added"):
        first = not queries.has_factor(ctx.session, user.key)
        ctx.session.add(passkey)
        ctx.session.flush()
        codes = backup_codes.make(ctx, user.key) if first else []
        _changed(ctx, user, "passkey_added", this_session, passkey=passkey.name)
    return codes


def remove_passkey(ctx: Context, passkey_id: int, *, this_session: int | None) -> str:
    """Do without one of one's own passkeys; returns its name. Raises NotFound, and Refused as `remove_app` does."""
    user = own_user(ctx)
    with ctx.run("core.user.second_factor_removed"):
        passkey = ctx.session.get(Passkey, passkey_id)
        if passkey is None or passkey.user_id != user.key:
            raise NotFound(_("There is no such passkey."))
        _check_enough_left(ctx, user.key)
        ctx.session.delete(passkey)
        _changed(ctx, user, "passkey_removed", this_session, passkey=passkey.name)
        return passkey.name


def renew_codes(ctx: Context) -> list[str]:
    """Fresh backup codes of one's own; those on the old paper stop working. Raises Refused without a factor."""
    user = own_user(ctx)
    with ctx.run("core.user.backup_codes_renewed"):
        if not queries.has_factor(ctx.session, user.key):
            raise Refused(_("Backup codes stand in for an app or a passkey."), remedy=_("Set one up first."))
        codes = backup_codes.make(ctx, user.key)
        ctx.note(user, label=user.email or user.name)
        telling.second_factor_changed(ctx, user, "codes_renewed")
        _tell(ctx, user, "codes_renewed")
    return codes


def forget_device(ctx: Context, device_id: int | None = None) -> None:
    """Ask for the second factor again on one of one's own browsers, or on all of them."""
    user = own_user(ctx)
    with ctx.run("core.user.device_forgotten"):
        devices.forget(ctx, user.key, device_id)
        ctx.note(user, label=user.email or user.name)
        telling.second_factor_changed(ctx, user, "device_forgotten")


@operation("core.second_factor.delete")
def reset(ctx: Context, user_id: int) -> User:
    """Take every second factor from somebody who lost theirs, end their sessions and tell them.

    The caller has made sure who asks. Raises Refused for oneself, Forbidden for somebody who holds more than the actor.
    """
    user = ctx.load(User, user_id, lock=True)
    check_may_manage(ctx, user)
    if user.key == ctx.actor.id:
        raise Refused(_("Change your own second factors on your account's page."))
    ctx.session.execute(delete(TotpFactor).where(col(TotpFactor.user_id) == user.key))
    ctx.session.execute(delete(Passkey).where(col(Passkey.user_id) == user.key))
    backup_codes.forget(ctx, user.key)
    _changed(ctx, user, "reset", None)
    return user


def reset_by_email(ctx: Context, email: str) -> User:
    """As `reset`, for the command line: the way out when the only administrator lost theirs. Raises NotFound."""
    user = by_email(ctx, email)
    if user is None:
        raise NotFound(_("Nobody signs in with {email}.", email=email), remedy=_("Check the spelling."))
    return reset(ctx, user.key)


@operation("core.second_factor.configure")
def require_of_role(ctx: Context, name: str, required: bool) -> Role:
    """Demand a second factor of everybody with this role, or leave it to them.

    Whoever has none is signed out by it: in the browser with the next request (`sessions.find`), programs here.
    """
    role = ctx.load_by(Role, Role.name, name, lock=True)
    role.requires_second_factor = required
    if required:
        for user_id in queries.people_without(ctx, role.key):
            tokens.revoke_all(ctx, user_id, "second factor demanded")
    ctx.note(role, label=role.name)
    ctx.emit(RoleChanged(entity_id=role.key, role=role.name))
    return role


def _check_enough_left(ctx: Context, user_id: int) -> None:
    factors = queries.factors_of(ctx, user_id)
    if factors.count == 1 and factors.required_by:
        raise Refused(
            _("Your role demands a second factor, and this is your only one."),
            remedy=_("Set up another one first."),
        )


def _changed(ctx: Context, user: User, change: str, this_session: int | None, **details: str) -> None:
    """What follows from any change: other sessions, tokens and remembered browsers end, and the person is told."""
    if not queries.has_factor(ctx.session, user.key):
        backup_codes.forget(ctx, user.key)
        sessions.weaken(ctx, user.key)
    sessions.end_all(ctx, user.key, but=this_session)
    tokens.revoke_all(ctx, user.key, "second factor changed")
    devices.forget(ctx, user.key)
    ctx.note(user, label=user.email or user.name, change=change, **details)
    telling.second_factor_changed(ctx, user, change)
    _tell(ctx, user, change)


def _tell(ctx: Context, user: User, change: str) -> None:
    if not user.email:
        return
    link = address_for_customer(ctx, user.customer_id, "/profile/second-factor")
    notices.tell(ctx, user, "second_factor_changed", change=change, link=link)
