"""Jobs as people and programs see them: list, page, stream, log, and what may be done about them."""

import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from sqlmodel import col, select

from tests.core.jobs.test_job_rest import held_and_mended
from tests.core.lists.bulk import begin
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers.models import CustomerKind
from trunkline.customers.operations import register
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Forbidden
from trunkline.jobs import PlannedStep, StepContext, StepFailed, bell, enqueue, feed
from trunkline.jobs.feed import JobFeed
from trunkline.jobs.models import Job, JobEvent, JobState, OnFailure
from trunkline.plugin import StepKind
from trunkline.testing import Browser, work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]

Staff = Callable[..., Browser]


@pytest.fixture
def plan(app: App) -> Callable[..., str]:
    """Queues a job of two steps, of which the second fails when told to; returns its number."""
    faults: dict[str, bool] = {"do": False, "undo": False}

    def first(step: StepContext) -> dict[str, Any]:
        step.log("the first step says <b>something</b>", "warn")
        return {"serial": "FW-0093"}

    def undo_first(step: StepContext) -> None:
        if faults["undo"]:
            raise StepFailed("the device is locked")

    def second(step: StepContext) -> None:
        if faults["do"]:
            raise StepFailed("the device answered 409")

    app.step_kinds["core.first"] = StepKind("core.first", "Reserve", first, undo_first)
    app.step_kinds["core.second"] = StepKind("core.second", "Apply", second, lambda step: None)

    def queue(key: str = "one", *, customer: int | None = None, **wrong: Any) -> str:
        faults.update(do=wrong.get("do", False), undo=wrong.get("undo", False))
        with app.unit_of_work() as ctx:
            job = enqueue(
                ctx,
                kind="core.sample",
                title=f"Sample {key}",
                steps=[PlannedStep("core.first", target="switch-1"), PlannedStep("core.second")],
                key=key,
                customer_id=customer,
                on_failure=wrong.get("on_failure", OnFailure.UNDO),
            )
            return job.number

    return queue


def make_customer(app: App, name: str = "Padaria Estrela") -> tuple[int, str]:
    with app.unit_of_work() as ctx:
        customer = register(ctx, RegisterCustomer(kind=CustomerKind.BUSINESS, name=name))
        return customer.key, customer.number


def test_the_list_finds_jobs_by_state_and_customer(app: App, staff: Staff, plan: Callable[..., str]) -> None:
    key, number = make_customer(app)
    plan("wanted", customer=key)
    work_until_idle(app)
    plan("waiting")
    client = staff()
    assert "Sample wanted" in client.get("/jobs").text
    waiting = client.get("/jobs?view=queued").text
    assert "Sample waiting" in waiting
    assert "Sample wanted" not in waiting
    of_customer = client.get(f"/jobs?customer={number}").text
    assert "Sample wanted" in of_customer
    assert "Sample waiting" not in of_customer
    assert "Sample wanted" in client.get("/jobs?q=padaria").text
    assert "Sample wanted" in client.get("/jobs?target=switch-1").text
    assert "Sample wanted" not in client.get("/jobs?target=switch-2").text


