"""Lines of orders that are placed: cancelling one, giving it another date, trying a failed one again."""

from collections.abc import Mapping

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs import operations as jobs
from trunkline.jobs.models import Job, JobState
from trunkline.operation import Context, operation
from trunkline.web.tones import state_within
from trunkline_catalog import queries
from trunkline_catalog.events import OrderLineRetried
from trunkline_catalog.models import CatalogOrderLine, CatalogService
from trunkline_catalog.operations.bundles import require_member, require_own_end, settle, wait_again
from trunkline_catalog.operations.lines import close_cancelled, locked_line, refresh_order
from trunkline_catalog.operations.orders import hold_exchanged, hold_picks, present
from trunkline_catalog.operations.parents import require_living_parent
from trunkline_catalog.operations.planning import enqueue_line
from trunkline_catalog.queries.orders import line_views
from trunkline_catalog.schemas import LineAction, LineState, OrderLineView, RescheduleLine, ServiceState


@operation("catalog.order.cancel")
def cancel_order_line(ctx: Context, number: str) -> OrderLineView:
    """Cancel a line before it is completed: a queued one ends now, a running one is undone, a failed one is given up.

    Raises Refused when it is over.
    """
    line = locked_line(ctx, queries.line_by_number(ctx, number).id)
    state = LineState(line.state)
    if state in (LineState.COMPLETED, LineState.CANCELLED):
        raise Refused(
            _("Line {number} is {state}; it cannot be cancelled any more.", number=number, state=state.value),
            remedy=_("Terminate the service instead.") if state is LineState.COMPLETED else None,
        )
    job = _undone_job(ctx, line)
    require_own_end(ctx, line)
    if job is not None and not JobState(job.state).is_over:
        job = jobs.cancel(ctx, job.number)
        if job.state != JobState.CANCELLED:
            ctx.note(line, label=line.number)
            return line_views(ctx, [line])[0]
    close_cancelled(ctx, line)
    settle(ctx, line)
    ctx.note(line, label=line.number)
    return line_views(ctx, [line])[0]


def _undone_job(ctx: Context, line: CatalogOrderLine) -> Job | None:
    """The line's job. Raises Refused while the network may still have what the job did."""
    job = ctx.session.get(Job, line.job_id) if line.job_id is not None else None
    if job is not None and job.state in (JobState.ROLLBACK_FAILED, JobState.ROLLING_BACK, JobState.FAILED):
        raise Refused(
            _("Job {number} has not been undone.", number=job.number),
            remedy=_("Settle it on its own page first."),
        )
    return job


@operation("catalog.order.move")
def reschedule_order_line(ctx: Context, number: str, command: RescheduleLine) -> OrderLineView:
    """Give a line that has not begun another date, as its job's page does; its items stay held.

    Raises Refused once it has begun or is over.
    """
    found = queries.line_by_number(ctx, number)
    if found.job_number:
        # The job first, as a worker that begins it does: else each would wait for the other.
        ctx.load_by(Job, Job.number, found.job_number, lock=True)
    line = locked_line(ctx, found.id)
    if line.state != LineState.QUEUED or not line.job_number:
        raise Refused(
            _(
                "Line {number} is {state}; only one that waits gets another date.",
                number=number,
                state=state_within(line.state),
            ),
            field="start_after",
        )
    jobs.reschedule(ctx, line.job_number, command.start_after or ctx.now())
    ctx.note(line, label=line.number)
    return line_views(ctx, [line])[0]


@operation("catalog.order.move")
def reschedule_order(ctx: Context, number: str, command: RescheduleLine) -> None:
    """The same for every line of an order that has not begun. Raises Refused when none waits."""
    waiting = [line for line in queries.order(ctx, number).lines if line.state is LineState.QUEUED]
    if not waiting:
        raise Refused(_("No line of {number} waits.", number=number), field="start_after")
    for line in waiting:
        reschedule_order_line(ctx, line.number, command)


@operation("catalog.order.retry")
def retry_order_line(
    ctx: Context, number: str, picks: Mapping[str, str | None] | None = None
) -> OrderLineView:
    """Try a failed line again with a new job. Items are picked anew, but for those named now or chosen by hand before.

    Raises Refused unless it failed, or when an item that was chosen by hand is somebody else's by now.
    """
    line = locked_line(ctx, queries.line_by_number(ctx, number).id)
    if line.state != LineState.FAILED:
        raise Refused(
            _(
                "Line {number} is {state}; only a failed one is tried again.",
                number=number,
                state=state_within(line.state),
            )
        )
    _undone_job(ctx, line)
    if (busy := queries.open_line_of(ctx, line.service_id)) is not None:
        raise Refused(
            _("Order line {line} is at work on {service}.", line=busy.number, service=busy.service_number),
            remedy=_("Wait until it is over, or cancel it."),
        )
    require_member(ctx, line)
    product = queries.product_by_id(ctx, line.product_id)
    service = ctx.session.get_one(CatalogService, line.service_id)
    by_hand = {name: pick["number"] for name, pick in line.picks.items() if pick.get("by_hand")}
    wanted = {**by_hand, **(picks or {})}
    line.attempt += 1
    line.state, line.error, line.finished_at = LineState.DRAFT, "", None
    line.open_service_id = line.service_id
    if line.action == "new":
        require_living_parent(ctx, service)
        service.state = ServiceState.DRAFT
        wait_again(ctx, line)
        ctx.session.flush()
        hold_picks(ctx, line, service, product, wanted)
    elif line.action == LineAction.CHANGE:
        line.previous = present(ctx, service).model_dump(mode="json")
        line.secret_values_before = dict(service.secret_values)
        hold_exchanged(ctx, line, {name: wanted.get(name) for name in line.picks})
    enqueue_line(ctx, line, product)
    refresh_order(ctx, line.order_id)
    ctx.note(line, label=line.number, attempt=line.attempt)
    ctx.emit(
        OrderLineRetried(
            entity_id=line.key,
            customer_id=line.customer_id,
            number=line.number,
            action=line.action,
            service_id=line.service_id,
        )
    )
    return line_views(ctx, [line])[0]
