"""What waited and what was done in the last day: noted minute by minute, drawn on the system page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.jobs import load, load_charts
from trunkline.jobs.load import LoadSample
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.sweeper import run_scheduled
from trunkline.operation import SYSTEM
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 11, 23, 12, 7, 30, tzinfo=UTC))


def _ask_for_jobs(app: App, count: int) -> None:
    with app.unit_of_work() as ctx:
        for at in range(count):
            steps = [PlannedStep("core.locate")]
            enqueue(ctx, kind="core.geocoding", title="Look", steps=steps, key=f"{ctx.now()}:{at}")


def _note(app: App) -> None:
    with app.unit_of_work(SYSTEM) as ctx:
        load.note(ctx)


def _drawn(app: App) -> dict[str, list[int | float | None]]:
    """The figures of the last hour, by series."""
    with app.reading() as ctx:
        charts = load_charts.waiting(*load_charts.samples(ctx)), load_charts.done(*load_charts.samples(ctx))
        return {one.key: list(one.values)[-4:] for chart in charts for one in chart.series}


@pytest.mark.both_databases
def test_the_most_that_waited_and_all_that_was_done_stand_at_their_quarter_of_an_hour(
    app: App, clock: StandingClock
) -> None:
    _ask_for_jobs(app, 3)
    _note(app)
    clock.pass_time(minutes=1)
    work_until_idle(app)
    clock.pass_time(minutes=1)
    _note(app)
    assert _drawn(app)["jobs"] == [None, None, None, 3]
    clock.pass_time(minutes=15)
    _ask_for_jobs(app, 1)
    _note(app)
    drawn = _drawn(app)
    assert drawn["jobs"] == [None, None, 3, 1]
    assert sum(drawn["succeeded"]) + sum(drawn["failed"]) == 3  # type: ignore[arg-type]  # a sum has no gaps


@pytest.mark.both_databases
def test_a_minute_is_noted_once_and_forgotten_after_two_days(app: App, clock: StandingClock) -> None:
    for seconds in (0, 10, 50):
        clock.pass_time(seconds=seconds)
        _note(app)
    assert _rows(app) == [
        datetime(2026, 11, 23, 12, 7, tzinfo=UTC),
        datetime(2026, 11, 23, 12, 8, tzinfo=UTC),
    ]
    clock.pass_time(hours=48)
    _note(app)
    assert _rows(app) == [
        datetime(2026, 11, 23, 12, 8, tzinfo=UTC),
        datetime(2026, 11, 25, 12, 8, tzinfo=UTC),
    ]
    clock.pass_time(minutes=1)
    _note(app)
    assert len(_rows(app)) == 2


def _rows(app: App) -> list[datetime]:
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(col(LoadSample.at)).order_by(col(LoadSample.at))))


def test_the_worker_notes_it_each_minute(app: App, clock: StandingClock) -> None:
    for _minute in range(3):
        run_scheduled(app)
        run_scheduled(app)
        clock.pass_time(minutes=1)
    with app.reading() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(LoadSample)) == 3


def test_the_system_page_draws_it_and_files_and_rest_say_the_same(
    app: App, clock: StandingClock, staff: Staff, make_client: Callable[[], Browser]
) -> None:
    browser = staff("supervisor")
    assert "no worker has run long enough to say" in browser.get("/system").text
    _ask_for_jobs(app, 2)
    _note(app)
    assert 'id="load-waiting"' in browser.get("/system").text
    last = browser.get("/system/load/waiting.csv").text.strip().splitlines()[-1]
    assert last.startswith("2026-11-23T12:00Z,2,")
    create_user(app, "api@example.com", "auditor")
    api = make_client()
    token = api.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD}).json()
    api.headers["Authorization"] = f"Bearer {token['access_token']}"
    told = api.get("/api/v1/system/load/waiting").json()
    assert (told["points"][-1]["key"], told["series"][0]["values"][-1]) == ("2026-11-23T12:00Z", 2)
    assert len(api.get("/api/v1/system/load/done").json()["points"]) == 96
    assert staff("cashier").get("/system/load/done.csv").status_code == 403
    # Who reads it a day later sees an empty day.
    clock.moment += timedelta(days=1, minutes=15)
    assert "no worker has run long enough to say" in staff("supervisor").get("/system").text
