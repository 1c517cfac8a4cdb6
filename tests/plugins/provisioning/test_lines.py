"""An order line reaches the network, follows its service there, and leaves it clean when something fails."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from tests.plugins.provisioning.conftest import IMSI, KI, MSISDN, ODD_NAME, OPC
from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.rehearsal import dry_run
from trunkline.mail.models import Email
from trunkline.plugin import Health
from trunkline.settings import operations as settings
from trunkline.sms.models import Sms
from trunkline.testing import work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import (
    OrderView,
    PlaceOrder,
    ResumeService,
    ServiceState,
    SuspendService,
    SuspensionReason,
    TerminateService,
)
from trunkline_inventory import queries as stock
from trunkline_provisioning.health import reports
from trunkline_provisioning.hlr.subscriber import Subscriber

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

Order = Callable[[], OrderView]
Find = Callable[..., Subscriber | None]


def state_of(app: App, number: str) -> ServiceState:
    with app.reading() as ctx:
        return queries.service(ctx, number).state


def log_of(app: App) -> str:
    with app.reading() as ctx:
        return "\n".join(
            f"{line.level} {line.text} {line.data}" for line in ctx.session.scalars(select(JobEvent))
        )


def test_a_word_that_stands_for_nothing_is_refused_when_the_wording_is_saved(shop: App) -> None:
    with pytest.raises(Refused) as refused, shop.unit_of_work() as ctx:
        settings.save(ctx, "provisioning", {"welcome_sms_text": "{operator}: {nmae} works"})
    assert refused.value.field == "welcome_sms_text"
    assert "{nmae}" in str(refused.value)


def test_a_line_lives_in_the_hlr_as_its_service_does(shop: App, order: Order, find: Find) -> None:
    wording = "{name}: {number} works"
    shop.config.plugin["provisioning"].update(welcome_sms=True, welcome_sms_text=wording)
    number = order().lines[0].service_number
    work_until_idle(shop)
    assert state_of(shop, number) is ServiceState.ACTIVE, log_of(shop)
    assert find() == Subscriber(IMSI, MSISDN, KI.lower(), OPC.lower(), "enabled")
    log = log_of(shop)
    assert "Simulated HLR at" in log
    assert "Subscriber and number in the HLR: changed" in log
    assert f"Simulated HLR: {IMSI} created, MSISDN none → {MSISDN}" in log
    with shop.reading() as ctx:
        welcome = ctx.session.scalars(select(Email)).one()
        message = ctx.session.scalars(select(Sms)).one()
        step = ctx.session.scalars(select(JobStep).where(JobStep.kind == "provisioning.ansible")).one()
    assert ODD_NAME in welcome.text
    assert (message.recipient, message.text) == (f"+{MSISDN}", f"{ODD_NAME}: +{MSISDN} works")
    assert step.outputs["msisdn"] == f"+{MSISDN}"
    with shop.unit_of_work() as ctx:
        operations.suspend_service(ctx, number, SuspendService(reason=SuspensionReason.DEBT))
    work_until_idle(shop)
    assert find() == Subscriber(IMSI, MSISDN, KI.lower(), OPC.lower(), "suspended"), log_of(shop)
    with shop.unit_of_work() as ctx:
        operations.resume_service(ctx, number, ResumeService(reason=SuspensionReason.DEBT))
    work_until_idle(shop)
    assert find() == Subscriber(IMSI, MSISDN, KI.lower(), OPC.lower(), "enabled"), log_of(shop)
    with shop.unit_of_work() as ctx:
        operations.terminate_service(ctx, number, TerminateService())
    work_until_idle(shop)
    assert state_of(shop, number) is ServiceState.TERMINATED
    assert find() is None
    assert_no_secret_in_database(shop)


def test_a_dry_run_says_what_the_hlr_would_get_and_leaves_it_alone(
    shop: App, order: Callable[..., OrderView], find: Find
) -> None:
    number = order(start_after=shop.clock() + timedelta(days=3)).lines[0].job_number
    with shop.unit_of_work() as ctx:
        looking = dry_run(ctx, number).number
    work_until_idle(shop)
    log = log_of(shop)
    assert "Subscriber and number in the HLR: changed" in log
    assert "catalog_service changed: state" in log, log
    assert KI.lower() not in log.lower()
    assert find() is None
    with shop.reading() as ctx:
        jobs = {job.number: job.state for job in ctx.session.scalars(select(Job))}
    assert jobs == {number: JobState.QUEUED, looking: JobState.SUCCEEDED}


def test_an_order_is_tried_in_the_hlr_before_it_is_placed(shop: App, order: Order, find: Find) -> None:
    with shop.reading() as ctx:
        wish = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}]}
        operations.try_order(ctx, PlaceOrder.model_validate(wish))
    work_until_idle(shop)
    log = log_of(shop)
    assert "Subscriber and number in the HLR: changed" in log, log
    assert f"Simulated HLR: {IMSI} created" in log
    assert "Set up in the network: would work." in log
    assert "Welcome mail to odd@example.com would be queued." in log
    assert not re.search(r"E\d+ to \S+ queued", log), (
        "nothing is queued, and its number is given to something else"
    )
    assert find() is None
    with shop.reading() as ctx:
        assert [job.state for job in ctx.session.scalars(select(Job))] == [JobState.SUCCEEDED]
        assert ctx.session.scalars(select(Email)).all() == []
    assert_no_secret_in_database(shop)
    number = order().lines[0].service_number
    work_until_idle(shop)
    assert state_of(shop, number) is ServiceState.ACTIVE


_TELLS = """- name: Tell
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Tell
      ansible.builtin.debug:
        msg: "{text}"
