"""The plan of an order line: what every plugin adds, in order, frozen in a job."""

from datetime import datetime

from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.jobs import operations as jobs
from trunkline.jobs.operations import PlannedStep
from trunkline.operation import Context
from trunkline_catalog.models import CatalogOrderLine
from trunkline_catalog.queries.changes import change_offers
from trunkline_catalog.queries.orders import line_views
from trunkline_catalog.schemas import LineAction, LineState, LineStep, OrderLineView, ProductView

JOB_KIND = "catalog.order_line"
#: What the list of jobs calls them.
KIND_LABEL = _("Order line")

_TITLES = {
    LineAction.NEW: "Activate {product} {service}",
    LineAction.CHANGE: "Change {what} of {service}",
    LineAction.SUSPEND: "Suspend {service}",
    LineAction.RESUME: "Resume {service}",
    LineAction.TERMINATE: "Terminate {service}",
}


def enqueue_line(
    ctx: Context, line: CatalogOrderLine, product: ProductView, *, start_after: datetime | None = None
) -> None:
    """Plan a line and queue its job; a line that is tried again gets another job."""
    line.state = LineState.QUEUED
    ctx.session.flush()
    view = line_views(ctx, [line])[0].model_copy(update={"start_after": start_after})
    title = _TITLES[view.action] if not view.changes_product else "Change {service} to {product}"
    first = f"order-line:{line.id}"
    job = jobs.enqueue(
        ctx,
        kind=JOB_KIND,
        title=title.format(product=product.name, service=view.service_number, what=_what(ctx, view, product)),
        steps=plan(ctx, view, product),
        key=first if line.attempt == 1 else f"{first}:{line.attempt}",
        customer_id=line.customer_id,
        subject=("order_line", line.key),
        on_failure=product.on_failure,
        product=product.code,
        action=view.action,
        run_at=start_after,
        holds=service_hold(line) if line.open_service_id is not None else None,
    )
    line.job_id, line.job_number = job.key, job.number
    ctx.session.flush()


def service_hold(line: CatalogOrderLine) -> str:
    """What the job of a line holds while it is at work: its service."""
    return f"service:{line.service_id}"


def _what(ctx: Context, line: OrderLineView, product: ProductView) -> str:
    if line.action is not LineAction.CHANGE:
        return ""
    return next((one.label for one in change_offers(ctx, product) if one.word == line.change), line.change)


def plan(ctx: Context, line: OrderLineView, product: ProductView) -> list[PlannedStep]:
    """Every plugin's steps in order. A plugin that cannot plan refuses the order: a plan with holes would half-sell a service."""
    found: list[LineStep] = []
    for plugin, contribute in ctx.app.hooks.implementations("catalog_line_steps"):
        try:
            found += contribute(ctx=ctx, line=line, product=product) or []
        except TrunklineError:
            raise
        except Exception as error:  # a plugin's code may raise anything
            ctx.app.hooks.failed(plugin, "hook catalog_line_steps", error)
            raise Refused(
                _(
                    "The plugin {plugin} failed while planning this order, so nothing was ordered.",
                    plugin=plugin,
                ),
                remedy=_("Ask an administrator to look at the plugin’s status page."),
            ) from error
    return [contribution.step for contribution in sorted(found, key=lambda contribution: contribution.order)]
