"""What becomes of a request: agreed to and done, refused, withdrawn, expired."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from trunkline.access.roles import actor_for
from trunkline.approvals import queries
from trunkline.approvals.asking import mail_context
from trunkline.approvals.events import (
    ApprovalApproved,
    ApprovalEvent,
    ApprovalExpired,
    ApprovalRefused,
    ApprovalWithdrawn,
)
from trunkline.approvals.models import Approval, ApprovalState
from trunkline.approvals.schemas import Agree, Decline
from trunkline.approvals.second_person import Approved, from_json
from trunkline.auth.models import User, UserKind
from trunkline.errors import Forbidden, Refused
from trunkline.i18n import gettext as _
from trunkline.mail import operations as mail
from trunkline.operation import OPERATIONS, Actor, Context, operation

_EVENTS: Mapping[ApprovalState, type[ApprovalEvent]] = {
    ApprovalState.APPROVED: ApprovalApproved,
    ApprovalState.REFUSED: ApprovalRefused,
    ApprovalState.WITHDRAWN: ApprovalWithdrawn,
    ApprovalState.EXPIRED: ApprovalExpired,
}


@operation("core.approval.approve")
def approve(ctx: Context, number: str, command: Agree) -> Approval:
    """Agree to a request and do it, as who asked, in this unit of work.

    Both names are in the entry of what is done. Raises Forbidden for one's own request, for a program, and for who does not hold
    the operation's own permission; Refused when it is decided, expired or cannot be done any more; and whatever the operation
    raises: then it waits on.
    """
    approval = _decided(ctx, number, ApprovalState.APPROVED, command.note)
    asker = ctx.session.get_one(User, approval.asked_by_id)
    actor = actor_for(ctx.session, asker, approval.address)
    if not asker.is_active or not actor.may(approval.permission):
        raise Refused(
            _("{name} may not do this any more.", name=asker.name),
            remedy=_("Refuse the request; whoever may do it can ask again."),
        )
    info = OPERATIONS.get(approval.function)
    if info is None:
        raise Refused(
            _("The plugin that does this is disabled."), remedy=_("Enable it, or refuse the request.")
        )
    try:
        arguments = from_json(info, approval.arguments)
    except (ValidationError, KeyError) as error:
        raise Refused(
            _("This request was made with another version and cannot be carried out."),
            remedy=_("Refuse it, and have it asked again."),
        ) from error
    with _as_who_asked(ctx, actor, Approved(approval.number, ctx.actor.name)):
        info.function(ctx, **arguments)
    _tell(ctx, approval, asker)
    return approval


@operation("core.approval.approve")
def refuse(ctx: Context, number: str, command: Decline) -> Approval:
    """Say no to a request; nothing is done. Raises like `approve`."""
    approval = _decided(ctx, number, ApprovalState.REFUSED, command.note)
    _tell(ctx, approval, ctx.session.get_one(User, approval.asked_by_id))
    return approval


def withdraw(ctx: Context, number: str) -> Approval:
    """Take one's own request back. Needs no permission. Raises NotFound, Forbidden for somebody else's, Refused when decided."""
    with ctx.run("core.approval.withdraw"):
        approval = _locked(ctx, number)
        if approval.asked_by_id != ctx.actor.id:
            raise Forbidden(_("Only who asked can withdraw a request."), remedy=_("Refuse it instead."))
        _close(ctx, approval, ApprovalState.WITHDRAWN, "")
    return approval


def expire(ctx: Context) -> None:
    """Close the requests whose time is over."""
    over = ctx.session.scalars(
        select(Approval)
        .where(col(Approval.state) == ApprovalState.WAITING, col(Approval.expires_at) <= ctx.now())
        .with_for_update(skip_locked=True)
    ).all()
    for approval in over:
        with ctx.run("core.approval.expire"):
            approval.state = ApprovalState.EXPIRED
            ctx.note(approval, label=approval.number)
            _emit(ctx, approval, ApprovalState.EXPIRED)
        _tell(ctx, approval, ctx.session.get_one(User, approval.asked_by_id))


def _decided(ctx: Context, number: str, state: ApprovalState, note: str) -> Approval:
    approval = _locked(ctx, number)
    if approval.asked_by_id == ctx.actor.id or ctx.on_behalf_of is not None:
        raise Forbidden(
            _("A second person decides: somebody other than who asked, under their own name."),
            remedy=_("Ask a colleague."),
        )
    decider = None if ctx.actor.id is None else ctx.session.get(User, ctx.actor.id)
    if decider is None or decider.kind != UserKind.STAFF:
        raise Forbidden(_("A person decides, not a program."), remedy=_("Ask a colleague."))
    ctx.require(approval.permission)
    _close(ctx, approval, state, note)
    return approval


def _locked(ctx: Context, number: str) -> Approval:
    seen = queries.get(ctx, number)
    return ctx.session.scalars(
        select(Approval)
        .where(col(Approval.id) == seen.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _close(ctx: Context, approval: Approval, state: ApprovalState, note: str) -> None:
    if approval.state != ApprovalState.WAITING:
        raise Refused(_("{number} is decided already.", number=approval.number), remedy=_("Reload the page."))
    if approval.expires_at <= ctx.now():
        raise Refused(_("{number} has expired.", number=approval.number), remedy=_("Have it asked again."))
    approval.state, approval.note = state, note
    approval.decided_by_id, approval.decided_by = ctx.actor.id, ctx.actor.name
    approval.decided_at = ctx.now()
    ctx.session.flush()
    said = {"reason": note} if note else {}
    ctx.note(
        approval, label=approval.number, asked_by=approval.asked_by, operation=approval.permission, **said
    )
    _emit(ctx, approval, state)


def _emit(ctx: Context, approval: Approval, state: ApprovalState) -> None:
    ctx.emit(
        _EVENTS[state](
            entity_id=approval.key,
            customer_id=approval.customer_id,
            number=approval.number,
            operation=approval.permission,
        )
    )


@contextmanager
def _as_who_asked(ctx: Context, actor: Actor, approved: Approved) -> Iterator[None]:
    second, language = ctx.actor, ctx.actor.language
    ctx.actor, ctx.approved = replace(actor, language=language), approved
    try:
        yield
    finally:
        ctx.actor, ctx.approved = second, None


def _tell(ctx: Context, approval: Approval, asker: User) -> None:
    if asker.kind == UserKind.SERVICE:
        return
    mail.queue(
        ctx,
        template="core/mail/approval_decided",
        to=asker.email,
        language=asker.language,
        context=mail_context(ctx, approval, asker),
        key=f"approval:{approval.number}:{approval.state}",
    )
