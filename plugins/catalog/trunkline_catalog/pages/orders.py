"""Orders and their lines: what is at work, what failed, what can be done about it."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select
from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.jobs import queries as jobs
from trunkline.jobs.models import NEEDS_DECISION, Job, JobState, StepState
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.pages.order_form import totals
from trunkline_catalog.schemas import (
    LineState,
    OrderLineView,
    OrderState,
    OrderView,
    ProductKind,
    RescheduleLine,
)
from trunkline_catalog.tables import ACTION_LABELS, ORDERS, REASON_LABELS, list_orders
from trunkline_inventory import queries as inventory

pages = Pages()
#: Lines of which nothing works, and nothing is charged.
_NOTHING_CAME = (LineState.FAILED, LineState.CANCELLED)
#: What tells htmx to stop asking (its own status code).
STOP_POLLING = 286


@pages.get("/catalog/orders", permission="catalog.order.list")
def index(page: Page) -> Response:
    page.title = str(_("Orders"))
    page.crumbs((page.title, ""))
    return page.table("catalog/orders.html", ORDERS, list_orders(page.ctx))


def _facts(page: Page, number: str) -> dict[str, Any]:
    order = queries.order(page.ctx, number)
    jobs_of, covered = _open_jobs(page, order), _covered(page, order)
    return {
        "order": order,
        "customer": customers.by_id(page.ctx, order.customer_id),
        "actions": ACTION_LABELS,
        "reasons": REASON_LABELS,
        "labels": {one.name: one.label for one in inventory.templates(page.ctx)},
        "totals": totals(
            (line.setup_micros, line.monthly_micros, line.currency)
            for line in order.lines
            if line.state not in _NOTHING_CAME
        ),
        "parameters": {
            (code, one.name): one.label
            for code in sorted({line.product_code for line in order.lines})
            for one in queries.product(page.ctx, code).parameters
        },
        # Lines of bundles, which begin and end with those of their services; and those that a bundle pays for.
        "follows": {
            line.id
            for line in order.lines
            if line.product_kind is ProductKind.BUNDLE
            and any(one.parent_service == line.service_number and one.state.is_open for one in order.lines)
        },
        "covered": covered,
        "not_whole": _not_whole(order, covered),
        "by_parts": {
            line.id for line in order.lines if queries.product(page.ctx, line.product_code).priced_by_members
        },
        "at_work": order.state is OrderState.IN_PROGRESS,
        "products": {
            line.previous.product: queries.product(page.ctx, line.previous.product).name
            for line in order.lines
            if line.changes_product
        },
        # Being undone, or waiting for somebody who decides on the job's page: nothing is left to cancel.
        "stuck": {
            key for key, job in jobs_of.items() if job.state in (*NEEDS_DECISION, JobState.ROLLING_BACK)
        },
        "held": {key for key, job in jobs_of.items() if job.state == JobState.FAILED},
        # Of lines that have not begun: when they may.
        "waiting": {
            key: job.run_at if job.run_at > page.ctx.now() else None
            for key, job in jobs_of.items()
            if job.state == JobState.QUEUED and job.started_at is None
        },
        "progress": {line.id: _progress(page, line) for line in order.lines if line.state.is_open},
    }


def _covered(page: Page, order: OrderView) -> set[int]:
    """The lines whose price is in that of their bundle."""
    parts = {line.service_number: line.id for line in order.lines if line.parent_service}
    return {parts[one.number] for one in queries.services_numbered(page.ctx, list(parts)) if one.covered}


def _not_whole(order: OrderView, covered: set[int]) -> dict[int, str]:
    """Of bundles of which a part does not work, by line: what they are charged all the same."""
    found = {}
    for bundle in order.lines:
        if bundle.product_kind is not ProductKind.BUNDLE or bundle.state in _NOTHING_CAME:
            continue
        parts = [one for one in order.lines if one.parent_service == bundle.service_number]
        if any(one.state in _NOTHING_CAME for one in parts):
            found[bundle.id] = str(
                _("Its one price is charged whole, whatever failed: try that again, or give a credit for it.")
                if any(one.id in covered for one in parts)
                else _("It costs what its working services cost: what failed is not charged.")
            )
    return found


def _open_jobs(page: Page, order: OrderView) -> dict[int, Job]:
    """The jobs of the lines that are not over, by line."""
    lines = {line.job_id: line.id for line in order.lines if line.state.is_open and line.job_id is not None}
    found = page.ctx.session.scalars(select(Job).where(col(Job.id).in_(lines))) if lines else ()
    return {lines[job.key]: job for job in found}


def _progress(page: Page, line: OrderLineView) -> str:
    """Which step the line's job is at, in words."""
    steps = jobs.steps_of(page.ctx, line.job_id) if line.job_id is not None else []
    current = next((step for step in steps if step.state in (StepState.RUNNING, StepState.UNDOING)), None)
    if current is None:
        return ""
    words = _("Step {n} of {all}: {what}", n=current.seq, all=len(steps), what=translate(current.label))
    return str(
        _("Undoing: {what}", what=translate(current.label)) if current.state == StepState.UNDOING else words
    )


