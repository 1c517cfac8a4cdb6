"""What the worker does with order lines: begin, finish, undo. Each is transactional and harmless when repeated."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import col

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job
from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline.web.tones import state_within
from trunkline_catalog.events import (
    OrderLineCancelled,
    OrderLineCompleted,
    OrderLineFailed,
    ServiceActivated,
    ServiceReverted,
    ServiceTerminated,
)
from trunkline_catalog.models import (
    CatalogIdentifier,
    CatalogOrder,
    CatalogOrderLine,
    CatalogProduct,
    CatalogService,
    CatalogSuspension,
)
from trunkline_catalog.queries.services import identifiers_from
from trunkline_catalog.schemas import (
    LineAction,
    LineState,
    OrderState,
    ProductKind,
    ServiceKind,
    ServiceState,
)
from trunkline_inventory import operations as stock
from trunkline_inventory.schemas import Holder, ItemView


def _locked(model: type[CatalogOrderLine] | type[CatalogService]) -> Any:
    statement = select(model).where(col(model.id) == bindparam("key"))
    return statement.with_for_update().execution_options(populate_existing=True)


# Built once: building costs more than running.
_LOCKED_LINE, _LOCKED_SERVICE = _locked(CatalogOrderLine), _locked(CatalogService)
_STATES = select(col(CatalogOrderLine.state)).where(col(CatalogOrderLine.order_id) == bindparam("order"))


def locked_line(ctx: Context, line_id: int) -> CatalogOrderLine:
    """A line under its row lock. Raises NotFound."""
    row: CatalogOrderLine | None = ctx.session.scalars(_LOCKED_LINE, {"key": line_id}).one_or_none()
    if row is None:
        raise NotFound(_("There is no such order line."))
    return row


def service_of(ctx: Context, line: CatalogOrderLine) -> CatalogService:
    """A line's service under its row lock."""
    service: CatalogService = ctx.session.scalars(_LOCKED_SERVICE, {"key": line.service_id}).one()
    return service


def line_holder(line: CatalogOrderLine) -> Holder:
    """A line as the inventory names it."""
    return Holder("order_line", line.key, line.customer_id, line.number)


def service_holder(service: CatalogService) -> Holder:
    """A service as the inventory names it."""
    return Holder("service", service.key, service.customer_id, service.number)


def refresh_order(ctx: Context, order_id: int) -> None:
    """Let the order's state follow its lines'."""
    ctx.session.flush()
    states = {LineState(state) for state in ctx.session.scalars(_STATES, {"order": order_id})}
    order = ctx.session.get_one(CatalogOrder, order_id)
    if any(state.is_open for state in states):
        order.state = OrderState.IN_PROGRESS
    elif LineState.FAILED in states:
        order.state = OrderState.FAILED
    elif states == {LineState.CANCELLED}:
        order.state = OrderState.CANCELLED
    else:
        order.state = OrderState.COMPLETED
    ctx.session.flush()


def begin(ctx: Context, line: CatalogOrderLine) -> None:
    """Work on the line, which is locked, starts: its service shows it. Raises Refused when the line is not due."""
    if line.state == LineState.IN_PROGRESS:
        return
    if line.state != LineState.QUEUED:
        raise Refused(
            _(
                "Line {number} is {state}; it cannot begin.",
                number=line.number,
                state=state_within(line.state),
            )
        )
    line.state = LineState.IN_PROGRESS
    service = service_of(ctx, line)
    if line.action == LineAction.NEW:
        service.state = ServiceState.PROVISIONING
    elif line.action == LineAction.TERMINATE:
        service.state = ServiceState.TERMINATING
    mark(ctx, "service", service.key)
    ctx.note(line, label=line.number)


@operation("catalog.order.run")
def undo_begin(ctx: Context, line_id: int) -> None:
    """The line was undone: what it held is free again, and its service is as before, or visibly failed."""
    line = locked_line(ctx, line_id)
    if not LineState(line.state).is_open:
        return
    job = ctx.session.get(Job, line.job_id) if line.job_id is not None else None
    if job is not None and job.cancel_requested:
        close_cancelled(ctx, line)
    else:
        close_failed(ctx, line, job.error if job is not None else "")
    ctx.note(line, label=line.number)


