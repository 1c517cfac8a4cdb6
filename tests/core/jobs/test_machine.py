"""Whatever happens in whatever order, a job ends as it may, and what it undoes it undoes once, the last step first."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs import PlannedStep, StepContext, StepFailed, engine, enqueue
from trunkline.jobs.decisions import Settlement
from trunkline.jobs.models import Job, JobState, JobStep, OnFailure, StepState
from trunkline.jobs.operations import cancel, retry, roll_back, settle_step
from trunkline.plugin import Policy, StepKind
from trunkline.testing import work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]

STEPS = ("a", "b", "c")


class WorkerDied(BaseException):
    """Stands for kill -9 inside one process: nothing of ours handles it."""


#: What a step does when it is called: works, fails, dies before the effect, or dies after it.
Fate = str
fates = st.sampled_from(["works", "works", "works", "fails", "dies", "dies after"])
#: What a person does when a worker has come to rest.
acts = st.sampled_from(
    ["nothing", "cancel", "retry", "roll back", "settle retry", "settle done", "settle skip"]
)


@dataclass
class World:
    """A far end that deduplicates by key, as every far end must, and does what fate says."""

    fates: list[Fate] = field(default_factory=list)
    #: Keys whose effect is there, in the order in which they came.
    there: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def _called(self, step: StepContext) -> Iterator[None]:
        fate = self.fates.pop(0) if self.fates else "works"
        self.calls.append((step.direction, step.name))
        if fate == "dies":
            raise WorkerDied
        if fate == "fails":
            raise StepFailed("Refused.")
        yield
        if fate == "dies after":
            raise WorkerDied

    def do(self, step: StepContext) -> None:
        for _effect in self._called(step):
            if step.name not in self.there:
                self.there.append(step.name)

    def undo(self, step: StepContext) -> None:
        for _effect in self._called(step):
            if step.name in self.there:
                self.there.remove(step.name)


def let_leases_run_out(app: App) -> None:
    with app.unit_of_work() as ctx:
        for row in ctx.session.scalars(select(Job).where(col(Job.lease_until).is_not(None))):
            row.lease_until = ctx.now() - timedelta(seconds=1)


ACTS: dict[str, Callable[[Any, str, int], object]] = {
    "cancel": lambda ctx, number, seq: cancel(ctx, number),
    "retry": lambda ctx, number, seq: retry(ctx, number),
    "roll back": lambda ctx, number, seq: roll_back(ctx, number),
    "settle retry": lambda ctx, number, seq: settle_step(ctx, number, seq, Settlement.RETRY, "seen"),
    "settle done": lambda ctx, number, seq: settle_step(ctx, number, seq, Settlement.DONE, "seen"),
    "settle skip": lambda ctx, number, seq: settle_step(ctx, number, seq, Settlement.SKIP, "seen"),
}


def stuck(app: App, key: int) -> int:
    with app.reading() as ctx:
        steps = ctx.session.scalars(select(JobStep).where(JobStep.job_id == key)).all()
    return next((s.seq for s in steps if s.state in (StepState.FAILED, StepState.UNDO_FAILED)), 1)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    planned=st.lists(fates, max_size=9),
    done_by_people=st.lists(acts, max_size=4),
    policy=st.sampled_from(list(Policy)),
    on_failure=st.sampled_from(list(OnFailure)),
)
def test_every_history_ends_in_an_allowed_state(
    app: App, planned: list[Fate], done_by_people: list[str], policy: Policy, on_failure: OnFailure
) -> None:
    world = World(list(planned))
    app.step_kinds["test.step"] = StepKind("test.step", "Step", world.do, world.undo, policy=policy)
    with app.unit_of_work() as ctx:
        before = len(ctx.session.scalars(select(Job.id)).all())
        steps = [PlannedStep("test.step", name=name) for name in STEPS]
        job = enqueue(ctx, kind="test", title="T", steps=steps, key=f"{before}", on_failure=on_failure)
        key, number = job.key, job.number

    by_hand = False
    for act in [*done_by_people, "nothing"]:
        for _takeover in range(len(planned) + 1):
            try:
                engine.run(app, key)
                break
            except WorkerDied:
                let_leases_run_out(app)
        if act != "nothing":
            # An act that does not fit the state is refused, and changes nothing.
            with app.unit_of_work() as ctx, suppress(Refused):
                ACTS[act](ctx, number, stuck(app, key) if "settle" in act else 0)
                by_hand = by_hand or act in ("settle done", "settle skip")
    while True:
        try:
            work_until_idle(app, index=False)
            break
        except WorkerDied:
            let_leases_run_out(app)

    with app.reading() as ctx:
        row = ctx.session.get_one(Job, key)
        ends = {
            step.name: step.state
            for step in ctx.session.scalars(select(JobStep).where(JobStep.job_id == key))
        }
    state = JobState(row.state)
    assert state.is_over, state
    assert row.holds is None
    # Of undoing: once begun it is never turned round, and goes from the last step to the first.
    directions = [direction for direction, _name in world.calls]
    if "undo" in directions and not by_hand:
        assert "do" not in directions[directions.index("undo") :]
    undone = [name for direction, name in world.calls if direction == "undo"]
    firsts = list(dict.fromkeys(undone))
    assert firsts == sorted(firsts, reverse=True), world.calls
    assert undone == sorted(undone, reverse=True), f"an undone step was undone again: {world.calls}"
    if by_hand:
        return
    if state is JobState.SUCCEEDED:
        assert sorted(world.there) == list(STEPS)
        assert set(ends.values()) == {StepState.DONE}
    elif state in (JobState.ROLLED_BACK, JobState.CANCELLED):
        assert world.there == []
        assert set(ends.values()) <= {StepState.UNDONE, StepState.PENDING}
    elif state is JobState.ROLLBACK_FAILED:
        assert list(ends.values()).count(StepState.UNDO_FAILED) == 1
    else:
        assert state is JobState.FAILED
        assert on_failure is OnFailure.HOLD
        assert "undo" not in directions
