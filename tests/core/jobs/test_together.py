"""Transactional steps that follow each other are kept together, and apart as soon as one of them does not go through."""

from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col, select

from trunkline.app import App
from trunkline.jobs import PlannedStep, StepContext, StepFailed, TryAgain, engine, enqueue, turns
from trunkline.jobs.models import Job, JobEvent, JobState, OnFailure
from trunkline.jobs.sweeper import ScheduledRun
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline.testing import work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


def write(step: StepContext) -> None:
    step.ctx.session.add(ScheduledRun(name=step.name, next_at=step.ctx.now()))
    step.log(f"{step.name} was written.")


def erase(step: StepContext) -> None:
    step.ctx.session.execute(delete(ScheduledRun).where(col(ScheduledRun.name) == step.name))


def refuse(step: StepContext) -> None:
    write(step)
    raise StepFailed("It is refused.")


def wait(step: StepContext) -> None:
    write(step)
    raise TryAgain("Not yet.", after=timedelta(hours=1))


@pytest.fixture(autouse=True)
def kinds(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    # However busy the machine is.
    monkeypatch.setattr(turns, "_SECONDS_TOGETHER", 600.0)
    for name, do in (("write", write), ("refuse", refuse), ("wait", wait)):
        app.step_kinds[f"test.{name}"] = StepKind(f"test.{name}", name, do, erase, transactional=True)


def run(app: App, *kinds: str, on_failure: OnFailure = OnFailure.UNDO) -> Job:
    """A job of these steps, named a, b, c, once nothing is due any more."""
    with app.unit_of_work() as ctx:
        steps = [PlannedStep(f"test.{kind}", name=name) for name, kind in zip("abc", kinds, strict=False)]
        key = enqueue(ctx, kind="test", title="Test", steps=steps, key="k", on_failure=on_failure).key
    work_until_idle(app, index=False)
    with app.reading() as ctx:
        return ctx.session.get_one(Job, key)


def written(app: App) -> list[str]:
    with app.reading() as ctx:
        return sorted(name for name in ctx.session.scalars(select(ScheduledRun.name)) if len(name) == 1)


def test_steps_that_go_through_are_kept_by_one_transaction(app: App) -> None:
    with app.unit_of_work() as ctx:
        steps = [PlannedStep("test.write", name=name) for name in "abc"]
        key = enqueue(ctx, kind="test", title="Test", steps=steps, key="k").key
    before = app.database.commits
    assert engine.run(app, key)
    # The claim, and all that the job does.
    assert app.database.commits - before == 2
    assert written(app) == ["a", "b", "c"]
    with app.reading() as ctx:
        assert ctx.session.get_one(Job, key).state == JobState.SUCCEEDED
        log = [event.text for event in ctx.session.scalars(select(JobEvent).order_by(col(JobEvent.id)))]
    assert [text for text in log if "was written" in text] == [f"{name} was written." for name in "abc"]


def test_one_that_fails_leaves_those_before_it_done(app: App) -> None:
    job = run(app, "write", "write", "refuse", on_failure=OnFailure.HOLD)
    assert (job.state, written(app)) == (JobState.FAILED, ["a", "b"])
    with app.reading() as ctx:
        log = [event.text for event in ctx.session.scalars(select(JobEvent))]
    assert [log.count(f"{name} was written.") for name in "abc"] == [1, 1, 0]


def test_one_that_fails_has_those_before_it_undone(app: App) -> None:
    job = run(app, "write", "write", "refuse")
    assert (job.state, written(app)) == (JobState.ROLLED_BACK, [])
    assert job.error == "refuse: It is refused."


def test_one_that_waits_leaves_those_before_it_done(app: App) -> None:
    job = run(app, "write", "wait", "write")
    assert (job.state, written(app)) == (JobState.QUEUED, ["a"])


def test_what_a_step_writes_in_the_end_is_kept_with_its_end(app: App) -> None:
    def act(step: StepContext) -> None:
        step.with_end(lambda ctx: ctx.session.add(ScheduledRun(name=step.name, next_at=ctx.now())))

    app.step_kinds["test.act"] = StepKind("test.act", "act", act, erase)
    with app.unit_of_work() as ctx:
        key = enqueue(ctx, kind="test", title="Test", steps=[PlannedStep("test.act", name="a")], key="k").key
    before = app.database.commits
    assert engine.run(app, key)
    # The claim, and the end of the step with what it writes.
    assert app.database.commits - before == 2
    assert written(app) == ["a"]


def test_a_step_whose_last_writing_fails_is_not_done(app: App) -> None:
    def write_badly(ctx: Context) -> None:
        ctx.session.add(ScheduledRun(name="a", next_at=ctx.now()))
        raise StepFailed("It is not to be written.")

    app.step_kinds["test.act"] = StepKind(
        "test.act", "act", lambda step: step.with_end(write_badly), lambda _step: None
    )
    job = run(app, "act", on_failure=OnFailure.HOLD)
    assert (job.state, job.error) == (JobState.FAILED, "act: It is not to be written.")
    assert written(app) == []
