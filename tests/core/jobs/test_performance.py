"""How long provisioning takes and how often it goes well."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from trunkline.app import App
from trunkline.jobs import performance
from trunkline.jobs.models import Job, JobState, JobStep, StepState
from trunkline.testing import Browser

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]

Staff = Callable[..., Browser]


def ended(
    app: App, seconds: int, *, product: str = "mobile", state: JobState = JobState.SUCCEEDED, days: int = 1
) -> None:
    """A job of two steps that ended some days ago; a failed one failed at its second step and was undone."""
    with app.unit_of_work() as ctx:
        began = datetime.now(UTC) - timedelta(days=days)
        ended_at, count = (
            began + timedelta(seconds=seconds),
            ctx.session.scalar(select(func.count()).select_from(Job)) or 0,
        )
        job = Job(
            number=f"J{count:06}",
            kind="catalog.order_line",
            title="=Sample",
            unique_key=f"k{count}",
            product=product,
            action="new",
            state=state,
            started_at=began,
            finished_at=ended_at,
        )
        ctx.session.add(job)
        ctx.session.flush()
        for seq, label in ((1, "Reserve"), (2, "=Apply")):
            ctx.session.add(
                JobStep(
                    job_id=job.key,
                    seq=seq,
                    name=label,
                    label=label,
                    kind="core.sample",
                    policy="resume",
                    inputs={},
                    tries=1,
                    state=StepState.DONE if state is JobState.SUCCEEDED else StepState.UNDONE,
                    started_at=began + timedelta(seconds=(seq - 1) * seconds / 2),
                    finished_at=began + timedelta(seconds=seq * seconds / 2),
                )
            )


def test_times_are_of_what_went_well_and_a_failure_counts_at_its_last_step(app: App) -> None:
    for seconds in (10, 20, 60):
        ended(app, seconds)
    ended(app, 500, state=JobState.ROLLED_BACK)
    ended(app, 1, state=JobState.CANCELLED)
    ended(app, 1, days=performance.DAYS + 1)
    with app.reading() as ctx:
        found = performance.performance(ctx)
    (job,) = found.jobs
    assert (job.runs, job.succeeded, job.median, job.p95) == (4, 3, 20, 60)
    ended(app, 40)
    with app.reading() as ctx:
        assert performance.performance(ctx).jobs[0].median == 30, "the mean of the two in the middle"
    steps = {one.step: one for one in found.steps}
    assert (steps["Reserve"].runs, steps["Reserve"].succeeded, steps["Reserve"].median) == (4, 4, 10)
    assert (steps["=Apply"].runs, steps["=Apply"].succeeded) == (4, 3)


def test_the_page_shows_one_product_and_its_file_holds_no_formulas(app: App, staff: Staff) -> None:
    ended(app, 10)
    ended(app, 30, product="fibre")
    client = staff("provisioning_engineer")
    page = client.get("/jobs/performance?product=fibre").text
    assert "30\N{NO-BREAK SPACE}s" in page
    assert "/jobs?product=mobile" not in page
    answer = client.get("/jobs/performance.csv?product=fibre")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["step"], row["median_s"]) for row in rows] == [
        ("", "30.000"),
        ("Reserve", "15.000"),
        ("'=Apply", "15.000"),
    ]
    assert "Nothing to measure yet" in client.get("/jobs/performance?product=nothing").text
