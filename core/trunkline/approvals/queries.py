"""Reading what waits for a second person."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import col

from trunkline.approvals.asking import APPROVE
from trunkline.approvals.models import Approval, ApprovalState
from trunkline.customers.models import Customer
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context


def list_approvals(ctx: Context) -> Select[*tuple[Any, ...]]:
    """Requests that the actor may see, as lists and REST show them: their own, those they may decide, or every one."""
    return (
        select(
            col(Approval.id).label("id"),
            col(Approval.number).label("number"),
            col(Approval.permission).label("operation"),
            col(Approval.label).label("label"),
            col(Approval.summary).label("summary"),
            col(Approval.words).label("words"),
            col(Approval.amount_micros).label("amount_micros"),
            col(Approval.currency).label("currency"),
            col(Customer.number).label("customer"),
            col(Customer.name).label("customer_name"),
            col(Approval.state).label("state"),
            col(Approval.asked_by).label("asked_by"),
            col(Approval.created_at).label("asked_at"),
            col(Approval.expires_at).label("expires_at"),
            col(Approval.decided_by).label("decided_by"),
            col(Approval.decided_at).label("decided_at"),
            col(Approval.note).label("note"),
        )
        .outerjoin_from(Approval, Customer, col(Customer.id) == col(Approval.customer_id))
        .where(_seen(ctx))
    )


def get(ctx: Context, number: str) -> Approval:
    """One such request. Raises NotFound."""
    found = ctx.session.scalars(
        select(Approval).where(col(Approval.number) == number, _seen(ctx))
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no request {number}.", number=number))
    return found


def waiting_for(ctx: Context) -> int:
    """How many requests wait that the actor may decide."""
    statement = select(func.count()).where(
        col(Approval.state) == ApprovalState.WAITING,
        col(Approval.expires_at) > ctx.now(),
        decidable(ctx),
        *ctx.visible_conditions(Approval),
    )
    return ctx.session.scalar(statement) or 0


def may_decide(ctx: Context, approval: Approval) -> bool:
    """Whether the actor may be the second person for this request now."""
    return (
        approval.state == ApprovalState.WAITING
        and approval.expires_at > ctx.now()
        and approval.asked_by_id != ctx.actor.id
        and ctx.on_behalf_of is None
        and ctx.actor.may(APPROVE)
        and ctx.actor.may(approval.permission)
    )


def decidable(ctx: Context) -> ColumnElement[bool]:
    """Requests of others whose operation the actor holds, beside the permission to be a second person."""
    if not ctx.actor.may(APPROVE):
        return col(Approval.id).is_(None)
    others = col(Approval.asked_by_id) != ctx.actor.id if ctx.actor.id is not None else None
    held = ctx.actor.permissions
    mine = None if held is None else col(Approval.permission).in_(sorted(held))
    return and_(*(part for part in (others, mine) if part is not None), col(Approval.id).is_not(None))


def _seen(ctx: Context) -> ColumnElement[bool]:
    shown = col(Approval.id).is_not(None) if ctx.actor.may("core.approval.view") else decidable(ctx)
    # A request about no customer is nobody's row, and seen by who may decide it.
    scope = [or_(col(Approval.customer_id).is_(None), *ctx.visible_conditions(Approval))]
    limits = scope if ctx.actor.scope.is_limited else []
    return or_(col(Approval.asked_by_id) == ctx.actor.id, and_(shown, *limits))