def test_who_asks_for_a_kind_among_all_jobs_finds_those_that_the_view_leaves_out(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    plan("by the clock")
    work_until_idle(app)
    client = staff()
    assert "Sample by the clock" not in client.get("/jobs").text
    assert "Sample by the clock" in client.get("/jobs?kind=core.sample").text
    assert "Sample by the clock" not in client.get("/jobs?view=queued&kind=core.sample").text


def test_the_page_shows_steps_beside_the_log_and_escapes_what_they_say(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    number = plan()
    work_until_idle(app)
    page = staff().get(f"/jobs/{number}").text
    assert "2 of 2 done" in page
    assert "Reserve" in page
    assert "serial FW-0093" in page
    assert "the first step says &lt;b&gt;something&lt;/b&gt;" in page
    assert "sse-connect" not in page


def test_a_job_that_is_not_over_is_followed_from_the_last_line_shown(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    number = plan()
    with app.reading() as ctx:
        last = max(ctx.session.scalars(select(JobEvent.id)))
    page = staff().get(f"/jobs/{number}").text
    assert f'sse-connect="/jobs/{number}/events?after={last}"' in page
    assert f'hx-get="/jobs/{number}/status"' in page


def test_the_stream_brings_every_line_once_and_says_when_it_is_over(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    number = plan()
    work_until_idle(app)
    client = staff()
    answer = client.get(f"/jobs/{number}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    with app.reading() as ctx:
        keys = [str(key) for key in ctx.session.scalars(select(JobEvent.id).order_by(col(JobEvent.id)))]
    sent = [line.removeprefix("id: ") for line in answer.text.splitlines() if line.startswith("id: ")]
    assert sent == keys
    assert answer.text.rstrip().endswith("event: done\ndata: over")
    resumed = client.get(f"/jobs/{number}/events", headers={"Last-Event-ID": keys[-2]})
    assert [line for line in resumed.text.splitlines() if line.startswith("id: ")] == [f"id: {keys[-1]}"]


def heard_of(app: App, number: str, listeners: int) -> list[str]:
    """The lines that reach so many listeners of the job while it is worked on."""
    with app.reading() as ctx:
        key = ctx.session.scalars(select(Job).where(Job.number == number)).one().key
    texts: list[str] = []
    jobs = JobFeed(app)

    async def listen() -> None:
        async for news in jobs.follow(key, 0):
            texts.extend(line["text"] for line in news.lines)

    async def listen_while_work_is_done() -> None:
        with anyio.fail_after(90):
            async with anyio.create_task_group() as group:
                for _ in range(listeners):
                    group.start_soon(listen)
                await anyio.sleep(0.5)
                await anyio.to_thread.run_sync(work_until_idle, app)

    # In a thread of its own, because the browser tests leave a running loop in this one.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(anyio.run, listen_while_work_is_done).result()
    return texts


def written(app: App) -> list[str]:
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(JobEvent.text).order_by(col(JobEvent.id))))


def test_listeners_get_lines_written_while_they_listen(app: App, plan: Callable[..., str]) -> None:
    assert sorted(heard_of(app, plan(), 2)) == sorted(written(app) * 2)


def test_a_page_waits_for_no_look_while_the_worker_is_on_its_machine(
    app: App, plan: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(feed, "LOOK_SECONDS", 3600)
    number = plan()
    bells = app.config.data / bell.FOLDER
    bells.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as killed:
        killed.bind("bell-of-a-killed-process")
    Path("bell-of-a-killed-process").rename(bells / "killed")
    assert heard_of(app, number, 1) == written(app)
    assert not bell.is_heard(app.config.data)


def test_the_log_is_searched_and_narrowed_to_problems_without_a_script(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    number = plan(do=True)
    work_until_idle(app)
    client = staff()
    assert (
        "Reserve: started."
        not in client.get(f"/jobs/{number}?q=ANSWERED+409").text.partition('id="job-log"')[2]
    )
    problems = client.get(f"/jobs/{number}?only=problems").text.partition('id="job-log"')[2]
    assert "the device answered 409" in problems
    assert "Reserve: started." not in problems
    assert ">Problems " in client.get(f"/jobs/{number}").text


def test_a_job_that_ended_without_a_problem_says_so_in_place_of_narrowing_to_none(
    app: App, staff: Staff
) -> None:
    app.step_kinds["core.quiet"] = StepKind("core.quiet", "Say nothing", lambda step: None, lambda step: None)
    with app.unit_of_work() as ctx:
        number = enqueue(ctx, kind="test", title="Quiet", steps=[PlannedStep("core.quiet")], key="q").number
    client = staff()
    assert ">No problems<" not in client.get(f"/jobs/{number}").text, "some may come yet"
    work_until_idle(app)
    assert ">No problems<" in client.get(f"/jobs/{number}").text


def test_a_job_says_how_long_its_work_takes_as_a_rule(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    for key in ("a", "b", "c"):
        number = plan(key)
        work_until_idle(app)
    with app.unit_of_work() as ctx:
        for job, seconds in zip(ctx.session.scalars(select(Job)), (40, 90, 10), strict=True):
            assert job.started_at is not None
            job.finished_at = job.started_at + timedelta(seconds=seconds)
    client = staff()
    assert "as a rule" not in client.get(f"/jobs/{number}").text
    later = plan("d")
    page = client.get(f"/jobs/{later}").text
    assert "Not begun" in page
    work_until_idle(app)
    assert "about 40\N{NO-BREAK SPACE}s as a rule" in client.get(f"/jobs/{later}").text


def test_what_is_asked_says_what_is_undone_and_is_a_page_without_a_script(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    number = plan("held", do=True, on_failure=OnFailure.HOLD)
    work_until_idle(app)
    client = staff()
    page = client.get(f"/jobs/{number}/roll-back").text
    order = page[page.index("These steps are undone") :]
    assert order.index("Apply") < order.index("Reserve")
    part = client.get(f"/jobs/{number}/retry", headers={"HX-Request": "true"}).text
    assert "<main" not in part
    assert f'action="/jobs/{number}/retry"' in part
    client.submit(f"/jobs/{number}/roll-back")
    work_until_idle(app)
    assert "is undone by now" in client.get(f"/jobs/{number}/cancel").text


def test_the_raw_log_is_text_with_every_line(app: App, staff: Staff, plan: Callable[..., str]) -> None:
    number = plan()
    work_until_idle(app)
    answer = staff().get(f"/jobs/{number}/log.txt")
    assert f'filename="{number}.txt"' in answer.headers["content-disposition"]
    assert "warn  [1] the first step says <b>something</b>" in answer.text


def test_a_failed_job_tells_on_the_customers_page_and_waits_for_a_person(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    key, customer = make_customer(app)
    number = plan("held", customer=key, do=True, on_failure=OnFailure.HOLD)
    work_until_idle(app)
    client = staff()
    page = client.get(f"/jobs/{number}").text
    assert "the device answered 409" in page
    assert f"/jobs/{number}/retry" in page
    assert f"/jobs/{number}/roll-back" in page
    assert "Sample held" in client.get("/jobs?view=attention").text
    shown = client.get(f"/customers/{customer}").text
    assert "Sample held: a person has to act." in shown
    assert f'href="/jobs/{number}"' in shown


def test_cancel_retry_and_roll_back_work_from_the_page(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    client = staff()
    waiting = plan("waiting")
    client.submit(f"/jobs/{waiting}/cancel", page=f"/jobs/{waiting}")
    assert state_of(app, waiting) == JobState.CANCELLED
    held = plan("held", do=True, on_failure=OnFailure.HOLD)
    work_until_idle(app)
    client.submit(f"/jobs/{held}/roll-back", page=f"/jobs/{held}")
    work_until_idle(app)
    assert state_of(app, held) == JobState.ROLLED_BACK


def test_a_failed_roll_back_is_settled_only_with_a_reason(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    number = plan("stuck", do=True, undo=True)
    work_until_idle(app)
    assert state_of(app, number) == JobState.ROLLBACK_FAILED
    client = staff()
    refused = client.submit(f"/jobs/{number}/settle", {"reason": ""})
    assert refused.status_code == 422
    assert state_of(app, number) == JobState.ROLLBACK_FAILED
    client.submit(f"/jobs/{number}/settle", {"reason": "Port freed by hand on the switch"})
    assert state_of(app, number) == JobState.ROLLED_BACK
    assert "Port freed by hand on the switch" in client.get(f"/jobs/{number}").text
    assert "The job failed, and a person has put it right." in client.get(f"/jobs/{number}").text


@pytest.mark.parametrize("how", ["done", "skip", "retry"])
def test_each_step_of_a_failed_roll_back_is_decided_in_the_queue_with_a_reason(
    app: App, staff: Staff, plan: Callable[..., str], how: str
) -> None:
    number = plan("stuck", do=True, undo=True)
    work_until_idle(app)
    client = staff()
    assert "Roll-backs that failed" in client.get("/").text
    queue = client.get("/jobs/undecided").text
    assert "the device is locked" in queue
    path = f"/jobs/{number}/steps/1/{how}"
    assert path in queue
    assert path in client.get(f"/jobs/{number}").text
    assert client.submit(path, {"reason": " "}).status_code == 422
    assert state_of(app, number) == JobState.ROLLBACK_FAILED
    plan("other")  # and the device is not locked any more
    client.submit(path, {"reason": "Unlocked at the cabinet"})
    work_until_idle(app)
    assert state_of(app, number) == JobState.ROLLED_BACK
    with app.reading() as ctx:
        said = ctx.session.scalars(select(ActivityEntry.details)).all()
    assert any("Unlocked at the cabinet" in str(details) for details in said)
    assert "Every roll-back came to its end" in client.get("/jobs/undecided").text
    assert "is undone by now" in client.get(path).text


def test_who_may_only_look_sees_no_buttons_and_cannot_post(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    number = plan()
    client = staff("auditor")
    page = client.get(f"/jobs/{number}")
    assert page.status_code == 200
    assert f"/jobs/{number}/cancel" not in page.text
    assert client.submit(f"/jobs/{number}/cancel", page="/").status_code == Forbidden.status
    assert state_of(app, number) == JobState.QUEUED


def test_an_unknown_job_is_not_found(staff: Staff) -> None:
    client = staff()
    for path in ("/jobs/J999999", "/jobs/J999999/events", "/jobs/J999999/status", "/jobs/J999999/log.txt"):
        assert client.get(path).status_code == 404, path


def test_many_jobs_are_retried_at_once_and_each_says_what_became_of_it(
    app: App, staff: Staff, plan: Callable[..., str]
) -> None:
    held = plan("held", do=True, on_failure=OnFailure.HOLD)
    work_until_idle(app)
    with app.reading() as ctx:
        key = ctx.session.scalars(select(Job.id).where(Job.number == held)).one()
    client = staff()
    assert "Sample held" in client.get("/jobs?view=failed_today").text
    done = plan("done")
    work_until_idle(app)
    with app.reading() as ctx:
        other = ctx.session.scalars(select(Job.id).where(Job.number == done)).one()
    asked = client.submit("/lists/jobs/do/core.job_retry", {"ids": [str(key), str(other)]}, page="/jobs")
    picked = re.search(r'name="picked" value="([^"]*)"', asked.text)
    assert picked is not None
    begun = client.submit("/lists/jobs/do/core.job_retry/begin", {"picked": picked[1]}, page="/jobs")
    work_until_idle(app)
    assert "there is nothing to retry" in client.get(str(begun.url)).text
    assert state_of(app, held) == JobState.SUCCEEDED


@pytest.mark.parametrize(("use", "state"), [("planned", JobState.FAILED), ("newest", JobState.SUCCEEDED)])
def test_many_are_retried_as_planned_or_with_the_newest_version(
    app: App, staff: Staff, use: str, state: JobState
) -> None:
    held = held_and_mended(app)
    with app.reading() as ctx:
        key = ctx.session.scalars(select(Job.id).where(Job.number == held)).one()
    begin(staff(), "/jobs", "jobs", "core.job_retry", [key], use=use, reason="mended")
    work_until_idle(app)
    assert state_of(app, held) == state


def state_of(app: App, number: str) -> JobState:
    with app.reading() as ctx:
        return JobState(ctx.session.scalars(select(Job).where(Job.number == number)).one().state)
