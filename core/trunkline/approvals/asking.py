"""Keeping what somebody asked for, and telling those who may agree."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.holding import users_who_may
from trunkline.access.roles import actor_for
from trunkline.approvals.events import ApprovalAsked
from trunkline.approvals.models import Approval, ApprovalState
from trunkline.approvals.second_person import Request
from trunkline.approvals.words import facts_of, summary_of, words_of
from trunkline.auth.models import User, UserKind
from trunkline.customers.models import Customer
from trunkline.db.numbers import next_number
from trunkline.errors import Forbidden, WaitsForSecondPerson
from trunkline.i18n import gettext as _
from trunkline.i18n import use_locale
from trunkline.mail import operations as mail
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings

#: The permission to be the second person; the operation's own is needed as well.
APPROVE = "core.approval.approve"
#: More people than this are not written to; the page shows all of them what waits.
_MAILS = 50


def keep_request(ctx: Context, waiting: WaitsForSecondPerson) -> None:
    """Keep the request of `waiting`, mail those who may decide, and give `waiting` the number.

    The same request that waits already is not kept twice, nor is another for what can be done only once (`Matter.once`). Raises
    Forbidden for an actor who is nobody's user and for one who works as somebody else.
    """
    request = waiting.request
    assert isinstance(request, Request)  # noqa: S101 — second_person.wait_if_needed made it
    if ctx.actor.id is None or ctx.on_behalf_of is not None:
        raise Forbidden(
            _("This needs a second person, and a first who acts under their own name."),
            remedy=_("Sign in as yourself and ask again."),
        )
    digest = _digest(request)
    known = ctx.session.scalars(
        select(Approval).where(
            col(Approval.digest) == digest,
            col(Approval.state) == ApprovalState.WAITING,
            col(Approval.expires_at) > ctx.now(),
        )
    ).first()
    if known is not None:
        waiting.number = known.number
        return
    with ctx.run("core.approval.ask"):
        approval = _kept(ctx, request, digest, ctx.actor.id)
        ctx.note(approval, label=approval.number, operation=request.operation)
        ctx.emit(
            ApprovalAsked(
                entity_id=approval.key,
                customer_id=approval.customer_id,
                number=approval.number,
                operation=approval.permission,
            )
        )
    waiting.number = approval.number
    _tell(ctx, approval)


def _kept(ctx: Context, request: Request, digest: str, user_id: int) -> Approval:
    matter, days = request.matter, ctx.settings(CoreSettings).approval_days
    approval = Approval(
        number=next_number(ctx.session, "approval"),
        function=request.function,
        permission=request.operation,
        # Source text: it is translated where it is shown.
        label=str.__str__(request.label),
        summary=str(matter.summary)[:300],
        words=words_of(matter.summary, matter.facts),
        arguments=dict(request.arguments),
        digest=digest,
        amount_micros=matter.amount_micros,
        currency=matter.currency,
        customer_id=matter.customer_id,
        path=matter.path,
        asked_by_id=user_id,
        asked_by=ctx.actor.name,
        address=ctx.actor.address,
        created_at=ctx.now(),
        expires_at=ctx.now() + timedelta(days=days),
    )
    ctx.session.add(approval)
    ctx.session.flush()
    return approval


def _digest(request: Request) -> str:
    asked = request.matter.once or request.arguments
    text = json.dumps([request.function, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def deciders(ctx: Context, approval: Approval) -> list[User]:
    """Active people who may be the second person for a request: never who asked, and only who sees its customer."""
    found = ctx.session.scalars(
        users_who_may(APPROVE, approval.permission).where(
            col(User.kind) == UserKind.STAFF, col(User.id) != approval.asked_by_id
        )
    )
    return [user for user in found if _sees(ctx, user, approval.customer_id)]


def _sees(ctx: Context, user: User, customer_id: int | None) -> bool:
    other = replace(ctx, actor=actor_for(ctx.session, user))
    if customer_id is None or not other.actor.scope.is_limited:
        return True
    visible = select(col(Customer.id)).where(
        col(Customer.id) == customer_id, *other.visible_conditions(Customer)
    )
    return ctx.session.scalar(visible) is not None


def _tell(ctx: Context, approval: Approval) -> None:
    for user in deciders(ctx, approval)[:_MAILS]:
        mail.queue(
            ctx,
            template="core/mail/approval_waiting",
            to=user.email,
            language=user.language,
            context=mail_context(ctx, approval, user),
            key=f"approval:{approval.number}:{user.key}",
        )


def mail_context(ctx: Context, approval: Approval, user: User) -> dict[str, object]:
    """What the mails about a request tell."""
    base = ctx.app.config.public_url
    with use_locale(user.language or ctx.app.config.language, ctx.app.config.time_zone):
        summary, facts = summary_of(approval.words), facts_of(approval.words)
    return {
        "name": user.name,
        "operator": ctx.app.config.operator_name,
        "asked_by": approval.asked_by,
        "summary": summary,
        "facts": facts,
        "number": approval.number,
        "state": approval.state,
        "decided_by": approval.decided_by,
        "note": approval.note,
        "link": f"{base}/approvals/{approval.number}",
    }