def close_cancelled(ctx: Context, line: CatalogOrderLine) -> None:
    """End a line that is not wanted any more; again changes nothing."""
    if line.state in (LineState.COMPLETED, LineState.CANCELLED):
        return
    _give_back(ctx, line, ServiceState.CANCELLED)
    line.state, line.open_service_id, line.finished_at = LineState.CANCELLED, None, ctx.now()
    refresh_order(ctx, line.order_id)
    ctx.emit(
        OrderLineCancelled(
            entity_id=line.key,
            customer_id=line.customer_id,
            number=line.number,
            action=line.action,
            service_id=line.service_id,
        )
    )


def close_failed(ctx: Context, line: CatalogOrderLine, error: str) -> None:
    """End a line that could not be done; again changes nothing."""
    if not LineState(line.state).is_open:
        return
    _give_back(ctx, line, ServiceState.FAILED)
    line.state, line.open_service_id, line.finished_at = LineState.FAILED, None, ctx.now()
    line.error = error
    refresh_order(ctx, line.order_id)
    ctx.emit(
        OrderLineFailed(
            entity_id=line.key,
            customer_id=line.customer_id,
            number=line.number,
            action=line.action,
            service_id=line.service_id,
            error=error[:500],
        )
    )


def _give_back(ctx: Context, line: CatalogOrderLine, new_service_becomes: ServiceState) -> None:
    service = service_of(ctx, line)
    if line.action == LineAction.NEW:
        stock.free(ctx, holder=line_holder(line))
        service.state = new_service_becomes
    elif line.action == LineAction.CHANGE:
        stock.free(ctx, holder=line_holder(line))
    elif line.action == LineAction.TERMINATE and line.open_service_id is not None:
        service.state = ServiceState.ACTIVE
    mark(ctx, "service", service.key)


def complete(ctx: Context, line: CatalogOrderLine) -> None:
    """The line is done."""
    line.state, line.open_service_id, line.finished_at, line.error = LineState.COMPLETED, None, ctx.now(), ""
    refresh_order(ctx, line.order_id)
    ctx.emit(
        OrderLineCompleted(
            entity_id=line.key,
            customer_id=line.customer_id,
            number=line.number,
            action=line.action,
            service_id=line.service_id,
        )
    )


def reopen(ctx: Context, line: CatalogOrderLine) -> None:
    """The line was done and is being undone; its service is as before by now."""
    line.state, line.open_service_id, line.finished_at = LineState.IN_PROGRESS, line.service_id, None
    refresh_order(ctx, line.order_id)
    ctx.emit(ServiceReverted(**about(ctx, service_of(ctx, line)), action=line.action, line=line.number))


@operation("catalog.order.run")
def activate(ctx: Context, line_id: int, lent: Mapping[str, str] | None = None) -> None:
    """The service works from now on: it has its items and identifiers, those among them that steps before have `lent`."""
    line = locked_line(ctx, line_id)
    if line.state == LineState.COMPLETED:
        return
    service = service_of(ctx, line)
    ctx.session.flush()
    stock.rehold(ctx, line_holder(line), service_holder(service))
    items = stock.assign(ctx, holder=service_holder(service))
    now = ctx.now()
    start_service(ctx, service, items, now, lent or {})
    if is_one_off(ctx, service):
        end_service(ctx, service, now)
    complete(ctx, line)
    ctx.note(service, label=service.number)


def is_one_off(ctx: Context, service: CatalogService) -> bool:
    """Whether nothing stays of a service but its charge."""
    return ctx.session.get_one(CatalogProduct, service.product_id).kind == ProductKind.ONE_OFF


def end_service(ctx: Context, service: CatalogService, at: datetime) -> None:
    """Make a service that works one that ended then."""
    service.state, service.ended_at, service.suspended = ServiceState.TERMINATED, at, False
    ctx.session.flush()
    mark(ctx, "service", service.key)
    ctx.emit(ServiceTerminated(**about(ctx, service)))


