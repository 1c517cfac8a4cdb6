"""What people decide about jobs: when they begin, what comes first, and what becomes of a step that failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.errors import Conflict, Refused
from trunkline.jobs import PlannedStep, StepContext, StepFailed, asking, enqueue
from trunkline.jobs.decisions import Settlement
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep, OnFailure, StepState
from trunkline.jobs.operations import cancel, reschedule, retry, roll_back, settle_step
from trunkline.jobs.renewing import Newer, Renewed, RetryWith
from trunkline.jobs.sweeper import due_jobs
from trunkline.jobs.tasks import _run_job, serve
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline.testing import work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


class Handed(BaseModel):
    """What `test.handing` must return."""

    port: int


@dataclass
class Far:
    """What was done outside, in order, and what fails there."""

    effects: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    port: object = 5

    def do(self, step: StepContext) -> Mapping[str, Any]:
        self.effects.append(step.name)
        if step.name in self.refuses:
            raise StepFailed(f"{step.name} refuses.")
        return {"port": self.port}

    def undo(self, step: StepContext) -> None:
        self.effects.append(f"-{step.name}")
        if f"-{step.name}" in self.refuses:
            raise StepFailed(f"{step.name} stays.")


@pytest.fixture
def far(app: App) -> Far:
    far = Far()
    for kind in (
        StepKind("test.step", "Step", far.do, far.undo),
        StepKind("test.handing", "Handing", far.do, far.undo, outputs=Handed),
        StepKind("test.final", "Final", far.do, irreversible=True),
    ):
        app.step_kinds[kind.name] = kind
    return far


def queue(app: App, key: str, *steps: PlannedStep | str, **options: Any) -> str:
    planned = [PlannedStep("test.step", name=one) if isinstance(one, str) else one for one in steps]
    with app.unit_of_work() as ctx:
        return enqueue(ctx, kind="test", title=key, steps=planned, key=key, **options).number


def job(app: App, number: str) -> Job:
    with app.reading() as ctx:
        return ctx.session.scalars(select(Job).where(Job.number == number)).one()


def states(app: App, number: str) -> list[str]:
    with app.reading() as ctx:
        of_job = select(JobStep.state).where(JobStep.job_id == job(app, number).key)
        return list(ctx.session.scalars(of_job.order_by(col(JobStep.seq))))


def test_a_job_waits_for_its_date_which_can_be_changed_until_it_begins(app: App, far: Far) -> None:
    number = queue(app, "later", "a", run_at=app.clock() + timedelta(days=3))
    work_until_idle(app)
    assert far.effects == []
    with app.unit_of_work() as ctx:
        reschedule(ctx, number, start_after=app.clock())
    work_until_idle(app)
    assert far.effects == ["a"]
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="begun already"):
        reschedule(ctx, number, start_after=app.clock() + timedelta(days=1))


def test_a_wake_up_works_on_what_is_most_urgent_by_then(app: App, far: Far) -> None:
    usual = queue(app, "usual", "usual")
    queue(app, "urgent", "urgent", priority=1)
    queue(app, "last", "last", priority=9)
    serve(app)
    # The last of them comes when its own job is over, and finds another one; after that nothing is due.
    for _ in range(4):
        _run_job(job(app, usual).key)
    assert far.effects == ["urgent", "usual", "last"]


def test_two_jobs_cannot_hold_one_service_and_the_second_is_told_which_does(app: App, far: Far) -> None:
    first = queue(app, "first", "a", holds="service:1")
    with pytest.raises(Conflict, match=first):
        queue(app, "second", "a", holds="service:1")
    work_until_idle(app)
    queue(app, "second", "a", holds="service:1")


def test_at_a_target_only_so_many_steps_work_and_those_that_wait_are_called_in_turn(
    app: App, far: Far
) -> None:
    at_olt = PlannedStep("test.step", name="outer", target="element:olt", at_once=1)
    waiting: list[str] = []

    def inside(step: StepContext) -> None:
        if not waiting:
            # While this one works, two more come, and one of them wants something else.
            waiting.append(queue(app, "two", at_olt))
            waiting.append(queue(app, "three", PlannedStep("test.step", name="inner", target="element:olt")))
            work_until_idle(app)
            assert far.effects == ["inner"], "a step without a limit does not wait"
            assert job(app, waiting[0]).waits_for == "element:olt"
            assert due_jobs(app, 10) == []
        far.effects.append(f"outer of {step.job_number}")

    app.step_kinds["test.outer"] = StepKind("test.outer", "Outer", inside, far.undo)
    at_olt = PlannedStep("test.outer", name="outer", target="element:olt", at_once=1)
    first = queue(app, "one", at_olt)
    work_until_idle(app)
    assert far.effects == ["inner", f"outer of {first}", f"outer of {waiting[0]}"]


@pytest.mark.parametrize(("how", "effects", "ends"), [
    (Settlement.RETRY, ["-a", "-a"], ["undone", "undone"]),
    (Settlement.DONE, ["-a"], ["undone", "undone"]),
    (Settlement.SKIP, ["-a"], ["skipped", "undone"]),
])  # fmt: skip
def test_a_failed_roll_back_is_settled_step_by_step_with_a_reason(
    app: App, far: Far, how: Settlement, effects: list[str], ends: list[str]
) -> None:
    far.refuses = {"b", "-a"}
    number = queue(app, "k", "a", "b")
    work_until_idle(app)
    stopped = job(app, number)
    assert stopped.state == JobState.ROLLBACK_FAILED
    assert "Step: b refuses." in stopped.error, "why it failed stays in sight"
    assert "Step cannot be undone: a stays." in stopped.error
    far.refuses = set()
    with app.unit_of_work() as ctx, pytest.raises(Refused) as refused:
        settle_step(ctx, number, 1, how, " ")
    assert refused.value.field == "reason"
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="Step 2"):
        settle_step(ctx, number, 2, how, "looked at it")
    with app.unit_of_work() as ctx:
        settle_step(ctx, number, 1, how, "the port was swapped")
    work_until_idle(app)
    assert [effect for effect in far.effects if effect == "-a"] == effects
    ended = job(app, number)
    assert (ended.state, states(app, number)) == (JobState.ROLLED_BACK, ends)
    assert ended.error == "Step: b refuses."
    with app.reading() as ctx:
        entry = ctx.session.scalars(select(ActivityEntry).where(ActivityEntry.subject == number)).all()[-1]
    assert (entry.details["reason"], entry.details["decision"]) == ("the port was swapped", how.value)


def test_a_held_step_may_be_left_out_but_not_marked_done_when_later_steps_need_its_outputs(
    app: App, far: Far
) -> None:
    far.refuses = {"b"}
    steps = (PlannedStep("test.step", name="a"), PlannedStep("test.handing", name="b"))
    number = queue(app, "k", *steps, "c", on_failure=OnFailure.HOLD)
    work_until_idle(app)
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="hand something over"):
        settle_step(ctx, number, 2, Settlement.DONE, "by hand")
    with app.unit_of_work() as ctx:
        settle_step(ctx, number, 2, Settlement.SKIP, "the customer brings a router")
    work_until_idle(app)
    assert (far.effects, states(app, number)) == (["a", "b", "c"], ["done", "skipped", "done"])
    assert job(app, number).state == JobState.SUCCEEDED


def test_beyond_a_step_that_nothing_undoes_a_job_only_goes_on(app: App, far: Far) -> None:
    far.refuses = {"late"}
    final = PlannedStep("test.final", name="final")
    number = queue(app, "k", "a", final, PlannedStep("test.final", name="late"))
    work_until_idle(app)
    assert (job(app, number).state, states(app, number)) == (JobState.FAILED, ["done", "done", "failed"])
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="cannot be undone"):
        roll_back(ctx, number)
    far.refuses = set()
    with app.unit_of_work() as ctx:
        retry(ctx, number, "the printer has paper again")
        with pytest.raises(Refused, match="cannot be undone"):
            cancel(ctx, number)
    work_until_idle(app)
    assert far.effects == ["a", "final", "late", "late"]
    assert job(app, number).state == JobState.SUCCEEDED


def test_whoever_cancels_a_job_that_would_hold_gets_it_undone_as_they_were_told(app: App, far: Far) -> None:
    def cut_off(step: StepContext) -> Mapping[str, Any]:
        with app.unit_of_work() as ctx:
            cancel(ctx, number)
        raise StepFailed("Cancelled while it ran.")

    app.step_kinds["test.long"] = StepKind("test.long", "Long", cut_off, far.undo)
    number = queue(app, "k", "a", PlannedStep("test.long", name="long"), on_failure=OnFailure.HOLD)
    work_until_idle(app)
    assert far.effects == ["a", "-long", "-a"]
    assert job(app, number).state == JobState.CANCELLED


def test_a_job_whose_steps_have_no_undo_does_not_say_that_it_was_undone(app: App, far: Far) -> None:
    far.refuses = {"only"}
    number = queue(app, "k", PlannedStep("test.final", name="only"))
    work_until_idle(app)
    with app.reading() as ctx:
        said = list(ctx.session.scalars(select(JobEvent.text).where(JobEvent.job_id == job(app, number).key)))
    assert said[-1] == "Nothing was undone: what it does has no undo."
    with app.reading() as ctx:
        [step] = ctx.session.scalars(select(JobStep).where(JobStep.job_id == job(app, number).key))
    step.state = StepState.RUNNING
    assert not asking.to_cancel(app, job(app, number), [step]).steps


def version_of(inputs: Mapping[str, Any]) -> int:
    return int(inputs["version"])


@pytest.fixture
def kept(app: App, far: Far) -> list[tuple[str, int]]:
    """What steps of the kind `test.kept` ran and undid, with which version; the newest is 2."""
    ran: list[tuple[str, int]] = []

    def do(step: StepContext) -> None:
        ran.append((step.name, version_of(step.inputs)))
        if step.name in far.refuses:
            raise StepFailed(f"{step.name} refuses.")

    def undo(step: StepContext) -> None:
        ran.append((f"-{step.name}", version_of(step.inputs)))
        if f"-{step.name}" in far.refuses:
            raise StepFailed(f"{step.name} stays.")

    def newer(ctx: Context, inputs: Mapping[str, Any]) -> Newer | None:
        return Newer(version_of(inputs), 2) if version_of(inputs) < 2 else None

    def renewed(ctx: Context, inputs: Mapping[str, Any]) -> Renewed | None:
        found = newer(ctx, inputs)
        return Renewed(PlannedStep("test.kept", inputs={"version": 2}), found) if found else None

    app.step_kinds["test.kept"] = StepKind("test.kept", "Kept", do, undo, newer=newer, renew=renewed)
    return ran


def of_version_1(*names: str) -> list[PlannedStep]:
    return [PlannedStep("test.kept", name=name, inputs={"version": 1}) for name in names]


def test_a_retry_with_the_newest_leaves_what_is_done_to_be_undone_as_it_was_done(
    app: App, far: Far, kept: list[tuple[str, int]]
) -> None:
    far.refuses = {"b"}
    number = queue(app, "mended", *of_version_1("a", "b", "c"), on_failure=OnFailure.HOLD)
    work_until_idle(app)
    far.refuses = {"c"}
    with app.unit_of_work() as ctx:
        retry(ctx, number, use=RetryWith.NEWEST)
    work_until_idle(app)
    with app.unit_of_work() as ctx:
        roll_back(ctx, number)
    work_until_idle(app)
    assert job(app, number).state == JobState.ROLLED_BACK
    assert kept == [("a", 1), ("b", 1), ("b", 2), ("c", 2), ("-c", 2), ("-b", 2), ("-a", 1)]


def test_a_retry_keeps_to_the_plan_unless_somebody_says_otherwise_and_a_roll_back_always(
    app: App, far: Far, kept: list[tuple[str, int]]
) -> None:
    far.refuses = {"b", "-a"}
    number = queue(app, "as planned", *of_version_1("a", "b"), on_failure=OnFailure.HOLD)
    work_until_idle(app)
    with app.unit_of_work() as ctx:
        retry(ctx, number)
    work_until_idle(app)
    with app.unit_of_work() as ctx:
        roll_back(ctx, number)
    work_until_idle(app)
    assert job(app, number).state == JobState.ROLLBACK_FAILED
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="the version that did it") as refused:
        retry(ctx, number, use=RetryWith.NEWEST)
    assert refused.value.field == "use"
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="the version that did it"):
        settle_step(ctx, number, 1, Settlement.RETRY, "mended", RetryWith.NEWEST)
    assert {version for _name, version in kept} == {1}
