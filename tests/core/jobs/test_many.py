"""With ten thousand jobs each costs what it cost with ten, and what is long over is forgotten bit by bit."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, text, update
from sqlmodel import col

from trunkline.app import App
from trunkline.jobs import retention, targets
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.sweeper import due_jobs, most_urgent
from trunkline.settings.core import CoreSettings

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]
MANY = 10_000


def rows(app: App, count: int, first: int = 1, **values: Any) -> list[dict[str, Any]]:
    made: Any = Job
    one = made(number="", kind="test", title="Test", unique_key="", run_at=app.clock(), **values)
    same = one.model_dump(exclude={"id"})
    return [{**same, "number": f"J{n:06}", "unique_key": f"k{n}"} for n in range(first, first + count)]


def plan(app: App, ask: Callable[[], object]) -> str:
    """How the database goes about the first statement on jobs that `ask` makes."""
    asked: list[tuple[str, Any]] = []

    def listen(
        connection: Connection, cursor: object, statement: str, parameters: Any, context: object, many: bool
    ) -> None:
        if "FROM core_job" in statement:
            asked.append((statement, parameters))

    event.listen(app.database.engine, "before_cursor_execute", listen)
    try:
        ask()
    finally:
        event.remove(app.database.engine, "before_cursor_execute", listen)
    statement, parameters = asked[0]
    word = "EXPLAIN QUERY PLAN" if app.database.is_sqlite else "EXPLAIN"
    with app.reading() as ctx:
        told = ctx.session.connection().exec_driver_sql(f"{word} {statement}", parameters)
        return "\n".join(" ".join(map(str, line)) for line in told)


@pytest.fixture
def crowded(app: App) -> App:
    """Ten thousand queued jobs that wait for one target, as many that are due, and more that are over."""
    with app.unit_of_work() as ctx:
        ctx.session.execute(
            insert(Job), rows(app, MANY // 2, 1, state=JobState.QUEUED, waits_for="element:olt")
        )
        ctx.session.execute(insert(Job), rows(app, MANY, MANY, state=JobState.QUEUED))
        ctx.session.execute(
            insert(Job), rows(app, MANY // 2, 3 * MANY, state=JobState.SUCCEEDED, finished_at=app.clock())
        )
    with app.unit_of_work() as ctx:
        ctx.session.execute(text("ANALYZE"))
    return app


def test_no_question_of_the_engine_grows_with_the_queue(crowded: App) -> None:
    with crowded.reading() as ctx:
        some = ctx.session.scalar(select(func.max(col(Job.id)))) or 0

    made: Any = JobStep
    step = made(target="element:olt", at_once=1)

    def pick() -> None:
        with crowded.reading() as ctx:
            most_urgent(ctx, some)

    def leave() -> None:
        with crowded.unit_of_work(keep=False) as ctx:
            targets.leave(ctx, step)

    def forget() -> None:
        with crowded.unit_of_work(keep=False) as ctx:
            retention.sweep(ctx)

    # Of what is over, two indexes begin with what ended first; either will do.
    for ask, index in (
        (lambda: due_jobs(crowded, 100), "ix_core_job_due"),
        (pick, "ix_core_job_due"),
        (leave, "ix_core_job_waits"),
        (forget, "ix_core_job_f"),
    ):
        told = plan(crowded, ask)
        assert index in told, told
        assert "Sort" not in told, told
        assert "TEMP B-TREE" not in told, told


def test_what_is_long_over_is_forgotten_in_small_batches_and_what_waits_for_a_person_is_kept(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "JOBS_AT_ONCE", 3)
    settings = CoreSettings.model_fields
    month_old, ages_old = (
        timedelta(days=settings[name].default + 1) for name in ("job_log_days", "job_days")
    )
    now = app.clock()
    with app.unit_of_work() as ctx:
        ctx.session.execute(
            insert(Job), rows(app, 4, 1, state=JobState.SUCCEEDED, finished_at=now - month_old)
        )
        ctx.session.execute(
            insert(Job), rows(app, 4, 11, state=JobState.CANCELLED, finished_at=now - ages_old)
        )
        ctx.session.execute(insert(Job), rows(app, 1, 21, state=JobState.FAILED, finished_at=now - ages_old))
        ctx.session.execute(insert(Job), rows(app, 1, 31, state=JobState.SUCCEEDED, finished_at=now))
        keys = ctx.session.scalars(select(col(Job.id))).all()
        made: Any = JobEvent
        ctx.session.add_all([made(job_id=key, text="line") for key in keys])

    def left() -> tuple[int, int]:
        with app.unit_of_work() as ctx:
            retention.sweep(ctx)
        with app.reading() as ctx:
            count = ctx.session.scalar
            return count(select(func.count(col(Job.id)))) or 0, count(
                select(func.count(col(JobEvent.id)))
            ) or 0

    assert left() == (7, 7), "three logs and their jobs, no more at a time"
    assert [left() for _again in range(5)][-1] == (6, 2)
    with app.reading() as ctx:
        kept = ctx.session.execute(select(col(Job.number), col(Job.has_log)).order_by(col(Job.id))).all()
    assert [(number, log) for number, log in kept if log] == [("J000021", True), ("J000031", True)]
    with app.unit_of_work() as ctx:
        ctx.session.execute(update(Job).values(state=JobState.ROLLED_BACK))
    left()
    assert left()[0] == 5
