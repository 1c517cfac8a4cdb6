"""Services: change, suspend, resume and terminate are orders of one line; existing services are recorded as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_catalog import queries
from trunkline_catalog.events import OrderPlaced, ServiceChanged
from trunkline_catalog.models import CatalogOrder, CatalogOrderLine, CatalogService
from trunkline_catalog.operations.allowed import (
    offered,
    require_active,
    require_difference,
    resuming,
    suspending,
    turning,
)
from trunkline_catalog.operations.along import going_along, refuse_alone, refuse_covered
from trunkline_catalog.operations.contracts import contract_of_host
from trunkline_catalog.operations.orders import (
    hold_exchanged,
    new_order,
    placed_before,
    present,
)
from trunkline_catalog.operations.plan_changes import begins_at, wanted_plan
from trunkline_catalog.operations.planning import enqueue_line
from trunkline_catalog.operations.waiting import lies_ahead, refuse_twin
from trunkline_catalog.parameters import changed_values
from trunkline_catalog.queries.orders import order_view
from trunkline_catalog.queries.services import service_views
from trunkline_catalog.schemas import (
    ChangeOffer,
    ChangeService,
    LineAction,
    OrderView,
    Previous,
    ProductView,
    ResumeService,
    ServiceView,
    SuspendService,
    SuspensionReason,
    TerminateService,
)
from trunkline_catalog.secret_values import names_in, put_away


@operation("catalog.service.suspend")
def suspend_service(
    ctx: Context, number: str, command: SuspendService, *, idempotency_key: str = ""
) -> OrderView:
    """Order that a service be suspended for a reason, and what belongs to it; the network is told with the first reason only.

    Raises Refused when it is not active, has that reason already, or another line is at work on it (unless it begins on a date).
    """
    service, before = _changing(ctx, number, LineAction.SUSPEND, idempotency_key, command.start_after)
    if before is not None:
        return before
    view = service_views(ctx, [service])[0]
    return _order(
        ctx,
        service,
        LineAction.SUSPEND,
        idempotency_key,
        reason=command.reason,
        note=command.note,
        needs_network=suspending(view, command.reason),
        start_after=command.start_after,
    )


@operation("catalog.service.resume")
def resume_service(
    ctx: Context, number: str, command: ResumeService, *, idempotency_key: str = ""
) -> OrderView:
    """Order that a reason be lifted, of what belongs to the service as well; the network is told when none is left.

    Raises Refused when it is not in force.
    """
    service, before = _changing(ctx, number, LineAction.RESUME, idempotency_key, command.start_after)
    if before is not None:
        return before
    view = service_views(ctx, [service])[0]
    return _order(
        ctx,
        service,
        LineAction.RESUME,
        idempotency_key,
        reason=command.reason,
        note=command.note,
        needs_network=resuming(view, command.reason),
        start_after=command.start_after,
    )


@operation("catalog.service.terminate")
def terminate_service(
    ctx: Context, number: str, command: TerminateService, *, idempotency_key: str = ""
) -> OrderView:
    """Order that a service end for good, and with it what belongs to it.

    Raises Refused when it is not active, another line is at work on it or on one of those, or its bundle pays for it.
    """
    service, before = _changing(ctx, number, LineAction.TERMINATE, idempotency_key, command.start_after)
    if before is not None:
        return before
    refuse_alone(ctx, service)
    return _order(
        ctx,
        service,
        LineAction.TERMINATE,
        idempotency_key,
        note=command.note,
        start_after=command.start_after,
    )


@operation("catalog.service.change")
def change_service(
    ctx: Context, number: str, command: ChangeService, *, idempotency_key: str = ""
) -> OrderView:
    """Order that an active service get another item, other parameters, or a switch turned: it has them once the job ends well.

    Raises Refused naming the field when the product offers no such change, nothing would differ, or no item is free.
    """
    service, before = _changing(ctx, number, LineAction.CHANGE, idempotency_key, begins_at(ctx, command))
    if before is not None:
        return before
    product = queries.product_by_id(ctx, service.product_id)
    offer = offered(ctx, product, command.change)
    had, target = present(ctx, service), product
    if offer.plan:
        refuse_covered(service)
        target, values = wanted_plan(ctx, product, offer, had, command, service.secret_values)
    else:
        values = changed_values(product, offer, had.parameters, command.parameters)
    values, new = put_away(target, number, values)
    sealed = {name: one for name, one in service.secret_values.items() if name in names_in(target)} | new
    turn = turning(offer, had, command.on)
    picks = _exchanged(product, offer, command)
    if not picks and not turn and not new:
        require_difference(offer, (product.code, had.parameters), (target.code, values))
    return _order(
        ctx,
        service,
        LineAction.CHANGE,
        idempotency_key,
        note=command.note,
        needs_network=bool(product.playbook) and offer.network,
        change=_Change(offer.word, turn, had, values, picks, target, sealed),
        start_after=begins_at(ctx, command),
    )


@dataclass(frozen=True)
class _Change:
    word: str
    turn: str
    had: Previous
    values: Mapping[str, Any]
    picks: Mapping[str, str | None]
    product: ProductView
    secret_values: Mapping[str, str]


@operation("catalog.service.change")
def record_switch(ctx: Context, number: str, word: str, on: bool) -> ServiceView:
    """Record that a switch stands so in the network already: no order and no job. Raises Refused when a line is at work on it."""
    service, _before = _changing(ctx, number, LineAction.CHANGE, "")
    others = [one for one in service.switches if one != word]
    service.switches = sorted([*others, word]) if on else others
    ctx.session.flush()
    product = queries.product_by_id(ctx, service.product_id)
    ctx.emit(
        ServiceChanged(
            entity_id=service.key,
            customer_id=service.customer_id,
            number=service.number,
            product_code=product.code,
            change=word,
            turn="on" if on else "off",
        )
    )
    ctx.note(service, label=service.number, switch=word, on=on)
    return service_views(ctx, [service])[0]


def _exchanged(product: ProductView, offer: ChangeOffer, command: ChangeService) -> dict[str, str | None]:
    for template in command.picks:
        if template not in offer.templates:
            raise Refused(
                _("This change exchanges no “{template}”.", template=template),
                field=f"picks.{template}",
                remedy=_("It exchanges: {names}.", names=", ".join(offer.templates) or "–"),
            )
    return {template: command.picks.get(template) or None for template in offer.templates}


def _key(service: CatalogService, action: LineAction, idempotency_key: str) -> str | None:
    return (
        f"{service.customer_id}:{service.number}:{action.value}:{idempotency_key}"
        if idempotency_key
        else None
    )


def _changing(
    ctx: Context, number: str, action: LineAction, idempotency_key: str, begins: datetime | None = None
) -> tuple[CatalogService, OrderView | None]:
    """The service under its lock, and the order that exists already under the key. Raises Refused when it cannot change.

    What begins on a date does not mind that somebody is at work now.
    """
    service = ctx.load_by(CatalogService, CatalogService.number, number, lock=True)
    before = placed_before(ctx, _key(service, action, idempotency_key))
    if before is not None:
        return service, before
    busy = None if lies_ahead(ctx, begins) else queries.open_line_of(ctx, service.key)
    if busy is not None:
        raise Refused(
            _("Order line {line} is at work on {service}.", line=busy.number, service=number),
            remedy=_("Wait until it is over, or cancel it."),
        )
    require_active(service)
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
    change: _Change | None = None,
    start_after: datetime | None = None,
) -> OrderView:
    customer = ctx.session.get_one(Customer, service.customer_id)
    ahead = lies_ahead(ctx, start_after)
    if ahead:
        refuse_twin(
            ctx, service, action, reason.value if reason is not None else "", change.word if change else ""
        )
    order = new_order(ctx, customer, action, note, _key(service, action, idempotency_key))
    wish = _Wish(action, reason, note, start_after, ahead)
    _add_line(ctx, order, 1, service, wish, needs_network=needs_network, change=change)
    along = going_along(ctx, service, action, reason, ahead=ahead)
    for position, (other, told) in enumerate(along, start=2):
        _add_line(ctx, order, position, other, wish, needs_network=told)
    ctx.emit(
        OrderPlaced(entity_id=order.key, customer_id=customer.key, number=order.number, lines=1 + len(along))
    )
    return order_view(ctx, order)


@dataclass(frozen=True)
class _Wish:
    """What an order does to a service, and to what belongs to it."""

    action: LineAction
    reason: SuspensionReason | None
    note: str
    start_after: datetime | None
    ahead: bool


def _add_line(
    ctx: Context,
    order: CatalogOrder,
    position: int,
    service: CatalogService,
    wish: _Wish,
    *,
    needs_network: bool,
    change: _Change | None = None,
) -> None:
    line = CatalogOrderLine(
        number=f"{order.number}/{position}",
        order_id=order.key,
        position=position,
        customer_id=service.customer_id,
        action=wish.action,
        product_id=service.product_id,
        service_id=service.key,
        open_service_id=None if wish.ahead else service.key,
        parameters=dict(service.parameters),
        secret_values=dict(service.secret_values),
        reason=wish.reason.value if wish.reason is not None else "",
        note=wish.note,
        needs_network=needs_network,
        contract_id=contract_of_host(ctx, service),
        site_id=service.site_id,
        contact_id=service.contact_id,
    )
    if change is not None or wish.ahead:
        had = change.had if change is not None else present(ctx, service)
        line.previous = had.model_dump(mode="json")
    if change is not None:
        line.change, line.turn = change.word, change.turn
        line.parameters = dict(change.values)
        line.secret_values, line.secret_values_before = (
            dict(change.secret_values),
            dict(service.secret_values),
        )
        if change.product.id != service.product_id:
            line.product_id, line.currency = change.product.id, change.product.currency
            line.monthly_micros = change.product.monthly_price_micros
    ctx.session.add(line)
    ctx.session.flush()
    if change is not None:
        hold_exchanged(ctx, line, change.picks)
    enqueue_line(ctx, line, queries.product_by_id(ctx, line.product_id), start_after=wish.start_after)
    ctx.note(
        service,
        label=service.number,
        order=order.number,
        reason=line.reason,
        change=line.change,
        turn=line.turn,
    )
