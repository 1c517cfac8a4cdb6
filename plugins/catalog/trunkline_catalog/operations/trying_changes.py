"""Trying out what is to be ordered for an active service: a job looks at its steps; nothing is kept, held or changed."""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.plans import plan_of
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context, operation
from trunkline.plugin import StepKind
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogService
from trunkline_catalog.operations.previewing import LinePlan, look_at_products, wanted_code
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
    #: What its secrets open for.
    bound_to: str


def try_change(ctx: Context, number: str, command: ServiceCommand, *, key: str = "") -> str:
    """Queue a dry run of what is not ordered yet, and return its job's number; the same `key` gives the same.

    `ctx` only reads. Raises everything that ordering it would.
    """
    plan = preview_change(ctx, number, command)
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, on_behalf_of=ctx.on_behalf_of) as asking:
        return queue_try(asking, number, command, plan, key=key)


def preview_change(ctx: Context, number: str, command: ServiceCommand) -> LinePlan:
    """The plan of what would be ordered for a service. `ctx` only reads; nothing is kept and nobody is told.

    Raises everything that ordering it would.
    """
    look_at_products(ctx, [_product_code(ctx, number, command)])
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, keep=False) as trying:
        job = _placed(trying, number, command)
        return LinePlan(title=job.title, on_failure=OnFailure(job.on_failure), steps=plan_of(trying, job))


def _product_code(ctx: Context, number: str, command: ServiceCommand) -> str:
    """The product whose parameters the command names."""
    if isinstance(command, ChangeService):
        return wanted_code(ctx, number, command)
    return queries.service(ctx, number).product_code


def _placed(ctx: Context, number: str, command: ServiceCommand) -> Job:
    line = _ORDERED_BY[_ACTIONS[type(command)]](ctx, number, command).lines[0]
    return ctx.session.scalars(select(Job).where(col(Job.number) == line.job_number)).one()


@operation("catalog.dry_run.create")
def queue_try(ctx: Context, number: str, command: ServiceCommand, plan: LinePlan, *, key: str = "") -> str:
    """The job of `try_change`, whose `plan` it would carry out."""
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
    target, at_once = narrowest(plan.steps)
    job = enqueue(
        ctx,
        kind=JOB_KIND,
        title=_("Dry run: {what}", what=plan.title),
        steps=[
            PlannedStep(
                STEP_KIND,
                name="change",
                label=plan.title,
                inputs=inputs.model_dump(mode="json"),
                target=target,
                at_once=at_once,
            )
        ],
        key=f"change-dry-run:{ctx.actor.id}:{key or secrets.token_hex(12)}",
        customer_id=service.customer_id,
        subject=("service", service.key),
    )
    ctx.note(job, label=job.number, service=number)
    return job.number


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
    return judged(step, lambda ctx: _placed(ctx, inputs.number, command))


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
