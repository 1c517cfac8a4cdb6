"""What an order would do, before it is placed: it is placed in a transaction that is thrown away, and its plans are read."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, OnFailure
from trunkline.jobs.plans import PlanStep, plan_of
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogOrderLine
from trunkline_catalog.operations.orders import place_order
from trunkline_catalog.operations.plan_changes import begins_at
from trunkline_catalog.operations.planning import enqueue_line
from trunkline_catalog.operations.services import change_service
from trunkline_catalog.schemas import ChangeService, OrderLineView, PlaceOrder, ProductView


class LinePlan(BaseModel):
    """The plan of one line of an order, in its order."""

    title: str
    #: What the job does when a step fails.
    on_failure: OnFailure
    steps: list[PlanStep]


class PlanDifference(BaseModel):
    """One value that a change of plan gives another one; a texts’ empty side means that there is none."""

    name: str
    label: str
    before: str
    after: str


class PlanPreview(BaseModel):
    """A change of plan before it is ordered: what will differ, from when on, and the plan of its job."""

    service: str
    product_before: str
    product_after: str
    #: Decimal texts of the monthly prices now.
    monthly_before: str
    monthly_after: str
    currency: str
    start_after: datetime | None
    differences: list[PlanDifference]
    plan: LinePlan


def look_at_products(ctx: Context, codes: Iterable[str]) -> None:
    """Have plugins look at products before the transaction in which they are ordered: what they find out they keep.

    The first look at a playbook takes seconds, during which nobody else could write. What is wrong is said by the planning.
    """
    for code in dict.fromkeys(codes):
        with suppress(TrunklineError):
            product = queries.product(ctx, code)
            for _plugin, look in ctx.app.hooks.implementations("catalog_check_product"):
                look(ctx=ctx, product=product)


def preview(ctx: Context, command: PlaceOrder) -> list[LinePlan]:
    """The plan of every line. `ctx` only reads; nothing is kept, no number is used up, nobody is told.

    Raises everything that placing the order would: this is where one learns of it first.
    """
    look_at_products(ctx, (line.product_code for line in command.lines))
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, keep=False) as trying:
        order = place_order(trying, command.model_copy(update={"idempotency_key": ""}))
        jobs = [job_of(trying, line) for line in order.lines]
        return [
            LinePlan(title=job.title, on_failure=OnFailure(job.on_failure), steps=plan_of(trying, job))
            for job in jobs
        ]


def wanted_code(ctx: Context, number: str, command: ChangeService) -> str:
    """The product whose parameters a change names: what the service is to become, else what it is."""
    return command.product_code or queries.service(ctx, number).product_code


def job_of(ctx: Context, line: OrderLineView) -> Job:
    """The job of a line of an order that is only tried; that of a bundle is queued as if its services were set up."""
    number = line.job_number
    if not number:
        row = ctx.session.get_one(CatalogOrderLine, line.id)
        enqueue_line(ctx, row, queries.product_by_id(ctx, row.product_id))
        number = row.job_number
    return ctx.session.scalars(select(Job).where(col(Job.number) == number)).one()


def preview_plan(ctx: Context, number: str, command: ChangeService) -> PlanPreview:
    """What a change of plan would do. `ctx` only reads; nothing is kept and nobody is told.

    Raises everything that ordering it would.
    """
    look_at_products(ctx, [wanted_code(ctx, number, command)])
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, keep=False) as trying:
        line = change_service(trying, number, command).lines[0]
        job = trying.session.scalars(select(Job).where(col(Job.number) == line.job_number)).one()
        before, after = (
            queries.as_charged(trying, line.service_id or 0, queries.product(trying, code))
            for code in (line.previous.product, line.product_code)
        )
        return PlanPreview(
            service=line.service_number,
            product_before=before.name,
            product_after=after.name,
            monthly_before=str(Money(before.monthly_price_micros, before.currency)),
            monthly_after=str(Money(after.monthly_price_micros, after.currency)),
            currency=after.currency,
            start_after=begins_at(trying, command),
            differences=_differences(before, after, line.previous.parameters, line.parameters),
            plan=LinePlan(title=job.title, on_failure=OnFailure(job.on_failure), steps=plan_of(trying, job)),
        )


def _differences(
    before: ProductView, after: ProductView, had: dict[str, Any], has: dict[str, Any]
) -> list[PlanDifference]:
    labels = {one.name: one.label for one in (*before.parameters, *after.parameters)}
    return [
        PlanDifference(
            name=name,
            label=labels.get(name, name),
            before=_shown(had.get(name)),
            after=_shown(has.get(name)),
        )
        for name in dict.fromkeys([*had, *has])
        if had.get(name) != has.get(name)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    return "" if value is None else str(value)
