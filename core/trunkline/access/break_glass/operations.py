"""Taking every permission in an emergency, and giving it back."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.break_glass.models import BreakGlass
from trunkline.access.break_glass.schemas import BreakGlassReason
from trunkline.access.events import BreakGlassEnded, BreakGlassTaken
from trunkline.access.models import Role, UserRole
from trunkline.access.roles import ADMINISTRATOR
from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.errors import Forbidden, NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.mail import operations as mail
from trunkline.operation import ActorKind, Context, operation
from trunkline.settings.core import CoreSettings


@operation("core.break_glass.use")
def take(ctx: Context, command: BreakGlassReason) -> BreakGlass:
    """Hold every permission for some minutes, in the browser. Every administrator is told by mail at once.

    Raises Refused for somebody who holds every permission anyway or who has taken them already, and (field `minutes`) for longer
    than the settings allow; Forbidden for programs and for who works as somebody else.
    """
    if ctx.actor.kind != ActorKind.STAFF or ctx.actor.id is None or ctx.on_behalf_of is not None:
        raise Forbidden(
            _("Emergency access is for people who are signed in under their own name."),
            remedy=_("Sign in as yourself, in the browser."),
        )
    if ctx.actor.break_glass is not None:
        raise Refused(
            _("You have emergency access already."), remedy=_("End it first to give another reason.")
        )
    if ctx.actor.permissions is None:
        raise Refused(_("You hold every permission already."))
    most = ctx.settings(CoreSettings).break_glass_minutes
    if command.minutes > most:
        raise Refused(
            _("At most {n} minutes.", n=most),
            field="minutes",
            remedy=_("Take them again when they are over and the emergency is not."),
        )
    user = ctx.session.get_one(User, ctx.actor.id)
    until = ctx.now() + timedelta(minutes=command.minutes)
    access = BreakGlass(
        user_id=user.key,
        name=user.name,
        reason=command.reason,
        address=ctx.actor.address,
        started_at=ctx.now(),
        ends_at=until,
    )
    ctx.session.add(access)
    user.break_glass_until = until
    ctx.session.flush()
    ctx.note(access, label=user.name, reason=command.reason, minutes=command.minutes)
    ctx.emit(BreakGlassTaken(entity_id=access.key, user_id=user.key, minutes=command.minutes))
    _tell_administrators(ctx, access)
    return access


def end_own(ctx: Context) -> BreakGlass:
    """Give the permissions back before their time. Needs no permission. Raises Refused when there is no emergency access."""
    running = ctx.session.scalars(
        select(BreakGlass)
        .where(
            col(BreakGlass.user_id) == ctx.actor.id,
            col(BreakGlass.ended_at).is_(None),
            col(BreakGlass.ends_at) > ctx.now(),
        )
        .with_for_update()
    ).first()
    if running is None:
        raise Refused(_("You have no emergency access now."))
    with ctx.run("core.break_glass.end"):
        _end(ctx, running)
    return running


@operation("core.break_glass.disable")
def end(ctx: Context, access_id: int) -> BreakGlass:
    """End somebody's emergency access. Raises NotFound, Refused when it is over."""
    access = ctx.session.get(BreakGlass, access_id, with_for_update=True)
    if access is None:
        raise NotFound(_("There is no emergency access {id}.", id=access_id))
    if access.ended_at is not None or access.ends_at <= ctx.now():
        raise Refused(_("It is over already."))
    _end(ctx, access)
    return access


def _end(ctx: Context, access: BreakGlass) -> None:
    access.ended_at, access.ended_by = ctx.now(), ctx.actor.name
    ctx.session.get_one(User, access.user_id).break_glass_until = None
    ctx.note(access, label=access.name)
    ctx.emit(BreakGlassEnded(entity_id=access.key, user_id=access.user_id))


def _tell_administrators(ctx: Context, access: BreakGlass) -> None:
    administrators = ctx.session.scalars(
        select(User)
        .join(UserRole, col(UserRole.user_id) == col(User.id))
        .join(Role, col(Role.id) == col(UserRole.role_id))
        .where(
            col(Role.name) == ADMINISTRATOR,
            col(User.kind) == UserKind.STAFF,
            col(User.status) == UserStatus.ACTIVE,
        )
    )
    for user in administrators:
        mail.queue(
            ctx,
            template="core/mail/break_glass",
            to=user.email,
            language=user.language,
            context={
                "name": user.name,
                "who": access.name,
                "reason": access.reason,
                "minutes": round((access.ends_at - access.started_at).total_seconds() / 60),
                "address": access.address,
                "link": f"{ctx.app.config.public_url}/break-glass",
            },
            key=f"break-glass:{access.key}:{user.key}",
        )
