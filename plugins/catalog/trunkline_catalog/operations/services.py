"""Services: suspend, resume and terminate are orders of one line; existing services are recorded as they are."""

from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_catalog import queries
from trunkline_catalog.events import OrderPlaced
from trunkline_catalog.models import CatalogOrderLine, CatalogService
from trunkline_catalog.operations.orders import (
    new_order,
    placed_before,
)
from trunkline_catalog.operations.planning import enqueue_line
from trunkline_catalog.queries.orders import order_view
from trunkline_catalog.queries.services import service_views
from trunkline_catalog.schemas import (
    LineAction,
    OrderView,
    ResumeService,
    ServiceState,
    SuspendService,
    SuspensionReason,
    TerminateService,
)


@operation("catalog.service.suspend")
def suspend_service(
    ctx: Context, number: str, command: SuspendService, *, idempotency_key: str = ""
) -> OrderView:
    """Order that a service be suspended for a reason; the network is told with the first reason only.

    Raises Refused when it is not active, has that reason already, or another line is at work on it.
    """
    service, before = _changing(ctx, number, LineAction.SUSPEND, idempotency_key)
    if before is not None:
        return before
    view = service_views(ctx, [service])[0]
    if command.reason in view.suspensions:
        raise Refused(
            _("{service} is suspended for that reason already.", service=number),
            field="reason",
            remedy=_("Choose another one."),
        )
    return _order(
        ctx,
        service,
        LineAction.SUSPEND,
        idempotency_key,
        reason=command.reason,
        note=command.note,
        needs_network=not view.suspensions,
    )


@operation("catalog.service.resume")
def resume_service(
    ctx: Context, number: str, command: ResumeService, *, idempotency_key: str = ""
) -> OrderView:
    """Order that a reason be lifted; the network is told when none is left. Raises Refused when it is not in force."""
    service, before = _changing(ctx, number, LineAction.RESUME, idempotency_key)
    if before is not None:
        return before
    view = service_views(ctx, [service])[0]
    if command.reason not in view.suspensions:
        raise Refused(
            _("{service} is not suspended for that reason.", service=number),
            field="reason",
            remedy=_("In force: {reasons}.", reasons=", ".join(view.suspensions) or "–"),
        )
    return _order(
        ctx,
        service,
        LineAction.RESUME,
        idempotency_key,
        reason=command.reason,
        note=command.note,
        needs_network=len(view.suspensions) == 1,
    )


@operation("catalog.service.terminate")
def terminate_service(
    ctx: Context, number: str, command: TerminateService, *, idempotency_key: str = ""
) -> OrderView:
    """Order that a service end for good. Raises Refused when it is not active or another line is at work on it."""
    service, before = _changing(ctx, number, LineAction.TERMINATE, idempotency_key)
    if before is not None:
        return before
    return _order(ctx, service, LineAction.TERMINATE, idempotency_key, note=command.note)


def _key(service: CatalogService, action: LineAction, idempotency_key: str) -> str | None:
    return (
        f"{service.customer_id}:{service.number}:{action.value}:{idempotency_key}"
        if idempotency_key
        else None
    )


def _changing(
    ctx: Context, number: str, action: LineAction, idempotency_key: str
) -> tuple[CatalogService, OrderView | None]:
    """The service under its lock, and the order that exists already under the key. Raises Refused when it cannot change."""
    service = ctx.load_by(CatalogService, CatalogService.number, number, lock=True)
    before = placed_before(ctx, _key(service, action, idempotency_key))
    if before is not None:
        return service, before
    if (busy := queries.open_line_of(ctx, service.key)) is not None:
        raise Refused(
            _("Order line {line} is at work on {service}.", line=busy.number, service=number),
            remedy=_("Wait until it is over, or cancel it."),
        )
    if service.state != ServiceState.ACTIVE:
        raise Refused(
            _(
                "{service} is {state}; only an active service can be changed.",
                service=number,
                state=service.state,
            )
        )
    return service, None


def _order(
    ctx: Context,
    service: CatalogService,
    action: LineAction,
    idempotency_key: str,
    *,
    reason: SuspensionReason | None = None,
    note: str = "",
    needs_network: bool = True,
) -> OrderView:
    customer = ctx.session.get_one(Customer, service.customer_id)
    order = new_order(ctx, customer, note, _key(service, action, idempotency_key))
    line = CatalogOrderLine(
        number=f"{order.number}/1",
        order_id=order.key,
        position=1,
        customer_id=customer.key,
        action=action,
        product_id=service.product_id,
        service_id=service.key,
        open_service_id=service.key,
        parameters=dict(service.parameters),
        reason=reason.value if reason is not None else "",
        note=note,
        needs_network=needs_network,
        site_id=service.site_id,
        contact_id=service.contact_id,
    )
    ctx.session.add(line)
    ctx.session.flush()
    enqueue_line(ctx, line, queries.product_by_id(ctx, service.product_id))
    ctx.emit(OrderPlaced(entity_id=order.key, customer_id=customer.key, number=order.number, lines=1))
    ctx.note(service, label=service.number, order=order.number, reason=line.reason)
    return order_view(ctx, order)
