"""The catalogue: products with prices, orders whose lines are jobs, and the services they make."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.jobs.events import JobEnded
from trunkline.operation import Context
from trunkline.plugin import Plugin, StepKind, hookimpl
from trunkline_catalog import hookspecs, steps
from trunkline_catalog.events import EVENTS
from trunkline_catalog.permissions import PERMISSIONS
from trunkline_catalog.schemas import LineStep, OrderLineView

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.demo.month import DemoMonth

plugin = Plugin(
    name="catalog",
    label=_("Catalogue"),
    summary=_(
        "Products with prices by time, orders whose lines are jobs, and services with their identifiers."
    ),
    requires=("inventory",),
    permissions=PERMISSIONS,
    events=EVENTS,
    hookspecs=(hookspecs,),
    models="trunkline_catalog.models",
)


@hookimpl
def step_kinds() -> Sequence[StepKind]:
    return steps.STEP_KINDS


@hookimpl
def catalog_line_steps(line: OrderLineView) -> Sequence[LineStep]:
    return steps.line_steps(line)


@hookimpl
def on_job_cancelled(ctx: Context, event: JobEnded) -> None:
    steps.job_ended(ctx, event.subject_kind, event.subject_id, cancelled=True, error=event.error)


@hookimpl
def on_job_rolled_back(ctx: Context, event: JobEnded) -> None:
    steps.job_ended(ctx, event.subject_kind, event.subject_id, cancelled=False, error=event.error)


@hookimpl
def inventory_holder_path(kind: str, label: str) -> str | None:
    if kind == "service":
        return f"/catalog/services/{label}"
    return f"/catalog/orders/{label.partition('/')[0]}" if kind == "order_line" else None


@hookimpl
def demo_month(app: "App", month: "DemoMonth") -> None:
    from trunkline_catalog.demo import live

    live(app, month)