@pages.get("/catalog/orders/{number}", permission="catalog.order.view")
def show(page: Page, number: str) -> Response:
    facts = _facts(page, number)
    page.title = number
    page.crumbs((str(_("Orders")), "/catalog/orders"), (number, ""))
    return page.render("catalog/order.html", **facts)


@pages.get("/catalog/orders/{number}/status", permission="catalog.order.view")
def status(page: Page, number: str) -> Response:
    """Head and lines by themselves, for the page to renew while work goes on."""
    facts = _facts(page, number)
    return page.part("catalog/order_status.html", status=200 if facts["at_work"] else STOP_POLLING, **facts)


@pages.post("/catalog/orders/{number}/lines/{position:int}/cancel", permission="catalog.order.cancel")
def cancel(page: Page, number: str, position: int) -> Response:
    line = operations.cancel_order_line(page.ctx, f"{number}/{position}")
    words = (
        _("Line {number} is being cancelled.") if line.state.is_open else _("Line {number} was cancelled.")
    )
    return page.redirect(f"/catalog/orders/{number}", str(words).format(number=line.number))


@pages.post("/catalog/orders/{number}/lines/{position:int}/retry", permission="catalog.order.retry")
def retry(page: Page, number: str, position: int) -> Response:
    line = operations.retry_order_line(page.ctx, f"{number}/{position}")
    return page.redirect(
        f"/catalog/orders/{number}", str(_("Line {number} is tried again.", number=line.number))
    )


def _reschedule_initial(page: Page, number: str, position: int) -> Mapping[str, Any]:
    line = queries.line_by_number(page.ctx, f"{number}/{position}")
    job = page.ctx.session.get(Job, line.job_id) if line.job_id is not None else None
    ahead = job is not None and job.run_at > page.ctx.now()
    return {
        "start_after": job.run_at if job is not None and ahead else None,
        "form_options": {"action": f"/catalog/orders/{number}/lines/{position}/reschedule"},
    }


def _reschedule_extra(page: Page, number: str, position: int) -> Mapping[str, Any]:
    page.title = str(_("Reschedule line {number}?", number=f"{number}/{position}"))
    back = f"/catalog/orders/{number}"
    page.crumbs((str(_("Orders")), "/catalog/orders"), (number, back), (str(_("Reschedule")), ""))
    return {"back": back}


@pages.form(
    "/catalog/orders/{number}/lines/{position:int}/reschedule",
    permission="catalog.order.move",
    schema=RescheduleLine,
    template="catalog/reschedule.html",
    title=_("Reschedule"),
    initial=_reschedule_initial,
    extra=_reschedule_extra,
)
def reschedule(page: Page, command: RescheduleLine, number: str, position: int) -> Response:
    operations.reschedule_order_line(page.ctx, f"{number}/{position}", command)
    return page.redirect(f"/catalog/orders/{number}", str(_("The line was rescheduled.")))
