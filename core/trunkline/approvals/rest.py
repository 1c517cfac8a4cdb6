"""REST: requests for a second person."""

from sqlmodel import col

from trunkline.approvals import operations, queries
from trunkline.approvals.asking import APPROVE
from trunkline.approvals.models import Approval
from trunkline.approvals.schemas import Agree, ApprovalOut, Decline
from trunkline.approvals.tables import APPROVALS
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.web.pages import SIGNED_IN

rest = RestRoutes("/approvals", "approvals")
_LIST = "core.approval.list"


@rest.get("", permission=_LIST, table=APPROVALS)
def list_approvals(ctx: Context, params: ListParams = list_params) -> Listing[ApprovalOut]:
    """Requests of one's own and those one may decide, newest first. Filters: `state`, `asked_at_from`, `asked_at_to`."""
    return read_list(ctx, APPROVALS, queries.list_approvals(ctx), params, ApprovalOut)


@rest.get("/{number}", permission=_LIST)
def approval(ctx: Context, number: str) -> ApprovalOut:
    """One request."""
    return _one(ctx, number)


@rest.post("/{number}/approve", permission=APPROVE, status=200)
def approve(ctx: Context, number: str, command: Agree) -> ApprovalOut:
    """Agree as the second person; the operation is done now, as who asked."""
    operations.approve(ctx, number, command)
    return _one(ctx, number)


@rest.post("/{number}/refuse", permission=APPROVE, status=200)
def refuse(ctx: Context, number: str, command: Decline) -> ApprovalOut:
    """Say no; nothing is done."""
    operations.refuse(ctx, number, command)
    return _one(ctx, number)


@rest.post("/{number}/withdraw", permission=SIGNED_IN, status=200)
def withdraw(ctx: Context, number: str) -> ApprovalOut:
    """Take one's own request back."""
    operations.withdraw(ctx, number)
    return _one(ctx, number)


def _one(ctx: Context, number: str) -> ApprovalOut:
    statement = queries.list_approvals(ctx).where(col(Approval.number) == number)
    row = ctx.session.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound(_("There is no request {number}.", number=number))
    return ApprovalOut.model_validate(row)