"""


def _tried_with(shop: App, do: str) -> str:
    """The log of an order's dry run whose playbook has these tasks."""
    folder = shop.config.playbook_folder / "mobile_line"
    folder.mkdir(parents=True)
    (folder / "do.yml").write_text(_TELLS.replace("{text}", "hello") + do)
    (folder / "undo.yml").write_text(_TELLS.replace("{text}", "bye"))
    with shop.reading() as ctx:
        wish = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}]}
        operations.try_order(ctx, PlaceOrder.model_validate(wish))
    work_until_idle(shop)
    return log_of(shop)


_COMMAND = """    - name: Reboot
      connection: local
      ansible.builtin.command: /bin/true
"""
_NOT_REACHED = """    - name: Not for this one
      ansible.builtin.debug:
        msg: never
      when: false
"""


@pytest.mark.parametrize(("tasks", "unknown"), [(_COMMAND, True), (_NOT_REACHED, False)])
def test_a_task_that_check_mode_passes_over_leaves_the_step_unknown_and_one_by_its_condition_does_not(
    shop: App, tasks: str, unknown: bool
) -> None:
    log = _tried_with(shop, tasks)
    passed_over = "Cannot be known before: check mode passes over these tasks, if they are reached: Reboot."
    assert (passed_over in log) is unknown, log
    ended = "cannot be known before" if unknown else "would work"
    assert f"Set up in the network: {ended}." in log, log


@pytest.mark.parametrize(
    ("text", "schema", "why"),
    [
        ("{{ steps.reserve_port.outputs.port }}", "", "reads steps.reserve_port.outputs.port, which only an"),
        ("{{ steps.reserve_port.outputs.port | default('') }}", "", ""),
        ("hello", "check_mode: {do: false}\n", "schema.yml says that do.yml cannot be run in check mode"),
    ],
)
def test_what_check_mode_cannot_show_is_said_and_not_run(shop: App, text: str, schema: str, why: str) -> None:
    folder = shop.config.playbook_folder / "mobile_line"
    folder.mkdir(parents=True)
    for word in ("do", "undo"):
        (folder / f"{word}.yml").write_text(_TELLS.replace("{text}", text))
    (folder / "schema.yml").write_text(schema)
    with shop.reading() as ctx:
        wish = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}]}
        operations.try_order(ctx, PlaceOrder.model_validate(wish))
    work_until_idle(shop)
    log = log_of(shop)
    assert ("Cannot be known before: " in log) is bool(why), log
    assert why in log
    assert ("TASK" in log or "Tell: ok" in log) is not bool(why), log


def test_a_secret_that_the_playbook_needs_is_missed_before_anything_is_ordered(
    shop: App, order: Order
) -> None:
    folder = shop.config.playbook_folder / "mobile_line"
    folder.mkdir(parents=True)
    for word, secret in (("do", "{{ secrets.sim.adm1 }}"), ("undo", "{{ secrets.sim.adm2 | default('') }}")):
        (folder / f"{word}.yml").write_text(
            "- name: Card\n  hosts: localhost\n  gather_facts: false\n  tasks:\n    - name: Tell\n"
            f'      ansible.builtin.debug:\n        msg: "{secret}"\n      no_log: true\n'
        )
    with pytest.raises(Refused) as refused:
        order()
    assert refused.value.field == "lines.0.picks.sim"
    assert "its secret adm1" in str(refused.value)


