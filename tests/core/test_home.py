"""The start page says what waits, and shows nobody what they may not see."""

from collections.abc import Callable

from trunkline.app import App
from trunkline.jobs import PlannedStep, StepContext, StepFailed, enqueue
from trunkline.jobs.models import OnFailure
from trunkline.plugin import StepKind
from trunkline.testing import Browser, work_until_idle


def fail(step: StepContext) -> None:
    raise StepFailed("The far end refuses.")


def a_held_job(app: App) -> None:
    app.step_kinds["test.fail"] = StepKind("test.fail", "Fail", fail, fail)
    with app.unit_of_work() as ctx:
        steps = [PlannedStep("test.fail")]
        enqueue(ctx, kind="test", title="Reach the far end", steps=steps, key="k", on_failure=OnFailure.HOLD)
    work_until_idle(app)


def test_an_empty_system_says_that_nothing_waits(staff: Callable[..., Browser]) -> None:
    assert "Nothing waits for you" in staff().get("/").text


def test_a_job_that_needs_a_person_is_on_the_start_page(app: App, staff: Callable[..., Browser]) -> None:
    a_held_job(app)
    page = staff("provisioning_engineer").get("/").text
    assert "Reach the far end" in page
    assert "Nothing waits for you" not in page


def test_a_cashier_sees_no_jobs(app: App, staff: Callable[..., Browser]) -> None:
    a_held_job(app)
    assert "Reach the far end" not in staff("cashier").get("/").text
