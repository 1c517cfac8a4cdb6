"""Lines that begin on a date: until then they leave their service to others, and take it as it stands when their day has come."""

from datetime import datetime, timedelta

from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext as _
from trunkline.jobs import operations as jobs
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.steps import TryAgain
from trunkline.operation import Context, operation
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogOrderLine, CatalogService
from trunkline_catalog.operations import lines
from trunkline_catalog.operations.allowed import (
    offered,
    require_active,
    require_difference,
    resuming,
    suspending,
    turning,
)
from trunkline_catalog.operations.orders import present
from trunkline_catalog.operations.planning import plan, service_hold
from trunkline_catalog.queries.orders import line_views
from trunkline_catalog.queries.services import service_views
from trunkline_catalog.schemas import LineAction, LineState, Previous, ProductView
from trunkline_catalog.secret_values import names_in

#: A line whose day has come waits a day for others at work on its service, looking once a minute.
_LOOKS_AGAIN, _TRIES = timedelta(minutes=1), 24 * 60


def lies_ahead(ctx: Context, begins: datetime | None) -> bool:
    """Whether a line that is to begin then waits."""
    return begins is not None and begins > ctx.now()


def refuse_twin(ctx: Context, service: CatalogService, action: LineAction, reason: str, change: str) -> None:
    """Raise Refused when another line waits to do the same to the service."""
    wanted = (action, reason, change)
    for one in queries.waiting_lines_of(ctx, service.key):
        if (one.action, one.reason, one.change) == wanted:
            raise Refused(
                _(
                    "Order line {line} waits to do the same to {service}.",
                    line=one.number,
                    service=service.number,
                ),
                field="start_after",
                remedy=_("Give it another date, or cancel it first."),
            )


@operation("catalog.order.run")
def begin(ctx: Context, line_id: int) -> None:
    """Begin a line; one that waited for its date takes its service first, and is planned anew if that has changed meanwhile.

    Raises TryAgain while another line is at work on the service, Refused when the service does not allow it any more.
    """
    line = lines.locked_line(ctx, line_id)
    if line.state == LineState.QUEUED and line.open_service_id is None:
        _take(ctx, line)
    lines.begin(ctx, line)


def leave_service(ctx: Context, line_id: int, begins: datetime) -> None:
    """Let go of the service of a line that begins later, until its day has come; what is held from stock stays held.

    A part of giving its job another date, whoever may do that.
    """
    line = lines.locked_line(ctx, line_id)
    if line.action == LineAction.NEW or line.open_service_id is None or not lies_ahead(ctx, begins):
        return
    job = ctx.load_by(Job, Job.number, line.job_number, lock=True)
    service = ctx.session.get_one(CatalogService, line.service_id)
    line.open_service_id, job.holds = None, None
    line.previous = line.previous or present(ctx, service).model_dump(mode="json")
    ctx.note(line, label=line.number)


@operation("catalog.order.run")
def cancel_waiting(ctx: Context, service_id: int) -> None:
    """Cancel what waits for its date at a service that has ended."""
    for waiting in queries.waiting_lines_of(ctx, service_id):
        # The job first, as a worker that begins it does: whoever is second finds the line decided.
        job = ctx.load_by(Job, Job.number, waiting.job_number, lock=True)
        if job.state == JobState.QUEUED:
            jobs.cancel(ctx, job.number)
            lines.close_cancelled(ctx, lines.locked_line(ctx, waiting.id))


def _take(ctx: Context, line: CatalogOrderLine) -> None:
    service = lines.service_of(ctx, line)
    other = queries.open_line_of(ctx, service.key)
    if other is not None:
        words = _("Order line {line} is at work on {service}.", line=other.number, service=service.number)
        raise TryAgain(str(words), after=_LOOKS_AGAIN, limit=_TRIES)
    try:
        jobs.hold(ctx, line.job_number, service_hold(line))
    except Conflict as conflict:
        raise TryAgain(str(conflict), after=_LOOKS_AGAIN, limit=_TRIES) from conflict
    line.open_service_id = service.key
    require_active(service)
    had, now = Previous.model_validate(line.previous), present(ctx, service)
    told, product = _network_is_told(ctx, line, service), queries.product_by_id(ctx, service.product_id)
    sealed_as_before = line.action != LineAction.CHANGE or line.secret_values_before == service.secret_values
    if line.action == LineAction.CHANGE:
        product = _merged(ctx, line, service, had, now, product)
    if had == now and told == line.needs_network and sealed_as_before:
        return
    if line.action != LineAction.CHANGE:
        line.parameters, line.secret_values = dict(service.parameters), dict(service.secret_values)
    line.product_id, line.needs_network, line.previous = product.id, told, now.model_dump(mode="json")
    ctx.session.flush()
    jobs.plan_anew(ctx, line.job_number, plan(ctx, line_views(ctx, [line])[0], product))


def _network_is_told(ctx: Context, line: CatalogOrderLine, service: CatalogService) -> bool:
    if line.action not in (LineAction.SUSPEND, LineAction.RESUME):
        return line.needs_network
    view = service_views(ctx, [service])[0]
    return (suspending if line.action == LineAction.SUSPEND else resuming)(view, line.reason)


def _merged(
    ctx: Context,
    line: CatalogOrderLine,
    service: CatalogService,
    had: Previous,
    now: Previous,
    product: ProductView,
) -> ProductView:
    """Let a change keep to what it was to change, over what others have changed since; returns the product that it leads to."""
    offer = offered(ctx, product, line.change)
    turning(offer, now, line.turn == "on")
    target, asked = product, set(now.parameters) | set(line.parameters)
    if offer.plan:
        target = queries.product_by_id(ctx, line.product_id)
        asked = {one.name for one in target.asked}
        if target.code not in {one.code for one in queries.plan_choices(ctx, product, offer)}:
            raise Refused(
                _("{product} cannot become “{code}”.", product=product.name, code=target.code),
                field="product_code",
            )
    wished = {name: one for name, one in line.parameters.items() if had.parameters.get(name) != one}
    kept = {name: one for name, one in now.parameters.items() if name in asked and name not in wished}
    sealed = {
        name: one for name, one in line.secret_values.items() if line.secret_values_before.get(name) != one
    }
    line.parameters = {**line.parameters, **kept} if offer.plan else {**kept, **wished}
    line.secret_values_before = dict(service.secret_values)
    line.secret_values = {
        name: one for name, one in service.secret_values.items() if name in names_in(target)
    } | sealed
    if not line.picks and not line.turn and not sealed:
        require_difference(offer, (now.product, now.parameters), (target.code, line.parameters))
    return target
