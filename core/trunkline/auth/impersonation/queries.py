"""Who worked as whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.auth.impersonation.models import Impersonation
from trunkline.auth.models import User
from trunkline.customers.models import Customer
from trunkline.i18n import gettext
from trunkline.operation import Context

_ = gettext
_SHOWN = 20
#: Whoever worked as somebody else. The same each time: another alias would make it another list.
_STAFF = aliased(User)


def list_impersonations(ctx: Context) -> Select[Any]:
    """Every time that somebody worked as a user whom the actor may see."""
    over = case(
        (col(Impersonation.ended_at).is_not(None), col(Impersonation.ended_at)),
        else_=col(Impersonation.expires_at),
    )
    return (
        select(
            col(Impersonation.id).label("id"),
            col(Impersonation.started_at).label("started_at"),
            over.label("until"),
            case((over > ctx.now(), "open"), else_="closed").label("status"),
            col(Impersonation.reason).label("reason"),
            col(Impersonation.address).label("address"),
            col(Impersonation.staff_id).label("staff_id"),
            col(_STAFF.name).label("staff"),
            col(Impersonation.user_id).label("user_id"),
            col(User.name).label("name"),
            col(User.kind).label("kind"),
            func.coalesce(col(Customer.name), col(User.email)).label("belongs"),
        )
        .join_from(Impersonation, User, col(User.id) == col(Impersonation.user_id))
        .join(_STAFF, col(_STAFF.id) == col(Impersonation.staff_id))
        .join(Customer, col(Customer.id) == col(User.customer_id), isouter=True)
        .where(*ctx.visible_conditions(User))
    )


@dataclass(frozen=True)
class Visit:
    """One time that the operator's staff opened somebody's account."""

    staff: str
    started_at: datetime
    until: datetime
    is_open: bool


def visits_of(ctx: Context, user_id: int) -> Sequence[Visit]:
    """The newest times that staff worked as a user, for that user to see beside their own sessions."""
    statement = (
        select(Impersonation, col(User.name))
        .join(User, col(User.id) == col(Impersonation.staff_id))
        .where(col(Impersonation.user_id) == user_id)
        .order_by(col(Impersonation.started_at).desc(), col(Impersonation.id).desc())
        .limit(_SHOWN)
    )
    visits = []
    for row, name in ctx.session.execute(statement):
        until = row.ended_at or row.expires_at
        visits.append(Visit(name, row.started_at, until, until > ctx.now()))
    return visits
