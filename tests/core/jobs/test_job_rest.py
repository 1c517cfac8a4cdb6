"""Jobs over REST: lists, one job with its steps, its log, and what may be done about it."""

from typing import Any

import pytest

from trunkline.app import App
from trunkline.jobs import PlannedStep, StepContext, StepFailed, enqueue
from trunkline.jobs.models import OnFailure
from trunkline.jobs.renewing import Newer, Renewed
from trunkline.plugin import StepKind
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()


@pytest.fixture
def api(app: App, client: Browser) -> Browser:
    """A program signed in as an administrator."""
    create_user(app, "api@example.com", "administrator")
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def queue(app: App, key: str, *, fails: bool = False, on_failure: OnFailure = OnFailure.UNDO) -> str:
    def do(step: StepContext) -> dict[str, Any]:
        if fails:
            raise StepFailed("the device answered 409")
        return {"serial": "FW-0093"}

    app.step_kinds["core.only"] = StepKind("core.only", "Apply", do, lambda step: None)
    with app.unit_of_work() as ctx:
        steps = [PlannedStep("core.only")]
        return enqueue(ctx, kind="core.sample", title=key, steps=steps, key=key, on_failure=on_failure).number


def test_a_job_is_read_with_its_steps_and_its_log(app: App, api: Browser) -> None:
    number = queue(app, "one")
    work_until_idle(app)
    job = api.get(f"/api/v1/jobs/{number}").json()
    assert (job["state"], job["steps"][0]["state"]) == ("succeeded", "done")
    assert job["steps"][0]["outputs"] == {"serial": "FW-0093"}
    lines = api.get(f"/api/v1/jobs/{number}/log").json()
    assert lines[0]["text"].startswith("Queued by")
    rest = api.get(f"/api/v1/jobs/{number}/log", params={"after": lines[-2]["id"]}).json()
    assert rest == lines[-1:]


def test_the_list_is_filtered_by_state_and_kind(app: App, api: Browser) -> None:
    queue(app, "done")
    work_until_idle(app)
    waiting = queue(app, "waiting")
    listed = api.get("/api/v1/jobs", params={"state": "queued", "kind": "core.sample"}).json()
    assert [item["number"] for item in listed["items"]] == [waiting]
    assert (listed["total"], listed["items"][0]["steps"]) == (1, 1)
    wrong = api.get("/api/v1/jobs", params={"state": "asleep"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "state"


def test_a_held_job_is_retried_or_undone(app: App, api: Browser) -> None:
    number = queue(app, "held", fails=True, on_failure=OnFailure.HOLD)
    work_until_idle(app)
    assert api.get(f"/api/v1/jobs/{number}").json()["error"] == "Apply: the device answered 409"
    answer = api.post(f"/api/v1/jobs/{number}/roll-back")
    assert (answer.status_code, answer.json()["state"]) == (202, "rolling_back")
    work_until_idle(app)
    refused = api.post(f"/api/v1/jobs/{number}/retry")
    assert refused.status_code == 422
    assert "rolled back" in refused.json()["detail"]
    wrong = api.post(f"/api/v1/jobs/{number}/retry", json={"use": "older"})
    assert wrong.json()["errors"][0]["field"] == "use"


def held_and_mended(app: App) -> str:
    """A job that holds with the version it was planned with, and would go well with the newest."""

    def do(step: StepContext) -> None:
        if step.inputs["version"] == 1:
            raise StepFailed("the device answered 409")

    newest = Renewed(PlannedStep("core.kept", inputs={"version": 2}), Newer(1, 2))
    app.step_kinds["core.kept"] = StepKind(
        "core.kept", "Apply", do, lambda step: None, renew=lambda ctx, inputs: newest
    )
    with app.unit_of_work() as ctx:
        steps = [PlannedStep("core.kept", inputs={"version": 1})]
        number = enqueue(
            ctx, kind="core.sample", title="Mended", steps=steps, key="mended", on_failure=OnFailure.HOLD
        ).number
    work_until_idle(app)
    return number


def test_a_held_job_is_retried_with_the_newest_version(app: App, api: Browser) -> None:
    number = held_and_mended(app)
    answer = api.post(f"/api/v1/jobs/{number}/retry", json={"use": "newest", "reason": "mended"})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    work_until_idle(app)
    assert api.get(f"/api/v1/jobs/{number}").json()["state"] == "succeeded"
    log = [line["text"] for line in api.get(f"/api/v1/jobs/{number}/log").json()]
    assert "Apply: with version 2, in place of 1 as planned." in log


def test_an_unknown_job_and_a_stranger_are_told_so(app: App, api: Browser, make_client: Any) -> None:
    assert api.get("/api/v1/jobs/J999999").status_code == 404
    assert make_client().get("/api/v1/jobs").status_code == 401
