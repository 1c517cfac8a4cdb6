"""What an order would do, before it is placed: it is placed in a transaction that is thrown away, and its plans are read."""

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.jobs.models import Job
from trunkline.jobs.plans import PlanStep, plan_of
from trunkline.operation import Context
from trunkline_catalog.operations.orders import place_order
from trunkline_catalog.schemas import PlaceOrder


class LinePlan(BaseModel):
    """The plan of one line of an order, in its order."""

    title: str
    steps: list[PlanStep]


def preview(ctx: Context, command: PlaceOrder) -> list[LinePlan]:
    """The plan of every line. `ctx` only reads; nothing is kept, no number is used up, nobody is told.

    Raises everything that placing the order would: this is where one learns of it first.
    """
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, keep=False) as trying:
        order = place_order(trying, command.model_copy(update={"idempotency_key": ""}))
        numbers = [line.job_number for line in order.lines]
        jobs = trying.session.scalars(select(Job).where(col(Job.number).in_(numbers)).order_by(col(Job.id)))
        return [LinePlan(title=job.title, steps=plan_of(trying, job)) for job in jobs]
