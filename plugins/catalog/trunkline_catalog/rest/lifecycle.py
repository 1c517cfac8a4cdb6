"""REST: what is done to a service that is there: changing, suspending, resuming and ending it, and trying that out."""

from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes
from trunkline_catalog import operations
from trunkline_catalog.operations.previewing import PlanPreview, preview_plan
from trunkline_catalog.rest.orders import DryRunOut
from trunkline_catalog.schemas import (
    PLAN,
    ChangeService,
    OrderView,
    ResumeService,
    SuspendService,
    TerminateService,
)

rest = RestRoutes("/catalog", "catalog")


@rest.post("/services/{number}/change", permission="catalog.service.change", status=202)
def change(ctx: Context, number: str, command: ChangeService) -> OrderView:
    """Give it another item, parameters or plan, or turn a switch; it has them when the order's job has ended well."""
    return operations.change_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")


@rest.post("/services/{number}/change/plan", permission="catalog.service.change", status=200, reads=True)
def plan_change(ctx: Context, number: str, command: ChangeService) -> PlanPreview:
    """What a change of its plan would do: before and after, and each step. Nothing is kept; what would be refused is refused."""
    return preview_plan(ctx, number, command.model_copy(update={"change": PLAN}))


@rest.post("/services/{number}/change/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_change(ctx: Context, number: str, command: ChangeService) -> DryRunOut:
    """Queue a job that looks what a change would do, and changes and holds nothing itself; its log answers.

    What would be refused is refused, here and for `suspend`, `resume` and `terminate`.
    """
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post("/services/{number}/suspend/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_suspend(ctx: Context, number: str, command: SuspendService) -> DryRunOut:
    """Queue a job that looks what suspending would do; see the dry run of a change."""
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post("/services/{number}/resume/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_resume(ctx: Context, number: str, command: ResumeService) -> DryRunOut:
    """Queue a job that looks what lifting a reason would do; see the dry run of a change."""
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post(
    "/services/{number}/terminate/dry-run", permission="catalog.dry_run.create", status=202, reads=True
)
def try_terminate(ctx: Context, number: str, command: TerminateService) -> DryRunOut:
    """Queue a job that looks what ending the service would do; see the dry run of a change."""
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post("/services/{number}/suspend", permission="catalog.service.suspend", status=202)
def suspend(ctx: Context, number: str, command: SuspendService) -> OrderView:
    """Suspend for one reason."""
    return operations.suspend_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")


@rest.post("/services/{number}/resume", permission="catalog.service.resume", status=202)
def resume(ctx: Context, number: str, command: ResumeService) -> OrderView:
    """Lift one reason; the service works when none is left."""
    return operations.resume_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")


@rest.post("/services/{number}/terminate", permission="catalog.service.terminate", status=202)
def terminate(ctx: Context, number: str, command: TerminateService) -> OrderView:
    """End a service for good."""
    return operations.terminate_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")
