"""Reading emergency accesses."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlmodel import col

from trunkline.access.break_glass.models import BreakGlass
from trunkline.operation import Context


def list_accesses(ctx: Context) -> Select[*tuple[Any, ...]]:
    """Every emergency access as the list shows it."""
    over = or_(col(BreakGlass.ended_at).is_not(None), col(BreakGlass.ends_at) <= ctx.now())
    return select(
        col(BreakGlass.id).label("id"),
        col(BreakGlass.name).label("name"),
        col(BreakGlass.reason).label("reason"),
        col(BreakGlass.address).label("address"),
        col(BreakGlass.started_at).label("started_at"),
        func.coalesce(col(BreakGlass.ended_at), col(BreakGlass.ends_at)).label("over_at"),
        col(BreakGlass.ended_by).label("ended_by"),
        case((over, "closed"), else_="running").label("state"),
    )


def taken_since(ctx: Context, moment: datetime) -> int:
    """How many emergency accesses began after a moment."""
    return ctx.session.scalar(select(func.count()).where(col(BreakGlass.started_at) > moment)) or 0


def running(ctx: Context) -> list[BreakGlass]:
    """The emergency accesses that are not over."""
    statement = (
        select(BreakGlass)
        .where(col(BreakGlass.ended_at).is_(None), col(BreakGlass.ends_at) > ctx.now())
        .order_by(col(BreakGlass.id))
    )
    return list(ctx.session.scalars(statement))


def own(ctx: Context) -> BreakGlass | None:
    """The actor's emergency access, if it is not over."""
    return next((one for one in running(ctx) if one.user_id == ctx.actor.id), None)
