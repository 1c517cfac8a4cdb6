"""One change on many services: looked at first, then a few, then the rest, and never one twice."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from trunkline.app import App
from trunkline.auth.models import User
from trunkline.clock import utc_now
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Refused, WaitsForSecondPerson
from trunkline.jobs.models import JobStep
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.mail.models import Email
from trunkline.operation import Actor, ActorKind, Context
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogOrderLine
from trunkline_catalog.schemas import (
    ChangeService,
    CreateProduct,
    LineStep,
    OrderLineView,
    Parameter,
    RecordExistingService,
    ServiceKind,
    UpdateProduct,
)
from trunkline_provisioning import checking, elements, syntax_check
from trunkline_provisioning.rollouts import doing, driving, operations
from trunkline_provisioning.rollouts import queries as rollouts
from trunkline_provisioning.rollouts.models import ProvisioningRolloutRow
from trunkline_provisioning.rollouts.schemas import PrepareRollout, RolloutView, RolloutWish

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

Staff = Callable[..., Browser]
SERVICES = [f"S{n:06d}" for n in range(1, 15)]


@pytest.fixture
def network(app: App, staff: Staff) -> SimpleNamespace:
    """Fourteen services with a speed each; `refuses` names those whose change the network does not take, `touched` the rest."""
    world = SimpleNamespace(refuses=set(), touched=list[str](), app=app, actor=None)

    def touch(step: StepContext) -> None:
        with step.app.reading() as ctx:
            number = queries.line(ctx, step.inputs["line_id"]).service_number
        if number in world.refuses:
            raise StepFailed("The element says no.")
        world.touched.append(number)

    class Network:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: OrderLineView) -> list[LineStep]:
            return [LineStep(50, PlannedStep("network.touch", inputs={"line_id": line.id}))]

    app.step_kinds["network.touch"] = StepKind("network.touch", "Touch", touch, lambda step: None)
    app.hooks.manager.register(Network, "network")
    asked = Parameter(name="speed", label="Speed", ask=True)
    product = CreateProduct(
        code="fibre", name="Fibre", service_kind=ServiceKind.OTHER, currency="BRL", parameters=(asked,)
    )
    staff("provisioning_engineer", "supervisor")
    with app.unit_of_work() as ctx:
        customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prates"))
        catalog.create_product(ctx, product)
        since = utc_now() - timedelta(days=1)
        one = RecordExistingService(
            customer_number="C000001", product_code="fibre", activated_at=since, parameters={"speed": "slow"}
        )
        catalog.record_existing_services(ctx, [one] * len(SERVICES))
        user = ctx.session.scalars(select(User).order_by(col(User.id).desc()).limit(1)).one()
        world.actor = Actor(ActorKind.STAFF, user.key, user.name, None)
    return world


def prepare(world: SimpleNamespace, services: list[str] = SERVICES, **limits: object) -> RolloutView:
    wish = {"action": "change", "change": "parameters", "parameters": {"speed": "fast"}}
    command = PrepareRollout.model_validate({"wish": wish, "limits": limits, "services": services})
    with world.app.unit_of_work(world.actor) as ctx:
        return operations.prepare(ctx, command)


def do(world: SimpleNamespace, act: Callable[..., object], number: str = "RO000001") -> RolloutView:
    with world.app.unit_of_work(world.actor) as ctx:
        act(ctx, number)
    work_until_idle(world.app)
    return now(world, number)


def now(world: SimpleNamespace, number: str = "RO000001") -> RolloutView:
    with world.app.reading() as ctx:
        return rollouts.view(rollouts.get(ctx, number))


def orders(app: App) -> int:
    """Changes that were ordered."""
    with app.reading() as ctx:
        wanted = select(func.count()).where(col(CatalogOrderLine.action) == "change")
        return ctx.session.scalar(wanted) or 0


@pytest.mark.both_databases
def test_a_few_go_first_and_the_rest_after_a_person_says_so(network: SimpleNamespace) -> None:
    with network.app.unit_of_work() as ctx:
        catalog.change_service(ctx, "S000002", catalog_change("fast"))
    work_until_idle(network.app)
    network.touched.clear()
    looked = prepare(network, [*SERVICES, "S000001", "S999999"], canary=3, at_once=4)
    assert (looked.total, looked.excluded, looked.state, network.touched) == (16, 3, "draft", [])
    with network.app.reading() as ctx:
        reasons = {
            row.service: row.message
            for row in ctx.session.scalars(
                select(ProvisioningRolloutRow).where(col(ProvisioningRolloutRow.state) == "excluded")
            )
        }
    assert reasons == {
        "S000001": "It is named twice.",
        "S000002": "It is so already.",
        "S999999": "There is no such service.",
    }
    paused = do(network, operations.start)
    assert (paused.state, paused.paused_why, paused.done) == ("paused", "The first 3 went well.", 3)
    assert sorted(network.touched) == ["S000001", "S000003", "S000004"]
    ended = do(network, operations.go_on)
    assert (ended.state, ended.done, ended.failed, ended.running) == ("done", 13, 0, 0)
    assert sorted(network.touched) == [number for number in SERVICES if number != "S000002"]
    with network.app.reading() as ctx:
        assert queries.service(ctx, "S000014").parameters == {"speed": "fast"}
        placed_by = {
            line.order_number: queries.order(ctx, line.order_number).placed_by for line in lines(ctx)
        }
    assert set(placed_by.values()) == {network.actor.name, "system"}


def lines(ctx: Context) -> list[OrderLineView]:
    return [
        line
        for number in SERVICES
        for line in queries.lines_of_service(ctx, queries.service(ctx, number).id)
        if line.action == "change"
    ]


def catalog_change(speed: str) -> ChangeService:
    return ChangeService(change="parameters", parameters={"speed": speed})


def test_too_many_failures_stop_it_and_what_failed_is_said(network: SimpleNamespace) -> None:
    network.refuses = set(SERVICES[:5])
    prepare(network, canary=0, at_once=1, stop_after=2)
    paused = do(network, operations.start)
    assert (paused.state, paused.paused_why, paused.failed) == ("paused", "2 services failed.", 2)
    assert orders(network.app) <= 3
    report = "RO000001: 2 of 2 services failed"
    assert [subject.partition(": Change")[0] for subject in mails(network.app)] == [report], (
        "one for all of them"
    )
    again = do(network, operations.go_on)
    assert (again.state, again.failed) == ("paused", 4)
    assert len(mails(network.app)) == 2
    with pytest.raises(Refused, match="is paused, not running"):
        do(network, operations.pause)
    stopped = do(network, operations.stop)
    with network.app.reading() as ctx:
        rows = ctx.session.scalars(select(ProvisioningRolloutRow)).all()
    assert stopped.state == "stopped"
    assert {row.message for row in rows if row.state == "failed"} == {"Touch: The element says no."}
    assert sum(1 for row in rows if row.state == "left") == 14 - stopped.started
    assert network.touched == []
    assert len(mails(network.app)) == 2, "what is known is not told again"


def mails(app: App) -> list[str]:
    """Subjects of the mails about failures."""
    with app.reading() as ctx:
        failures = col(Email.template).like("%failed%")
        return list(ctx.session.scalars(select(col(Email.subject)).where(failures).order_by(col(Email.id))))


@pytest.mark.both_databases
def test_a_worker_that_dies_between_neither_loses_nor_doubles_a_service(
    network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """What no handler of the program catches."""

    prepare(network, canary=0, at_once=6)
    real, left = driving._begin_one, [2, 7, 11]

    def dying(*args: Any) -> None:
        real(*args)
        left[:] = [n - 1 for n in left]
        if 0 in left:
            raise Died

    monkeypatch.setattr(driving, "_begin_one", dying)
    with network.app.unit_of_work(network.actor) as ctx:
        operations.start(ctx, "RO000001")
    for _life in range(10):
        try:
            work_until_idle(network.app)
        except Died:
            continue
        break
    ended = now(network)
    assert (ended.state, ended.done, ended.failed) == ("done", 14, 0)
    assert sorted(network.touched) == SERVICES
    assert orders(network.app) == 14


def test_no_more_begin_than_the_rate_allows(network: SimpleNamespace) -> None:
    prepare(network, canary=0, at_once=50, per_minute=2)
    assert do(network, operations.start).done == 1
    network.app.clock = lambda: utc_now() + timedelta(minutes=2)
    with network.app.unit_of_work() as ctx:
        driving.tick(ctx)
    work_until_idle(network.app)
    assert now(network).done == 5


def test_many_services_wait_for_a_second_person(network: SimpleNamespace) -> None:
    network.app.config.plugin.setdefault("provisioning", {})["rollout_second_person_above"] = 10
    prepare(network)
    with pytest.raises(WaitsForSecondPerson, match="14 services"):
        do(network, operations.start)
    assert now(network).state == "draft"


def test_a_selection_is_looked_at_and_begun_in_the_browser(network: SimpleNamespace, staff: Staff) -> None:
    client = staff("provisioning_engineer", "customer_care")
    asked = client.submit("/provisioning/rollouts/selected", {"ids": "1,2,3"}, page="/catalog/services")
    assert "3 services at once" in asked.text
    picked = asked.text.partition('name="picked" value="')[2].partition('"')[0]
    fields = {"what": "change:parameters", "parameters": "speed: fast", "reason": "request", "picked": picked}
    limits = {"canary": "1", "canary_goes_on": "on", "at_once": "5"}
    client.submit("/provisioning/rollouts/new", {**fields, **limits}, page="/provisioning/rollouts/new")
    here = "/provisioning/rollouts/RO000001"
    looked = client.get(here).text
    assert "3 services would be changed." in looked
    asked_for = re.sub(r"\s*<[^>]*>\s*", "|", looked.partition("What was asked for")[2].partition("</dl>")[0])
    for label, value in (("Speed", "fast"), ("First", "1"), ("At once", "5"), ("Stop after failures", "10")):
        assert re.search(rf"\|{label}\|+{value}\|", asked_for), asked_for
    client.submit(f"{here}/start", page=here)
    assert 'data-refresh="table-' in client.get(here).text, "the rows follow while it goes on"
    work_until_idle(network.app)
    assert "data-refresh" not in client.get(here).text
    shown = client.get(here)
    assert "Done." in shown.text
    assert sorted(network.touched) == SERVICES[:3]
    exported = client.get(f"{here}?export=csv").text
    assert exported.count("Done") == 3


def test_a_playbook_run_for_many_takes_its_turn_at_the_element_and_reads_what_the_service_has(
    network: SimpleNamespace,
) -> None:
    folder = network.app.config.playbook_folder / "tidy"
    folder.mkdir(parents=True)
    (folder / "do.yml").write_text(
        "- name: Tidy\n  hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n    - name: Tell\n"
        '      ansible.builtin.debug:\n        msg: "{{ elements.olt.host }} {{ parameters.speed }}"\n'
    )
    network.refuses = {"S000001"}
    with network.app.unit_of_work() as ctx:
        elements.add(ctx, elements.ElementFields(name="olt", label="OLT", host="127.0.0.1", at_once=2))
        catalog.change_service(
            ctx, "S000001", ChangeService(change="parameters", parameters={"speed": "fast"})
        )
    work_until_idle(network.app)
    wish = RolloutWish.model_validate({"action": "playbook", "playbook": "tidy/do"})
    with network.app.unit_of_work(network.actor) as ctx:
        begun = doing.run_playbook(ctx, wish, "S000001", "once")
        step = ctx.session.scalars(select(JobStep).where(col(JobStep.job_id) == begun.job_id)).first()
        assert step is not None
        assert (step.target, step.at_once) == ("element:olt", 2)
        line = queries.line(ctx, step.inputs["line_id"])
    assert (line.action, line.parameters) == ("new", {"speed": "slow"})


_SOUND = "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug:\n"


def test_a_worker_begins_with_a_playbook_that_was_looked_at_when_the_list_was_made(
    network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = network.app.config.playbook_folder / "tidy"
    folder.mkdir(parents=True)
    for word in ("do", "undo", "suspend", "resume"):
        (folder / f"{word}.yml").write_text(_SOUND)
    with network.app.unit_of_work() as ctx:
        catalog.update_product(ctx, "fibre", UpdateProduct(playbook="tidy"))
    monkeypatch.setattr(checking, "_known", {})
    (folder / "suspend.yml").write_text(_SOUND + "        msg: Once more\n")
    wish = {"action": "suspend", "reason": "request"}
    command = PrepareRollout.model_validate({"wish": wish, "services": SERVICES[:3]})
    with network.app.unit_of_work(network.actor) as ctx:
        number = operations.prepare(ctx, command).number
    # Another process, and nobody there who could be asked.
    monkeypatch.setattr(checking, "_known", {})
    monkeypatch.setattr(syntax_check, "sys", SimpleNamespace(executable=str(tmp_path / "gone" / "python")))
    with network.app.unit_of_work(network.actor) as ctx:
        operations.start(ctx, number)
    with network.app.unit_of_work() as ctx:
        driving.advance(ctx, rollouts.get(ctx, number).key)
    begun = now(network, number)
    assert (begun.running, begun.failed) == (3, 0)
