"""What the worker does with lines that suspend or resume a service. Each is transactional and harmless when repeated."""

from sqlalchemy import delete, select
from sqlmodel import col

from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline_catalog.events import ServiceResumed, ServiceSuspended
from trunkline_catalog.models import CatalogSuspension
from trunkline_catalog.operations.lines import (
    about,
    complete,
    locked_line,
    open_suspensions,
    reopen,
    service_of,
)
from trunkline_catalog.schemas import LineState


@operation("catalog.order.run")
def suspend(ctx: Context, line_id: int) -> None:
    """The line's reason is in force from now on."""
    line = locked_line(ctx, line_id)
    if line.state == LineState.COMPLETED:
        return
    service = service_of(ctx, line)
    first = not service.suspended
    ctx.session.add(
        CatalogSuspension(service_id=service.key, reason=line.reason, note=line.note, started_at=ctx.now())
    )
    service.suspended = True
    ctx.session.flush()
    mark(ctx, "service", service.key)
    ctx.emit(
        ServiceSuspended(**about(ctx, service), reason=line.reason, first=first),
    )
    complete(ctx, line)
    ctx.note(service, label=service.number, reason=line.reason)


@operation("catalog.order.run")
def undo_suspend(ctx: Context, line_id: int) -> None:
    """The reason never came into force."""
    line = locked_line(ctx, line_id)
    if line.state != LineState.COMPLETED:
        return
    service = service_of(ctx, line)
    ctx.session.execute(
        delete(CatalogSuspension).where(
            col(CatalogSuspension.service_id) == service.id,
            col(CatalogSuspension.reason) == line.reason,
            col(CatalogSuspension.ended_at).is_(None),
        )
    )
    service.suspended = bool(_open_reasons(ctx, service.key))
    reopen(ctx, line)
    ctx.note(service, label=service.number, reason=line.reason)


@operation("catalog.order.run")
def resume(ctx: Context, line_id: int) -> None:
    """The line's reason is lifted; the service works when none is left."""
    line = locked_line(ctx, line_id)
    if line.state == LineState.COMPLETED:
        return
    service = service_of(ctx, line)
    for row in open_suspensions(ctx, service.key):
        if row.reason == line.reason:
            row.ended_at = ctx.now()
    ctx.session.flush()
    service.suspended = bool(_open_reasons(ctx, service.key))
    mark(ctx, "service", service.key)
    ctx.emit(ServiceResumed(**about(ctx, service), reason=line.reason, working=not service.suspended))
    complete(ctx, line)
    ctx.note(service, label=service.number, reason=line.reason)


@operation("catalog.order.run")
def undo_resume(ctx: Context, line_id: int) -> None:
    """The reason is in force as before."""
    line = locked_line(ctx, line_id)
    if line.state != LineState.COMPLETED:
        return
    service = service_of(ctx, line)
    last = ctx.session.scalars(
        select(CatalogSuspension)
        .where(col(CatalogSuspension.service_id) == service.id, col(CatalogSuspension.reason) == line.reason)
        .order_by(col(CatalogSuspension.id).desc())
    ).first()
    if last is not None:
        last.ended_at = None
    service.suspended = True
    reopen(ctx, line)
    ctx.note(service, label=service.number, reason=line.reason)


def _open_reasons(ctx: Context, service_id: int) -> list[str]:
    return [row.reason for row in open_suspensions(ctx, service_id)]
