"""The plan of an order line: what every plugin adds, in order, frozen in a job."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from trunkline.errors import NotFound, Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.jobs import operations as jobs
from trunkline.jobs.operations import PlannedStep
from trunkline.operation import Context
from trunkline_catalog.models import CatalogOrderLine
from trunkline_catalog.queries.changes import change_offers
from trunkline_catalog.queries.orders import line_views
from trunkline_catalog.schemas import LineAction, LineState, LineStep, OrderLineView, ProductKind, ProductView

JOB_KIND = "catalog.order_line"
#: What the list of jobs calls them.
KIND_LABEL = _("Order line")

#: Kinds of steps that give a service its identifiers.
IDENTIFYING = ("catalog.activate", "catalog.change")

_TITLES = {
    LineAction.NEW: _("Activate {product} {service}"),
    LineAction.CHANGE: _("Change {what} of {service}"),
    LineAction.SUSPEND: _("Suspend {service}"),
    LineAction.RESUME: _("Resume {service}"),
    LineAction.TERMINATE: _("Terminate {service}"),
}


@dataclass(frozen=True)
class PlannedLine:
    """A line, what its job will do and when."""

    line: CatalogOrderLine
    title: str
    steps: list[PlannedStep]
    product: ProductView
    start_after: datetime | None


def enqueue_line(
    ctx: Context, line: CatalogOrderLine, product: ProductView, *, start_after: datetime | None = None
) -> None:
    """Plan a line and queue its job; a line that is tried again gets another job."""
    enqueue_planned(ctx, plan_line(ctx, line, product, start_after=start_after))


def plan_line(
    ctx: Context, line: CatalogOrderLine, product: ProductView, *, start_after: datetime | None = None
) -> PlannedLine:
    """Plan a line whose job is to be queued in this transaction."""
    line.state = LineState.QUEUED
    ctx.session.flush()
    view = line_views(ctx, [line])[0].model_copy(update={"start_after": start_after})
    title = _TITLES[view.action] if not view.changes_product else _("Change {service} to {product}")
    if product.kind is ProductKind.ONE_OFF:
        title = _("Charge {product} once")
    title = _(title, product=product.name, service=view.service_number, what=_what(ctx, view, product))
    return PlannedLine(line, str(title), plan(ctx, view, product), product, start_after)


def enqueue_planned(ctx: Context, planned: PlannedLine) -> None:
    """Queue the job of a planned line. Its number is taken from those of all jobs: until the end, others wait for the next."""
    line = planned.line
    first = f"order-line:{line.id}"
    job = jobs.enqueue(
        ctx,
        kind=JOB_KIND,
        title=planned.title,
        steps=planned.steps,
        key=first if line.attempt == 1 else f"{first}:{line.attempt}",
        customer_id=line.customer_id,
        subject=("order_line", line.key),
        on_failure=planned.product.on_failure,
        product=planned.product.code,
        action=line.action,
        run_at=planned.start_after,
        holds=service_hold(line) if line.open_service_id is not None else None,
    )
    line.job_id, line.job_number = job.key, job.number
    ctx.session.flush()


@contextmanager
def naming_line(place: int) -> Iterator[None]:
    """Have what is refused name the line, as in `lines.0.product_code`."""
    try:
        yield
    except (Refused, NotFound) as error:
        error.field = f"lines.{place}.{error.field}" if error.field else f"lines.{place}"
        raise


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
    found.sort(key=lambda contribution: contribution.order)
    lent = {kind: (one.step.key, output) for one in found for kind, output in one.identifiers.items()}
    return [_told(one.step, lent) for one in found]


def _told(step: PlannedStep, lent: Mapping[str, tuple[str, str]]) -> PlannedStep:
    """The step, told where it finds identifiers if it is one that gives the service its own."""
    if not lent or step.kind not in IDENTIFYING:
        return step
    return replace(step, inputs={**step.inputs, "identifiers": dict(lent)})
