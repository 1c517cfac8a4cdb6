"""Trying an order out before it is placed: a job looks at every step of every line; nothing is kept, held or changed.

Each line is a step of that job. It places the order, up to this line, in a transaction that is thrown away, and asks the network
afterwards what the line would change there.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.errors import NotFound, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.jobs.looking_ahead import Verdict, look_through
from trunkline.jobs.models import Job, JobStep
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.plans import PlanStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.operation import Context, operation
from trunkline.plugin import StepKind
from trunkline_catalog import queries
from trunkline_catalog.operations.orders import ordering_customer, place_order
from trunkline_catalog.operations.parents import expanded
from trunkline_catalog.operations.previewing import LinePlan, job_of, look_at_products, preview
from trunkline_catalog.schemas import OrderLineInput, PlaceOrder
from trunkline_catalog.secret_values import opened, put_away

JOB_KIND = "catalog.dry_run"
STEP_KIND = "catalog.try_line"


class KeptOrder(BaseModel):
    """An order that is not placed, as its dry run keeps it: secret parameters apart and sealed, by position of their line."""

    order: PlaceOrder
    sealed: dict[int, dict[str, str]] = {}
    #: What its secrets open for.
    bound_to: str


class TryLineInputs(BaseModel):
    """The line that is looked at, from 1. The order is kept once, with the first line."""

    position: int
    kept: KeptOrder | None = None


def try_order(ctx: Context, command: PlaceOrder, *, key: str = "") -> str:
    """Queue a dry run of an order that is not placed, and return its job's number; the same `key` gives the same.

    `ctx` only reads. Raises everything that placing the order would.
    """
    command = expanded(ctx, command)
    plans = preview(ctx, command)
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, on_behalf_of=ctx.on_behalf_of) as asking:
        return queue_dry_run(asking, command, plans, key=key)


@operation("catalog.dry_run.create")
def queue_dry_run(ctx: Context, command: PlaceOrder, plans: list[LinePlan], *, key: str = "") -> str:
    """The job of `try_order`. `plans` says of each line what it would do."""
    customer = ordering_customer(ctx, command.customer_number)
    kept = _kept(ctx, command)
    steps = []
    for position, (line, plan) in enumerate(zip(command.lines, plans, strict=True), start=1):
        inputs = TryLineInputs(position=position, kept=kept if position == 1 else None)
        target, at_once = narrowest(plan.steps)
        steps.append(
            PlannedStep(
                STEP_KIND,
                name=_name(position),
                label=f"{position}. {queries.product(ctx, line.product_code).name}",
                inputs=inputs.model_dump(mode="json"),
                target=target,
                at_once=at_once,
            )
        )
    job = enqueue(
        ctx,
        kind=JOB_KIND,
        title=_("Dry run: order of {customer}", customer=customer.name),
        steps=steps,
        key=f"order-dry-run:{ctx.actor.id}:{key or secrets.token_hex(12)}",
        customer_id=customer.key,
    )
    ctx.note(job, label=job.number, customer=customer.number)
    return job.number


def _name(position: int) -> str:
    return f"line_{position}"


def narrowest(steps: list[PlanStep]) -> tuple[str, int]:
    """The network element with the fewest places: a look takes one as well."""
    limited = [(step.at_once, step.target) for step in steps if step.at_once]
    at_once, target = min(limited, default=(0, ""))
    return target, at_once


def _kept(ctx: Context, command: PlaceOrder) -> KeptOrder:
    bound_to = f"dry-run-{secrets.token_hex(12)}"
    lines, sealed = [], dict[int, dict[str, str]]()
    for position, line in enumerate(command.lines, start=1):
        product = queries.product(ctx, line.product_code)
        plain, hidden = put_away(product, f"{bound_to}/{position}", line.parameters)
        lines.append(line.model_copy(update={"parameters": plain}))
        if hidden:
            sealed[position] = hidden
    order = command.model_copy(update={"lines": lines, "idempotency_key": ""})
    return KeptOrder(order=order, sealed=sealed, bound_to=bound_to)


def _opened(kept: KeptOrder) -> PlaceOrder:
    lines = [
        line.model_copy(
            update={
                "parameters": {
                    **line.parameters,
                    **opened(f"{kept.bound_to}/{position}", kept.sealed.get(position, {})),
                }
            }
        )
        for position, line in enumerate(kept.order.lines, start=1)
    ]
    return kept.order.model_copy(update={"lines": lines})


def is_dry_run_of(ctx: Context, number: str, command: PlaceOrder) -> bool:
    """Whether the job of that number tries out this very order."""
    try:
        job = ctx.load_by(Job, Job.number, number)
    except NotFound:
        return False
    if job.kind != JOB_KIND:
        return False
    return _plain(_opened(_kept_with(ctx, job.key))) == _plain(expanded(ctx, command))


def _plain(command: PlaceOrder) -> dict[str, Any]:
    return command.model_dump(mode="json", exclude={"idempotency_key"})


def _kept_with(ctx: Context, job_id: int) -> KeptOrder:
    first = ctx.session.scalars(
        select(JobStep).where(col(JobStep.job_id) == job_id, col(JobStep.name) == _name(1))
    ).one()
    kept = TryLineInputs.model_validate(first.inputs).kept
    if kept is None:
        raise NotFound(_("The order of this dry run is not kept."))
    return kept


def try_line(step: StepContext) -> dict[str, Any]:
    """Look at one line. That it would be refused or would fail is what was asked for, and fails no dry run."""
    position: int = step.inputs.position
    with step.app.reading() as ctx:
        order = _opened(_kept_with(ctx, step.job_id))
        wish = order.model_copy(update={"lines": _up_to(order.lines, position)})
        look_at_products(ctx, (line.product_code for line in wish.lines))
    step.redact(
        *(value for line in wish.lines for value in _secrets_of(step, line.product_code, line.parameters))
    )

    def place(ctx: Context) -> Job:
        return job_of(ctx, place_order(ctx, wish).lines[position - 1])

    return judged(step, place)


def judged(step: StepContext, place: Callable[[Context], Job]) -> dict[str, Any]:
    """The outputs of a step that looks at the job which `place` plans; what would be refused is said in its log."""
    try:
        looked = look_through(step, place)
    except StepFailed:
        raise
    except TrunklineError as error:
        step.log(f"The order would be refused: {error}", "error")
        return {"verdict": Verdict.FAILS}
    found = {one.verdict for one in looked}
    worst = next((one for one in (Verdict.FAILS, Verdict.UNKNOWN) if one in found), Verdict.WORKS)
    return {"verdict": worst, "looked": [[one.label, one.verdict] for one in looked]}


def _up_to(lines: list[OrderLineInput], position: int) -> list[OrderLineInput]:
    """The lines up to a position, and those without which a bundle among them would not be whole."""
    return [
        line
        for place, line in enumerate(lines, start=1)
        if place <= position or (line.part_of is not None and line.part_of <= position)
    ]


def _secrets_of(step: StepContext, code: str, parameters: dict[str, Any]) -> list[str]:
    with step.app.reading() as ctx:
        hidden = {one.name for one in queries.product(ctx, code).parameters if one.secret}
    return [str(value) for name, value in parameters.items() if name in hidden and value]


STEP_KINDS = (
    StepKind(
        STEP_KIND,
        _("Look at an order line"),
        try_line,
        inputs=TryLineInputs,
        # It does nothing that could be undone.
        irreversible=True,
        timeout=timedelta(hours=2),
    ),
)
