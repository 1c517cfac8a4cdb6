"""Beginning and ending to work as another user."""

from datetime import timedelta

from trunkline.access.roles import actor_for
from trunkline.auth.events import ImpersonationEnded, ImpersonationStarted
from trunkline.auth.impersonation.models import Impersonation
from trunkline.auth.impersonation.schemas import Impersonate
from trunkline.auth.impersonation.wearing import PERMISSION, limited
from trunkline.auth.models import User, UserKind, UserSession
from trunkline.auth.sessions import RequestFacts, SignedIn
from trunkline.errors import Forbidden, Refused
from trunkline.i18n import gettext
from trunkline.operation import Context, operation
from trunkline.settings.core import CoreSettings

_ = gettext


def check_may_start(ctx: Context, user: User) -> None:
    """Raise Refused when there is nothing to open (oneself, an account that cannot sign in, a program), and when `user` may do
    or see more than the actor.
    """
    if user.key == ctx.actor.id:
        raise Refused(_("This is you."), remedy=_("Just go on."))
    if user.kind == UserKind.SERVICE:
        raise Refused(_("{name} is a program and has no pages.", name=user.name))
    if not user.is_active:
        raise Refused(
            _("{name} cannot sign in, so there is nothing to see.", name=user.name),
            remedy=_("Enable the account, or have the invitation accepted."),
        )
    if limited(ctx.actor, actor_for(ctx.session, user), user) is None:
        raise Refused(
            _("{name} may do or see more than you.", name=user.name), remedy=_("Ask an administrator.")
        )


@operation(PERMISSION)
def start(
    ctx: Context, user_id: int, command: Impersonate, signed_in: SignedIn, facts: RequestFacts
) -> Impersonation:
    """Let the session of `signed_in` show the pages of another user, for the time that the settings say.

    Raises NotFound for a user out of sight; otherwise see `check_may_start`.
    """
    user = ctx.load(User, user_id)
    check_may_start(ctx, user)
    kept = ctx.session.get(UserSession, signed_in.session_id)
    if kept is None or kept.user_id != ctx.actor.id:
        raise Forbidden(_("Only who is signed in with a browser can do this."))
    now, minutes = ctx.now(), ctx.settings(CoreSettings).impersonation_minutes
    row = Impersonation(
        staff_id=kept.user_id,
        user_id=user.key,
        reason=command.reason,
        address=facts.address[:64],
        user_agent=facts.user_agent[:300],
        started_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    ctx.session.add(row)
    ctx.session.flush()
    kept.impersonation_id = row.key
    ctx.note(user, label=user.email, reason=command.reason, until=row.expires_at)
    ctx.emit(
        ImpersonationStarted(
            entity_id=row.key, customer_id=user.customer_id, staff_id=row.staff_id, user_id=row.user_id
        )
    )
    return row


def end(ctx: Context, signed_in: SignedIn) -> User | None:
    """Go back to being oneself; returns whose pages were open, None when they were one's own."""
    worn = signed_in.impersonation
    if worn is None:
        return None
    with ctx.run("core.user.impersonation_end"):
        kept = ctx.session.get(UserSession, signed_in.session_id)
        row = ctx.session.get(Impersonation, worn.id)
        if kept is not None:
            kept.impersonation_id = None
        if row is not None and row.ended_at is None:
            row.ended_at = ctx.now()
        user = ctx.session.get(User, worn.user.id)
        ctx.note(user, label=user.email if user is not None else "")
        if row is not None:
            customer_id = user.customer_id if user is not None else None
            ctx.emit(
                ImpersonationEnded(
                    entity_id=row.key, customer_id=customer_id, staff_id=row.staff_id, user_id=row.user_id
                )
            )
    return user
