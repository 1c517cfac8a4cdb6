"""A plan is checked when it is made, shown before it runs, and looked at without changing anything."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.app import App
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.operations import register
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs import PlannedStep, StepContext, StepFailed, enqueue
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.plans import Foreseen, plan_of
from trunkline.jobs.rehearsal import dry_run
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()


class Port(BaseModel):
    """Inputs and outputs of the steps here."""

    port: int


@dataclass
class Olt:
    """A far end whose ports are set up."""

    ports: set[int] = field(default_factory=set)
    #: Takes orders and does not follow them.
    deaf: bool = False

    def do(self, step: StepContext) -> dict[str, Any]:
        if not self.deaf:
            self.ports.add(step.inputs.port)
        return {"port": step.inputs.port}

    def undo(self, step: StepContext) -> None:
        self.ports.discard(step.inputs.port)

    def verify(self, step: StepContext) -> None:
        if step.outputs["port"] not in self.ports:
            raise StepFailed("The port is not there.")

    def rehearse(self, step: StepContext) -> None:
        if step.inputs.port > 64:
            raise StepFailed("There is no such port.")
        step.log(f"port {step.inputs.port} would be set up", "info")

    def check(self, ctx: Context, inputs: Port) -> None:
        if inputs.port == 13:
            raise Refused("The password of the element is missing.", field="port")


def add_customer(step: StepContext) -> None:
    register(step.ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Maria"))


@pytest.fixture
def olt(app: App) -> Olt:
    olt = Olt()
    kind = StepKind(
        "test.port",
        "Set up the port",
        olt.do,
        olt.undo,
        inputs=Port,
        outputs=Port,
        verify=olt.verify,
        rehearse=olt.rehearse,
        check=olt.check,
    )
    for one in (
        kind,
        StepKind("test.blind", "Press the button", lambda step: None, olt.undo),
        StepKind("test.record", "Record it", add_customer, lambda step: None, transactional=True),
    ):
        app.step_kinds[one.name] = one
    return olt


def port(number: int = 5, **more: Any) -> PlannedStep:
    return PlannedStep("test.port", inputs={"port": number}, **more)


def queue(app: App, *steps: PlannedStep, later: bool = False) -> str:
    run_at = app.clock() + timedelta(days=1) if later else None
    with app.unit_of_work() as ctx:
        return enqueue(
            ctx, kind="test", title="Port", steps=steps, key=repr(steps)[:150], run_at=run_at
        ).number


def job(app: App, number: str) -> Job:
    with app.reading() as ctx:
        return ctx.session.scalars(select(Job).where(Job.number == number)).one()


def log(app: App, number: str) -> list[str]:
    with app.reading() as ctx:
        of_job = select(JobEvent.text).where(JobEvent.job_id == job(app, number).key)
        return list(ctx.session.scalars(of_job.order_by(col(JobEvent.id))))


@pytest.mark.parametrize(("steps", "words"), [
    ([PlannedStep("test.port", inputs={"port": "x"})], "“Set up the port” cannot be planned with these inputs: port:"),
    ([PlannedStep("test.port")], "port: Field required"),
    ([port(13)], "password of the element is missing"),
    ([port(name="a", after=("b",)), port(name="b", after=("c",)), port(name="c", after=("a",))], "circle: a → b → c → a"),
    ([port(name="a", after=("z",))], "a comes after z, which the plan does not have"),
])  # fmt: skip
def test_what_is_wrong_with_a_plan_is_said_when_it_is_made(
    app: App, olt: Olt, steps: list[PlannedStep], words: str
) -> None:
    with pytest.raises(Refused) as refused:
        queue(app, *steps)
    assert words in str(refused.value)
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Job)).all() == [], "nothing is half done"


def test_a_step_without_an_undo_that_does_not_say_so_is_refused(app: App, olt: Olt) -> None:
    app.step_kinds["test.blind"] = replace(app.step_kinds["test.blind"], undo=None)
    with pytest.raises(Refused, match="has no undo"):
        queue(app, PlannedStep("test.blind"))


def test_steps_come_after_those_that_they_name(app: App, olt: Olt) -> None:
    number = queue(app, port(name="last", after=("first",)), port(name="middle"), port(name="first"))
    with app.reading() as ctx:
        assert [step.name for step in plan_of(ctx, job(app, number))] == ["middle", "first", "last"]


def test_what_a_step_hands_over_must_be_as_it_promised(app: App, olt: Olt) -> None:
    app.step_kinds["test.port"] = replace(app.step_kinds["test.port"], do=lambda step: {"prot": 5})
    number = queue(app, port())
    work_until_idle(app)
    assert job(app, number).state == JobState.ROLLED_BACK
    assert "not as it must be: port: Field required" in job(app, number).error


def test_an_effect_that_is_not_there_afterwards_fails_the_step(app: App, olt: Olt) -> None:
    olt.deaf = True
    number = queue(app, port())
    work_until_idle(app)
    assert (job(app, number).state, job(app, number).error) == (
        JobState.ROLLED_BACK,
        "Set up the port: The port is not there.",
    )


def test_a_secret_reaches_neither_errors_nor_outputs(app: App, olt: Olt) -> None:
    def do(step: StepContext) -> dict[str, Any]:
        step.redact("s3cr3t")
        if not step.outputs and step.name == "bad":
            raise ValueError("refused s3cr3t")
        return {"port": 5, "word": "s3cr3t"}

    app.step_kinds["test.blind"] = replace(app.step_kinds["test.blind"], do=do)
    number = queue(app, PlannedStep("test.blind", name="good"), PlannedStep("test.blind", name="bad"))
    work_until_idle(app)
    with app.reading() as ctx:
        steps = ctx.session.scalars(select(JobStep)).all()
        events = ctx.session.scalars(select(JobEvent)).all()
        kept = [job(app, number).error, *(f"{s.outputs} {s.error}" for s in steps)]
        kept += [f"{e.text} {e.data}" for e in events]
    assert any("refused •••" in text for text in kept)
    assert not any("s3cr3t" in text for text in kept)


def test_a_plan_says_who_does_what_and_what_can_be_known_before(app: App, olt: Olt) -> None:
    words = _("Port {port} is switched on", port=5)
    number = queue(app, port(changes=[words], target="element:olt", at_once=1), PlannedStep("test.blind"))
    with app.reading() as ctx:
        first, second = plan_of(ctx, job(app, number))
    assert (first.changes, first.undone, first.target) == (["Port 5 is switched on"], True, "element:olt")
    assert (first.foreseen, second.foreseen) == (Foreseen.ASKED, Foreseen.UNKNOWN)


@pytest.mark.both_databases
def test_a_dry_run_tells_what_would_happen_and_changes_nothing(app: App, olt: Olt) -> None:
    number = queue(app, port(), PlannedStep("test.blind"), PlannedStep("test.record"), later=True)
    with app.unit_of_work() as ctx:
        looking = dry_run(ctx, number).number
    work_until_idle(app)
    told = log(app, looking)
    assert "port 5 would be set up" in told
    assert any("Cannot be known before" in line for line in told)
    assert any(line.startswith("core_customer created:") and "Maria" in line for line in told)
    assert job(app, looking).state == JobState.SUCCEEDED
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Customer)).all() == []
    assert olt.ports == set()
    assert job(app, number).state == JobState.QUEUED


def test_a_dry_run_names_the_step_that_would_fail(app: App, olt: Olt) -> None:
    number = queue(app, port(99), later=True)
    with app.unit_of_work() as ctx:
        looking = dry_run(ctx, number).number
    work_until_idle(app)
    assert "The job would fail here: There is no such port." in log(app, looking)
    assert job(app, looking).state == JobState.SUCCEEDED
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="nothing to look at"):
        dry_run(ctx, looking)


def test_the_plan_is_on_a_page_and_the_dry_run_a_button_away(app: App, olt: Olt, client: Browser) -> None:
    number = queue(app, port(changes=["Port 5 is switched on"]), later=True)
    create_user(app, "eng@example.com", "provisioning_engineer")
    client.sign_in("eng@example.com", PASSWORD)
    assert "Port 5 is switched on" in client.get(f"/jobs/{number}").text
    page = client.get(f"/jobs/{number}/plan").text
    assert "A dry run asks the far end and changes nothing" in page
    answer = client.submit(f"/jobs/{number}/dry-run", page=f"/jobs/{number}/plan")
    assert "Dry run: Port" in answer.text


def test_a_dry_run_calls_what_it_tried_inside_by_its_label(app: App, olt: Olt, client: Browser) -> None:
    number = queue(app, PlannedStep("test.record", label="Keep the customer"), later=True)
    with app.unit_of_work() as ctx:
        looking = dry_run(ctx, number).number
    work_until_idle(app)
    create_user(app, "eng@example.com", "provisioning_engineer")
    client.sign_in("eng@example.com", PASSWORD)
    steps = client.get(f"/jobs/{looking}").text.partition('id="job-steps"')[2].partition("</ol>")[0]
    assert "Keep the customer: Would work" in steps
    assert "test.record" not in steps
