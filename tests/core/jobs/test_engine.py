"""Jobs end done or undone, exactly once, whatever fails in between."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs import PlannedStep, StepContext, StepFailed, TryAgain, engine, enqueue, lease
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep, OnFailure, StepState
from trunkline.jobs.operations import cancel, retry, roll_back, settle
from trunkline.plugin import Policy, StepKind
from trunkline.testing import work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


class WorkerDied(BaseException):
    """Stands for kill -9 inside one process: nothing of ours handles it."""


@dataclass
class World:
    """What the steps did outside, in order."""

    effects: list[str] = field(default_factory=list)
    fail_do: set[str] = field(default_factory=set)
    #: What a look does not find.
    gone: set[str] = field(default_factory=set)
    fail_undo: set[str] = field(default_factory=set)
    die_in: set[str] = field(default_factory=set)
    again: int = 0

    def do(self, step: StepContext) -> dict[str, Any]:
        self.effects.append(f"do {step.name}")
        if step.name in self.die_in:
            self.die_in.discard(step.name)
            raise WorkerDied
        if step.name in self.fail_do:
            raise StepFailed(f"{step.name} refuses.")
        step.log(f"did {step.name} with the secret s3cr3t")
        return {"from": step.name, "key": step.idempotency_key}

    def found(self, step: StepContext) -> dict[str, str]:
        self.effects.append(f"look at {step.name}")
        if step.name in self.gone:
            raise StepFailed("Nothing is there.")
        return {"found": step.name}

    def undo(self, step: StepContext) -> None:
        self.effects.append(f"undo {step.name}")
        if step.name in self.fail_undo:
            raise StepFailed(f"{step.name} stays.")

    def later(self, step: StepContext) -> None:
        raise TryAgain("The far end sleeps.", after=timedelta(hours=1))

    def busy(self, step: StepContext) -> None:
        self.again -= 1
        if self.again >= 0:
            raise TryAgain("The far end is busy.", after=timedelta(0), limit=3)
        self.effects.append("got through")


@pytest.fixture
def world(app: App) -> World:
    world = World()
    app.step_kinds["test.outside"] = StepKind("test.outside", "Outside", world.do, world.undo)
    app.step_kinds["test.undo_policy"] = StepKind(
        "test.undo_policy", "Outside", world.do, world.undo, policy=Policy.UNDO
    )
    app.step_kinds["test.verified"] = StepKind(
        "test.verified", "Outside", world.do, world.undo, policy=Policy.VERIFY, found=world.found
    )
    app.step_kinds["test.final"] = StepKind("test.final", "Final", world.do, irreversible=True)
    app.step_kinds["test.later"] = StepKind("test.later", "Later", world.later, world.undo)
    app.step_kinds["test.busy"] = StepKind("test.busy", "Busy", world.busy, world.undo)
    return world


def plan(app: App, *names: str, kind: str = "test.outside", key: str = "k", **options: Any) -> str:
    with app.unit_of_work() as ctx:
        steps = [PlannedStep(kind, name=name) for name in names]
        return enqueue(ctx, kind="test", title="Test", steps=steps, key=key, **options).number


def job(app: App, number: str) -> Job:
    with app.reading() as ctx:
        return ctx.session.scalars(select(Job).where(Job.number == number)).one()


def states(app: App, number: str) -> list[str]:
    with app.reading() as ctx:
        found = ctx.session.scalars(
            select(JobStep).where(JobStep.job_id == job(app, number).key).order_by(col(JobStep.seq))
        )
        return [step.state for step in found]


def let_lease_run_out(app: App, number: str) -> None:
    with app.unit_of_work() as ctx:
        row = ctx.session.scalars(select(Job).where(Job.number == number)).one()
        row.lease_until = ctx.now() - timedelta(seconds=1)


def test_a_job_does_its_steps_in_order(app: App, world: World) -> None:
    number = plan(app, "a", "b", "c")
    work_until_idle(app)
    assert world.effects == ["do a", "do b", "do c"]
    assert job(app, number).state == JobState.SUCCEEDED
    assert job(app, number).finished_at is not None


def test_the_same_key_is_the_same_job(app: App, world: World) -> None:
    assert plan(app, "a") == plan(app, "a")
    work_until_idle(app)
    assert world.effects == ["do a"]


def test_a_failing_step_undoes_what_was_done_in_reverse(app: App, world: World) -> None:
    world.fail_do = {"c"}
    number = plan(app, "a", "b", "c", "d")
    work_until_idle(app)
    assert world.effects == ["do a", "do b", "do c", "undo c", "undo b", "undo a"]
    assert job(app, number).state == JobState.ROLLED_BACK
    assert "c refuses" in job(app, number).error
    assert states(app, number) == ["undone", "undone", "undone", "pending"]


def test_a_held_job_goes_on_from_the_failed_step(app: App, world: World) -> None:
    world.fail_do = {"b"}
    number = plan(app, "a", "b", on_failure=OnFailure.HOLD)
    work_until_idle(app)
    assert job(app, number).state == JobState.FAILED
    world.fail_do.clear()
    with app.unit_of_work() as ctx:
        retry(ctx, number)
    work_until_idle(app)
    assert world.effects == ["do a", "do b", "do b"]
    assert job(app, number).state == JobState.SUCCEEDED


def test_a_held_job_can_be_rolled_back_instead(app: App, world: World) -> None:
    world.fail_do = {"b"}
    number = plan(app, "a", "b", on_failure=OnFailure.HOLD)
    work_until_idle(app)
    with app.unit_of_work() as ctx:
        roll_back(ctx, number)
    work_until_idle(app)
    assert world.effects == ["do a", "do b", "undo b", "undo a"]
    assert job(app, number).state == JobState.ROLLED_BACK


def test_a_failed_roll_back_waits_for_a_person(app: App, world: World) -> None:
    world.fail_do, world.fail_undo = {"b"}, {"a"}
    number = plan(app, "a", "b")
    work_until_idle(app)
    assert job(app, number).state == JobState.ROLLBACK_FAILED
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="done by hand"):
        settle(ctx, number, "  ")
    world.fail_undo.clear()
    with app.unit_of_work() as ctx:
        retry(ctx, number)
    work_until_idle(app)
    assert job(app, number).state == JobState.ROLLED_BACK
    assert world.effects.count("undo a") == 2


@pytest.mark.parametrize(("kind", "effects", "end"), [
    ("test.outside", ["do a", "do b", "do b", "do c"], JobState.SUCCEEDED),
    ("test.undo_policy", ["do a", "do b", "undo b", "undo a"], JobState.ROLLED_BACK),
])  # fmt: skip
def test_a_death_in_a_step_is_settled_by_its_policy(
    app: App, world: World, kind: str, effects: list[str], end: JobState
) -> None:
    world.die_in = {"b"}
    number = plan(app, "a", "b", "c", kind=kind)
    with pytest.raises(WorkerDied):
        work_until_idle(app)
    assert work_until_idle(app) == 0, "the dead worker's lease still holds"
    let_lease_run_out(app, number)
    work_until_idle(app)
    assert world.effects == effects
    assert job(app, number).state == end


@pytest.mark.parametrize(("gone", "effects"), [
    (set(), ["do a", "do b", "look at b", "do c"]),
    ({"b"}, ["do a", "do b", "look at b", "do b", "do c"]),
])  # fmt: skip
def test_a_step_in_which_a_worker_died_is_looked_at_and_done_again_only_if_it_is_not_there(
    app: App, world: World, gone: set[str], effects: list[str]
) -> None:
    world.die_in, world.gone = {"b"}, gone
    number = plan(app, "a", "b", "c", kind="test.verified")
    with pytest.raises(WorkerDied):
        work_until_idle(app)
    let_lease_run_out(app, number)
    work_until_idle(app)
    assert world.effects == effects
    assert job(app, number).state == JobState.SUCCEEDED
    with app.reading() as ctx:
        [b] = ctx.session.scalars(select(JobStep).where(JobStep.name == "b"))
    assert b.outputs.get("found", "done again") == ("done again" if gone else "b")


def test_a_worker_that_was_cut_off_writes_nothing_more(app: App, world: World) -> None:
    number = plan(app, "a", "b")

    def taken_over(step: StepContext) -> None:
        with app.unit_of_work() as ctx:
            row = ctx.session.scalars(select(Job).where(Job.number == number)).one()
            row.epoch += 1

    app.step_kinds["test.outside"] = replace(app.step_kinds["test.outside"], do=taken_over)
    engine.run(app, job(app, number).key)
    assert states(app, number) == ["running", "pending"]
    assert job(app, number).state == JobState.RUNNING


def test_only_one_worker_gets_a_job(app: App, world: World) -> None:
    key = job(app, plan(app, "a")).key
    with app.unit_of_work() as ctx:
        assert lease.claim(ctx, key) == 1
    with app.unit_of_work() as ctx:
        assert lease.claim(ctx, key) is None


def test_a_busy_far_end_is_tried_again_and_then_given_up(app: App, world: World) -> None:
    world.again = 2
    number = plan(app, "a", kind="test.busy")
    work_until_idle(app)
    assert world.effects == ["got through"]
    assert job(app, number).state == JobState.SUCCEEDED
    world.again = 9
    number = plan(app, "a", kind="test.busy", key="k2")
    work_until_idle(app)
    assert job(app, number).state == JobState.ROLLED_BACK


def test_cancelling_a_queued_job_does_nothing_at_all(app: App, world: World) -> None:
    number = plan(app, "a")
    with app.unit_of_work() as ctx:
        cancel(ctx, number)
    work_until_idle(app)
    assert world.effects == []
    assert job(app, number).state == JobState.CANCELLED


def test_cancelling_a_job_that_waits_for_another_try_undoes_what_it_did(app: App, world: World) -> None:
    with app.unit_of_work() as ctx:
        steps = [PlannedStep("test.outside", name="a"), PlannedStep("test.later", name="b")]
        number = enqueue(ctx, kind="test", title="Test", steps=steps, key="k").number
    engine.run(app, job(app, number).key)
    assert job(app, number).state == JobState.QUEUED
    with app.unit_of_work() as ctx:
        cancel(ctx, number)
    work_until_idle(app)
    assert world.effects == ["do a", "undo b", "undo a"]
    assert job(app, number).state == JobState.CANCELLED


def test_an_unknown_kind_and_a_misplaced_final_step_are_refused(app: App, world: World) -> None:
    with pytest.raises(Refused, match="No enabled plugin offers"):
        plan(app, "a", kind="test.nobody")
    steps = [PlannedStep("test.final"), PlannedStep("test.outside")]
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="must come last"):
        enqueue(ctx, kind="test", title="Test", steps=steps, key="x")


def test_registered_secrets_never_reach_the_log(app: App, world: World) -> None:
    def do(step: StepContext) -> None:
        step.redact("s3cr3t")
        step.redact("0694", '\N{LATIN SMALL LETTER A WITH TILDE}"')
        step.log(
            "the key is s3cr3t",
            value="s3cr3t",
            nested={"deep": ["s3cr3t", 694, '\N{LATIN SMALL LETTER A WITH TILDE}"']},
        )
        # A PIN's digits inside a figure are no secret, and masking them would break the line.
        step.log("took", seconds=0.069484)

    app.step_kinds["test.outside"] = replace(app.step_kinds["test.outside"], do=do)
    number = plan(app, "a")
    work_until_idle(app)
    with app.reading() as ctx:
        lines = ctx.session.scalars(select(JobEvent).where(JobEvent.job_id == job(app, number).key)).all()
    assert any("the key is •••" in line.text for line in lines)
    assert not any("s3cr3t" in f"{line.text} {line.data}" for line in lines)
    assert {"value": "•••", "nested": {"deep": ["•••", 694, "•••"]}} in [line.data for line in lines]
    assert {"seconds": 0.069484} in [line.data for line in lines]


def test_a_defect_that_quotes_a_secret_is_masked_where_it_is_kept_and_where_it_is_logged(
    app: App, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    secret = 'p"w\nend-of-it'

    def do(step: StepContext) -> None:
        step.redact(secret)
        raise RuntimeError(f"the far end refused {secret!r}: {secret}" + "." * 3970)

    app.step_kinds["test.outside"] = replace(app.step_kinds["test.outside"], do=do)
    number = plan(app, "a")
    caplog.set_level("INFO")
    work_until_idle(app)
    with app.reading() as ctx:
        kept = [job(app, number).error, caplog.text]
        kept += [f"{step.error} {step.outputs}" for step in ctx.session.scalars(select(JobStep))]
        kept += [f"{line.text} {line.data}" for line in ctx.session.scalars(select(JobEvent))]
    assert any("the far end refused '•••': •••" in text for text in kept)
    assert not any("end-of-it" in text for text in kept)


def test_a_transactional_step_commits_with_its_own_state(app: App, world: World) -> None:
    def do(step: StepContext) -> None:
        step.ctx.session.add(JobEvent(job_id=step.job_id, text="effect"))
        step.ctx.session.flush()
        raise StepFailed("too late")

    app.step_kinds["test.inside"] = StepKind("test.inside", "Inside", do, world.undo, transactional=True)
    number = plan(app, "a", kind="test.inside")
    work_until_idle(app)
    with app.reading() as ctx:
        texts = ctx.session.scalars(
            select(JobEvent.text).where(JobEvent.job_id == job(app, number).key)
        ).all()
    assert "effect" not in texts
    assert world.effects == [], "nothing was committed, so nothing is undone"
    assert states(app, number) == [StepState.UNDONE]
