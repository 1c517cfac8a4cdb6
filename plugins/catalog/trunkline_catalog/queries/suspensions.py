"""Suspensions: those in force on a service, and those that touch a span of time."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlmodel import col

from trunkline.operation import Context
from trunkline_catalog.models import CatalogOrder, CatalogOrderLine, CatalogService, CatalogSuspension
from trunkline_catalog.schemas import LineAction, LineState, SuspensionReason, SuspensionView


def suspensions_of(ctx: Context, service_id: int) -> list[SuspensionView]:
    """Why a service is suspended now, since when and by whom, oldest first."""
    # A reason is in force once at a time, so the newest line that brought it is the one that did.
    newest = (
        select(func.max(col(CatalogOrderLine.id)))
        .where(
            col(CatalogOrderLine.service_id) == col(CatalogSuspension.service_id),
            col(CatalogOrderLine.reason) == col(CatalogSuspension.reason),
            col(CatalogOrderLine.action) == LineAction.SUSPEND,
            col(CatalogOrderLine.state) == LineState.COMPLETED,
        )
        .correlate(CatalogSuspension)
        .scalar_subquery()
    )
    statement: Any = (
        select(
            col(CatalogSuspension.reason),
            col(CatalogSuspension.note),
            col(CatalogSuspension.started_at),
            col(CatalogOrder.placed_by).label("by"),
            col(CatalogOrder.number).label("order_number"),
        )
        .outerjoin(CatalogOrderLine, col(CatalogOrderLine.id) == newest)
        .outerjoin(CatalogOrder, col(CatalogOrder.id) == col(CatalogOrderLine.order_id))
        .where(col(CatalogSuspension.service_id) == service_id, col(CatalogSuspension.ended_at).is_(None))
        .order_by(col(CatalogSuspension.id))
    )
    return [
        SuspensionView(
            reason=SuspensionReason(row.reason),
            note=row.note,
            started_at=row.started_at,
            by=row.by or "",
            order_number=row.order_number or "",
        )
        for row in ctx.session.execute(statement)
    ]


def suspensions_between(ctx: Context, start: datetime, end: datetime) -> "Select[Any]":
    """Core select of every suspension that was in force at some moment from `start` until `end`: `service_id, reason,
    started_at, ended_at` (None: still). Narrow it to the services you need."""
    statement: Any = (
        select(
            col(CatalogSuspension.service_id),
            col(CatalogSuspension.reason),
            col(CatalogSuspension.started_at),
            col(CatalogSuspension.ended_at),
        )
        .join(CatalogService, col(CatalogService.id) == col(CatalogSuspension.service_id))
        .where(
            and_(
                col(CatalogSuspension.started_at) < end,
                or_(col(CatalogSuspension.ended_at).is_(None), col(CatalogSuspension.ended_at) > start),
            ),
            *ctx.visible_conditions(CatalogService),
        )
        .order_by(col(CatalogSuspension.service_id), col(CatalogSuspension.started_at))
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()
