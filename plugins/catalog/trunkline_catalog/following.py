"""What the catalogue does about others' events."""

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.customers.events import CustomerStatusChanged
from trunkline.customers.models import CustomerStatus
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.events import JobEnded, JobRescheduled
from trunkline.operation import Context
from trunkline_catalog.events import ServiceTerminated
from trunkline_catalog.models import CatalogOrderLine, CatalogService
from trunkline_catalog.operations import bundles, lines, waiting
from trunkline_catalog.schemas import LineState, ServiceState

_GONE = (CustomerStatus.CLOSED, CustomerStatus.ARCHIVED)
_LIVING = (ServiceState.DRAFT, ServiceState.PROVISIONING, ServiceState.ACTIVE, ServiceState.TERMINATING)


def customer_leaves(ctx: Context, event: CustomerStatusChanged) -> None:
    """Nobody leaves while a service of theirs lives. Raises Refused naming how many do."""
    if event.after not in _GONE:
        return
    count = ctx.session.scalar(
        select(func.count(col(CatalogService.id))).where(
            col(CatalogService.customer_id) == event.entity_id, col(CatalogService.state).in_(_LIVING)
        )
    )
    if count:
        raise Refused(
            _("{number} has services that are not terminated: {n}.", number=event.number, n=count),
            field="status",
            remedy=_("Terminate them first."),
        )


def job_ended(ctx: Context, event: JobEnded, *, cancelled: bool) -> None:
    """Close the line of a job that ended before catalog's own steps could (say, cancelled while it was queued)."""
    if event.subject_kind != "order_line" or event.subject_id is None:
        return
    line = lines.locked_line(ctx, event.subject_id)
    if line.job_id != event.entity_id:
        # An attempt before the one that is at work now.
        return
    if cancelled:
        lines.close_cancelled(ctx, line)
    else:
        lines.close_failed(ctx, line, event.error)
    bundles.settle(ctx, line)


def job_succeeded(ctx: Context, event: JobEnded) -> None:
    """A bundle begins when the last of its services has been set up, in the transaction that ends that one's job."""
    if event.subject_kind == "order_line" and event.subject_id is not None:
        bundles.settle(ctx, ctx.session.get_one(CatalogOrderLine, event.subject_id))


def job_rescheduled(ctx: Context, event: JobRescheduled) -> None:
    """A line that begins later leaves its service to others until then."""
    if event.subject_kind == "order_line" and event.subject_id is not None:
        waiting.leave_service(ctx, event.subject_id, event.run_at)


def service_ended(ctx: Context, event: ServiceTerminated) -> None:
    """What was to happen to a service on a date is not wanted any more when it has ended."""
    waiting.cancel_waiting(ctx, event.entity_id)


def job_needs_person(ctx: Context, event: JobEnded) -> None:
    """Show on the line that its job stopped: undoing failed, or it holds.

    The line stays open, holding its items, until a person has settled the job.
    """
    if event.subject_kind != "order_line" or event.subject_id is None:
        return
    line = lines.locked_line(ctx, event.subject_id)
    if line.job_id == event.entity_id and LineState(line.state).is_open:
        line.error = event.error
