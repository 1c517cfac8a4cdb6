"""REST: jobs, their logs, and what may be done about them."""

from fastapi import Query

from trunkline.charts import ChartOut
from trunkline.jobs import operations, performance, performance_charts, queries, rehearsal
from trunkline.jobs.expecting import expected
from trunkline.jobs.models import Job
from trunkline.jobs.plans import PlanStep, plan_of
from trunkline.jobs.schemas import (
    JobLine,
    JobOut,
    JobReason,
    JobStepOut,
    JobSummary,
    RescheduleJob,
    RetryJob,
    SettleJob,
    SettleStep,
)
from trunkline.jobs.tables import jobs_table
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/jobs", "jobs")
_PRODUCT = Query("", max_length=60, description="Only jobs for the product of this code.")


@rest.get("", permission="core.job.list", table=jobs_table)
def jobs(ctx: Context, params: ListParams = list_params) -> Listing[JobSummary]:
    """Jobs, newest first."""
    return read_list(ctx, jobs_table(ctx), queries.list_jobs(ctx), params, JobSummary)


@rest.get("/performance/outcomes", permission="core.job.list")
def performance_outcomes(ctx: Context, product: str = _PRODUCT) -> ChartOut:
    """Provisioning jobs of the last 30 days that went well and that failed, by the day on which they ended."""
    return ChartOut.of(performance_charts.outcomes(ctx, performance.performance(ctx, product=product)))


@rest.get("/performance/times", permission="core.job.list")
def performance_times(ctx: Context, product: str = _PRODUCT) -> ChartOut:
    """Seconds that provisioning jobs which went well took, by the day on which they ended: median and 95th percentile."""
    return ChartOut.of(performance_charts.times(ctx, performance.performance(ctx, product=product)))


@rest.get("/{number}", permission="core.job.view")
def job(ctx: Context, number: str) -> JobOut:
    """One job with its steps."""
    return _out(ctx, queries.get(ctx, number))


@rest.get("/{number}/log", permission="core.job.view")
def log(
    ctx: Context,
    number: str,
    after: int = Query(0, ge=0, le=2**63 - 1, description="The `id` of the last line known."),
    limit: int = Query(1000, ge=1, le=5000),
) -> list[JobLine]:
    """Lines of the log after one of them, oldest first."""
    found = queries.get(ctx, number)
    return [
        JobLine.model_validate(dict(line)) for line in queries.lines(ctx, found.key, after=after, limit=limit)
    ]


@rest.get("/{number}/plan", permission="core.job.view")
def plan(ctx: Context, number: str) -> list[PlanStep]:
    """The frozen plan: who contributes each step, what it will change, and what a dry run can know of it."""
    return plan_of(ctx, queries.get(ctx, number))


@rest.post("/{number}/dry-run", permission="core.job.retry", status=202)
def dry_run(ctx: Context, number: str) -> JobOut:
    """Queue a job that looks what a waiting one would change, and changes nothing; its log is the answer."""
    return _out(ctx, rehearsal.dry_run(ctx, number))


@rest.post("/{number}/cancel", permission="core.job.cancel", status=202)
def cancel(ctx: Context, number: str) -> JobOut:
    """Ask that a job stop; a running one is rolled back."""
    return _out(ctx, operations.cancel(ctx, number))


@rest.post("/{number}/retry", permission="core.job.retry", status=202)
def retry(ctx: Context, number: str, command: RetryJob | None = None) -> JobOut:
    """Go on from the failed step, or try a failed roll-back again. `use` `newest`: with what was mended since it was planned."""
    command = command or RetryJob()
    return _out(ctx, operations.retry(ctx, number, command.reason, command.use))


@rest.post("/{number}/roll-back", permission="core.job.retry", status=202)
def roll_back(ctx: Context, number: str, command: JobReason | None = None) -> JobOut:
    """Undo a held job."""
    return _out(ctx, operations.roll_back(ctx, number, command.reason if command else ""))


@rest.post("/{number}/settle", permission="core.job.retry", status=200)
def settle(ctx: Context, number: str, command: SettleJob) -> JobOut:
    """Close a failed roll-back after a person has put things right."""
    return _out(ctx, operations.settle(ctx, number, command.reason))


@rest.post("/{number}/steps/{seq}/settle", permission="core.job.retry", status=202)
def settle_step(ctx: Context, number: str, seq: int, command: SettleStep) -> JobOut:
    """Decide about the step that a job stopped at: retry it, mark it done, or skip it. The job goes on from there."""
    return _out(ctx, operations.settle_step(ctx, number, seq, command.how, command.reason, command.use))


@rest.post("/{number}/reschedule", permission="core.job.retry", status=200)
def reschedule(ctx: Context, number: str, command: RescheduleJob) -> JobOut:
    """Give a job that has not begun another date or priority."""
    return _out(
        ctx, operations.reschedule(ctx, number, start_after=command.start_after, priority=command.priority)
    )


def _out(ctx: Context, found: Job) -> JobOut:
    customer = queries.customer_of(ctx, found)
    steps = [JobStepOut.model_validate(step) for step in queries.steps_of(ctx, found.key)]
    return JobOut.model_validate(found).model_copy(
        update={
            "customer": customer.number if customer else None,
            "steps": steps,
            "expected_seconds": expected(ctx, found).seconds,
        }
    )