def start_service(
    ctx: Context,
    service: CatalogService,
    items: Sequence[ItemView],
    at: datetime,
    lent: Mapping[str, str] | None = None,
) -> None:
    """Make a service active since `at`, with the identifiers that its items lend it, and others that were `lent`."""
    product = ctx.session.get_one(CatalogProduct, service.product_id)
    identifiers = with_lent(identifiers_from(items, ServiceKind(product.service_kind)), lent or {})
    refuse_taken(ctx, list(identifiers.items()))
    ctx.session.add_all(
        CatalogIdentifier(service_id=service.key, kind=kind, value=value, valid_from=at)
        for kind, value in identifiers.items()
    )
    service.state, service.activated_at = ServiceState.ACTIVE, at
    ctx.session.flush()
    mark(ctx, "service", service.key)
    ctx.emit(
        ServiceActivated(
            entity_id=service.key,
            customer_id=service.customer_id,
            number=service.number,
            product_code=product.code,
        )
    )


def with_lent(identifiers: Mapping[str, str], lent: Mapping[str, str]) -> dict[str, str]:
    """Identifiers of a service's items and those that steps handed over. Raises Refused where both say something else."""
    for kind, value in lent.items():
        if identifiers.get(kind, value) != value:
            raise Refused(
                _(
                    "The network knows {kind} {value} where the order has {other}.",
                    kind=kind.upper(),
                    value=value,
                    other=identifiers[kind],
                ),
                field=f"picks.{kind}",
                remedy=_("Look which of both is right."),
            )
    return {**identifiers, **lent}


def refuse_taken(ctx: Context, identifiers: Sequence[tuple[str, str]]) -> None:
    """Raises Refused when another service has one of them: a SIM's printed number may be in stock as well."""
    if not identifiers:
        return
    wanted = set(identifiers)
    holders = ctx.session.execute(
        select(col(CatalogService.number), col(CatalogIdentifier.kind), col(CatalogIdentifier.value))
        .join(CatalogIdentifier, col(CatalogIdentifier.service_id) == col(CatalogService.id))
        .where(
            col(CatalogIdentifier.value).in_([value for _kind, value in identifiers]),
            col(CatalogIdentifier.valid_to).is_(None),
        )
    )
    other = next((row for row in holders if (row.kind, row.value) in wanted), None)
    if other is not None:
        raise Refused(
            _(
                "{kind} {value} identifies service {other} already.",
                kind=other.kind.upper(),
                value=other.value,
                other=other.number,
            ),
            field=f"picks.{other.kind}",
            remedy=_("Pick another item."),
        )


@operation("catalog.order.run")
def undo_activate(ctx: Context, line_id: int) -> None:
    """Take an activation back: the line holds the items again, the identifiers never counted."""
    line = locked_line(ctx, line_id)
    if line.state != LineState.COMPLETED:
        return
    service = service_of(ctx, line)
    ctx.session.execute(
        delete(CatalogIdentifier).where(
            col(CatalogIdentifier.service_id) == service.id, col(CatalogIdentifier.valid_to).is_(None)
        )
    )
    stock.rehold(ctx, service_holder(service), line_holder(line))
    service.state, service.activated_at, service.ended_at = ServiceState.PROVISIONING, None, None
    reopen(ctx, line)
    ctx.note(service, label=service.number)


@operation("catalog.order.run")
def terminate(ctx: Context, line_id: int) -> None:
    """The service ends now: its identifiers end, its items go to quarantine, its suspensions are over."""
    line = locked_line(ctx, line_id)
    if line.state == LineState.COMPLETED:
        return
    service, now = service_of(ctx, line), ctx.now()
    ctx.session.execute(
        update(CatalogIdentifier)
        .where(col(CatalogIdentifier.service_id) == service.id, col(CatalogIdentifier.valid_to).is_(None))
        .values(valid_to=now)
    )
    stock.free(ctx, holder=service_holder(service), quarantine=True)
    for row in open_suspensions(ctx, service.key):
        row.ended_at = now
    end_service(ctx, service, now)
    complete(ctx, line)
    ctx.note(service, label=service.number)


def about(ctx: Context, service: CatalogService) -> dict[str, Any]:
    """What every event of a service says."""
    product = ctx.session.get_one(CatalogProduct, service.product_id)
    return {
        "entity_id": service.key,
        "customer_id": service.customer_id,
        "number": service.number,
        "product_code": product.code,
    }


def open_suspensions(ctx: Context, service_id: int) -> list[CatalogSuspension]:
    """What keeps a service from working now, one row a reason."""
    return list(
        ctx.session.scalars(
            select(CatalogSuspension).where(
                col(CatalogSuspension.service_id) == service_id, col(CatalogSuspension.ended_at).is_(None)
            )
        )
    )