def assert_no_secret_in_database(app: App) -> None:
    with app.reading() as ctx:
        tables = (
            ctx.session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        )
        for table in tables:
            for row in ctx.session.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 — tables of the test
                found = " ".join(str(value) for value in row).lower()
                assert KI.lower() not in found, table
                assert OPC.lower() not in found, table


def test_a_later_failure_takes_the_subscriber_out_again(shop: App, order: Order, find: Find) -> None:
    from trunkline.jobs import PlannedStep, StepContext, StepFailed
    from trunkline.plugin import StepKind, hookimpl
    from trunkline_catalog.schemas import LineStep

    was_there = []

    def refuse(step: StepContext) -> None:
        was_there.append(find())
        raise StepFailed("The charging engine says no.")

    class Charging:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[LineStep]:
            return [LineStep(60, PlannedStep("charging.open"))]

    shop.step_kinds["charging.open"] = StepKind("charging.open", "Open", refuse, lambda step: None)
    shop.hooks.manager.register(Charging, "charging")
    number = order().lines[0].service_number
    work_until_idle(shop)
    assert was_there[0] is not None
    assert find() is None
    assert state_of(shop, number) is ServiceState.FAILED
    with shop.reading() as ctx:
        assert (
            ctx.session.scalars(select(Job).where(Job.kind == "catalog.order_line")).one().state
            == JobState.ROLLED_BACK
        )
        assert stock.counts(ctx) == {"sim": {"available": 1}, "number": {"available": 1}}


def test_a_silent_hlr_fails_the_line_with_its_address_and_needs_a_person_to_undo(
    shop: App, order: Order
) -> None:
    shop.config.plugin["provisioning"].update(hlr="external", hlr_host="127.0.0.1", hlr_port=9)
    number = order().lines[0].service_number
    work_until_idle(shop)
    with shop.reading() as ctx:
        job = ctx.session.scalars(select(Job).where(Job.kind == "catalog.order_line")).one()
        step = ctx.session.scalars(select(JobStep).where(JobStep.kind == "provisioning.ansible")).one()
    # What an HLR holds that does not answer is unknown, so nothing is given back before a person has looked.
    assert job.state == JobState.ROLLBACK_FAILED
    assert step.error == "No subscriber in the HLR: HLR: 127.0.0.1:9 does not answer: Connection refused."
    assert "Subscriber and number in the HLR: HLR: 127.0.0.1:9 does not answer" in log_of(shop)
    assert state_of(shop, number) is ServiceState.PROVISIONING


def test_a_playbook_with_a_syntax_error_refuses_the_order_with_file_and_line(shop: App, order: Order) -> None:
    folder = shop.config.playbook_folder / "mobile_line"
    folder.mkdir(parents=True)
    broken = folder / "do.yml"
    broken.write_text("- hosts: localhost\n  tasks:\n    - debug: [\n")
    with pytest.raises(Refused) as caught:
        order()
    assert "mobile_line/do.yml:4: " in str(caught.value)
    assert "trunkline playbook check mobile_line" in str(caught.value)
    assert str(folder) not in str(caught.value)
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Job)).all() == []
        assert stock.counts(ctx)["sim"] == {"available": 1}


def test_an_unknown_playbook_is_refused_with_the_nearest_name(shop: App) -> None:
    with shop.reading() as ctx:
        assert "mobile_line" in (queries.known_playbooks(ctx) or ())
    from trunkline_provisioning.library import find

    with pytest.raises(Refused, match="Did you mean “mobile_line”"):
        find(shop, "mobil_line")


def test_health_names_the_simulated_hlr_and_one_that_is_silent(shop: App) -> None:
    with shop.reading() as ctx:
        [hlr, ansible, fork_server] = reports(ctx)
    assert hlr.health is Health.WARNING
    assert "Simulated HLR" in hlr.detail
    assert ansible.health is Health.OK
    assert fork_server.health is Health.WARNING
    assert "stock command" in fork_server.remedy
    settings = shop.config.plugin["provisioning"]
    settings.update(hlr="external", hlr_port=9)
    with shop.reading() as ctx:
        [hlr, *_] = reports(ctx)
    assert hlr.health is Health.FAILED
    assert "127.0.0.1:9 does not answer" in hlr.detail


def test_steps_have_an_end_beyond_every_playbooks_own(shop: App) -> None:
    assert shop.step_kinds["provisioning.ansible"].timeout > timedelta(seconds=3600)
