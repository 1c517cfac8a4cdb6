"""Trying out what is to be ordered for an active service: a job looks at its steps; nothing is kept, held or changed."""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.plans import plan_of
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context, operation
from trunkline.plugin import StepKind
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogService
from trunkline_catalog.operations.previewing import LinePlan, job_of, look_at_products, wanted_code
from trunkline_catalog.operations.services import (
    change_service,
    resume_service,
    suspend_service,
    terminate_service,
)
from trunkline_catalog.operations.trying_out import JOB_KIND, judged, narrowest
from trunkline_catalog.schemas import (
    ChangeService,
    LineAction,
    OrderView,
    ResumeService,
    SuspendService,
    TerminateService,
)
from trunkline_catalog.secret_values import opened, put_away

STEP_KIND = "catalog.try_change"

ServiceCommand = ChangeService | SuspendService | ResumeService | TerminateService
_ACTIONS: Mapping[type[BaseModel], LineAction] = {
    ChangeService: LineAction.CHANGE,
    SuspendService: LineAction.SUSPEND,
    ResumeService: LineAction.RESUME,
    TerminateService: LineAction.TERMINATE,
}
_COMMANDS = {action: command for command, action in _ACTIONS.items()}
_ORDERED_BY: Mapping[LineAction, Callable[..., OrderView]] = {
    LineAction.CHANGE: change_service,
    LineAction.SUSPEND: suspend_service,
    LineAction.RESUME: resume_service,
    LineAction.TERMINATE: terminate_service,
}


class TryChangeInputs(BaseModel):
    """What would be ordered for a service; secret parameters apart and sealed."""

    number: str
    action: LineAction
    command: dict[str, Any]
    sealed: dict[str, str] = {}
    #: Which line of the order is looked at: the first is the service's own, others are of what belongs to it.
    position: int = 1
    #: What its secrets open for.
    bound_to: str


def try_change(ctx: Context, number: str, command: ServiceCommand, *, key: str = "") -> str:
    """Queue a dry run of what is not ordered yet, and return its job's number; the same `key` gives the same.

    `ctx` only reads. Raises everything that ordering it would.
    """
    plans = preview_change(ctx, number, command)
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, on_behalf_of=ctx.on_behalf_of) as asking:
        return queue_try(asking, number, command, plans, key=key)


def preview_change(ctx: Context, number: str, command: ServiceCommand) -> list[LinePlan]:
    """The plan of each line that would be ordered for a service and what belongs to it. `ctx` only reads; nothing is kept and
    nobody is told.

    Raises everything that ordering it would.
    """
    look_at_products(ctx, [_product_code(ctx, number, command)])
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, keep=False) as trying:
        return [
            LinePlan(title=job.title, on_failure=OnFailure(job.on_failure), steps=plan_of(trying, job))
            for job in _placed(trying, number, command)
        ]


def _product_code(ctx: Context, number: str, command: ServiceCommand) -> str:
    """The product whose parameters the command names."""
    if isinstance(command, ChangeService):
        return wanted_code(ctx, number, command)
    return queries.service(ctx, number).product_code


def _placed(ctx: Context, number: str, command: ServiceCommand) -> list[Job]:
    order = _ORDERED_BY[_ACTIONS[type(command)]](ctx, number, command)
    return [job_of(ctx, line) for line in order.lines]


@operation("catalog.dry_run.create")
def queue_try(
    ctx: Context, number: str, command: ServiceCommand, plans: list[LinePlan], *, key: str = ""
) -> str:
    """The job of `try_change`, with a step for each of the `plans` that would be carried out."""
    service = ctx.load_by(CatalogService, CatalogService.number, number)
    bound_to, sealed = f"dry-run-{secrets.token_hex(12)}", dict[str, str]()
    if isinstance(command, ChangeService):
        product = queries.product(ctx, _product_code(ctx, number, command))
        plain, sealed = put_away(product, bound_to, command.parameters)
        command = command.model_copy(update={"parameters": plain})
    inputs = TryChangeInputs(
        number=number,
        action=_ACTIONS[type(command)],
        command=command.model_dump(mode="json"),
        sealed=sealed,
        bound_to=bound_to,
    )
    job = enqueue(
        ctx,
        kind=JOB_KIND,
        title=_("Dry run: {what}", what=plans[0].title),
        steps=[_step(inputs, position, plan) for position, plan in enumerate(plans, start=1)],
        key=f"change-dry-run:{ctx.actor.id}:{key or secrets.token_hex(12)}",
        customer_id=service.customer_id,
        subject=("service", service.key),
    )
    ctx.note(job, label=job.number, service=number)
    return job.number


def _step(inputs: TryChangeInputs, position: int, plan: LinePlan) -> PlannedStep:
    target, at_once = narrowest(plan.steps)
    return PlannedStep(
        STEP_KIND,
        name="change" if position == 1 else f"change_{position}",
        label=plan.title,
        inputs=inputs.model_copy(update={"position": position}).model_dump(mode="json"),
        target=target,
        at_once=at_once,
    )


def _look(step: StepContext) -> dict[str, Any]:
    """Look at it. That it would be refused or would fail is what was asked for, and fails no dry run."""
    inputs: TryChangeInputs = step.inputs
    command: Any = _COMMANDS[inputs.action].model_validate(inputs.command)
    if inputs.sealed:
        typed = opened(inputs.bound_to, inputs.sealed)
        step.redact(*(value for value in typed.values() if value))
        command = command.model_copy(update={"parameters": {**command.parameters, **typed}})
    with step.app.reading() as ctx:
        look_at_products(ctx, [_product_code(ctx, inputs.number, command)])
    return judged(step, lambda ctx: _line_at(inputs.position, _placed(ctx, inputs.number, command)))


def _line_at(position: int, jobs: list[Job]) -> Job:
    """Raises Refused when what belonged to the service has ended meanwhile."""
    if position > len(jobs):
        raise Refused(_("It has ended meanwhile."), remedy=_("Try it again."))
    return jobs[position - 1]


STEP_KINDS = (
    StepKind(
        STEP_KIND,
        _("Look at a change of a service"),
        _look,
        inputs=TryChangeInputs,
        # It does nothing that could be undone.
        irreversible=True,
        timeout=timedelta(hours=2),
    ),
)
