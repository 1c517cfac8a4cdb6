"""What may be done to many users at once."""

from trunkline.auth import operations
from trunkline.auth.models import User, UserStatus
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.lists import NoValues, RowAction
from trunkline.operation import Context


def _end_sessions(ctx: Context, key: int, command: NoValues) -> None:
    if key == ctx.actor.id:
        raise Refused(
            _("You were left out: your own sessions go on."), remedy=_("End them on your own account's page.")
        )
    operations.end_sessions(ctx, key)


def _disable(ctx: Context, key: int, command: NoValues) -> None:
    if ctx.load(User, key).status != UserStatus.DISABLED:
        operations.disable_user(ctx, key)


def _enable(ctx: Context, key: int, command: NoValues) -> None:
    user = ctx.load(User, key)
    if user.status != UserStatus.DISABLED:
        raise Refused(_("{name} is not disabled.", name=user.name))
    operations.enable_user(ctx, key)


def _invite(ctx: Context, key: int, command: NoValues) -> None:
    operations.invite_again(ctx, key)


ROW_ACTIONS = (
    RowAction(
        "core.user_invite",
        "users",
        _("Invite again"),
        "core.user.invite",
        _invite,
        icon="mail",
        effect=_("Who has not set a password gets a fresh link; the old one stops working."),
        order=10,
    ),
    RowAction(
        "core.user_end_sessions",
        "users",
        _("End sessions"),
        "core.user.disable",
        _end_sessions,
        icon="logout",
        tone="danger",
        effect=_("They are signed out everywhere at once, and may sign in again. You yourself are left out."),
        order=20,
    ),
    RowAction(
        "core.user_disable",
        "users",
        _("Disable"),
        "core.user.disable",
        _disable,
        icon="ban",
        tone="danger",
        effect=_(
            "They are signed out at once and cannot sign in until somebody enables them. You yourself are left out."
        ),
        order=30,
        sudo=True,
    ),
    RowAction(
        "core.user_enable",
        "users",
        _("Enable"),
        "core.user.disable",
        _enable,
        icon="user-check",
        effect=_("Those who are disabled can sign in again. Others stay as they are."),
        order=40,
    ),
)
