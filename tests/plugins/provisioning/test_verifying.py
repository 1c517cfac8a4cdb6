"""A step is done when its playbook's own look says so, and what it hands over is as its schema declares."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from tests.plugins.provisioning.test_lines import log_of
from tests.services import optical_line
from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.plans import plan_of
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.mail.models import Email
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries
from trunkline_catalog.schemas import (
    ChangeService,
    CreateProduct,
    LineStep,
    Parameter,
    PlaceOrder,
    ServiceKind,
    SuspendService,
    SuspensionReason,
)
from trunkline_inventory import operations as stock
from trunkline_inventory.schemas import CreateTemplate
from trunkline_provisioning import editing, elements, library
from trunkline_provisioning.declaring import declaration
from trunkline_provisioning.elements import ElementFields
from trunkline_provisioning.handing_over import require_declared
from trunkline_provisioning.hinting import hints
from trunkline_provisioning.linting import lint

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

KEY = "sip-Secret.77"
AID, SERIAL = "1-1-4", "TRNK00000001"
HEAD = "- name: Play\n  hosts: localhost\n  gather_facts: false\n  tasks:\n"


@pytest.fixture
def olt() -> Iterator[optical_line.OpticalLine]:
    with optical_line.optical_line() as terminal:
        yield terminal


@pytest.fixture
def fibre(shop: App, olt: optical_line.OpticalLine) -> App:
    """The shop sells `fibre` by the playbook `ont_tl1`, has one ONT in stock and the OLT among its elements."""
    with shop.unit_of_work() as ctx:
        fields: list[Any] = [
            {"name": "serial", "label": "Serial number", "required": True, "unique": True},
            {"name": "aid", "label": "Port", "required": True},
        ]
        stock.create_template(ctx, CreateTemplate(name="ont", label="ONT", fields=fields))
        stock.add_items(ctx, "ont", [{"serial": SERIAL, "aid": AID}])
        elements.add(
            ctx,
            ElementFields(
                name="olt",
                label="OLT",
                host=olt.host,
                port=olt.tl1_port,
                username=optical_line.USER,
                password=optical_line.PASSWORD,
            ),
        )
        catalog.create_product(
            ctx,
            CreateProduct(
                code="fibre",
                name="Fibre",
                service_kind=ServiceKind.OTHER,
                needs=("ont",),
                parameters=(
                    Parameter(name="wifi_name", label="Wi-Fi name", ask=True, required=True),
                    Parameter(name="wifi_password", label="Wi-Fi key", ask=True, secret=True),
                ),
                playbook="ont_tl1",
                currency="BRL",
            ),
        )
    return shop


def order(app: App, product: str = "fibre", **parameters: str) -> str:
    """Orders it; returns the job's number."""
    asked = {"wifi_name": "Casa", "wifi_password": "wifi-Secret.77"} if product == "fibre" else {}
    line = {"product_code": product, "parameters": {**asked, **parameters}}
    with app.unit_of_work() as ctx:
        wish = PlaceOrder.model_validate({"customer_number": "C000001", "lines": [line]})
        return catalog.place_order(ctx, wish).lines[0].job_number


def job(app: App, number: str) -> Job:
    with app.reading() as ctx:
        return ctx.session.scalars(select(Job).where(Job.number == number)).one()


def outputs(app: App) -> dict[str, Any]:
    with app.reading() as ctx:
        step = select(JobStep).where(JobStep.kind == "provisioning.ansible").order_by(col(JobStep.id).desc())
        found = ctx.session.scalars(step.limit(1)).one()
        return found.outputs


def test_a_device_that_confirms_and_forgets_is_caught_and_undone(
    fibre: App, olt: optical_line.OpticalLine
) -> None:
    order(fibre)
    work_until_idle(fibre)
    assert "ont_tl1/verify found everything as wanted" in log_of(fibre)
    assert outputs(fibre) == {"ont": SERIAL, "aid": AID}
    olt.forgetful = True
    with fibre.unit_of_work() as ctx:
        wish = ChangeService(change="wifi", parameters={"wifi_name": "Loja"})
        number = catalog.change_service(ctx, "S000001", wish).lines[0].job_number
    work_until_idle(fibre)
    assert job(fibre, number).state == JobState.ROLLED_BACK
    said = job(fibre, number).error
    assert "ont_tl1/verify_change_wifi found it not done: Wi-Fi name of the ONT: not as wanted" in said
    assert olt.onts[AID]["SSID"] == "Casa"


def test_after_a_death_the_look_decides_and_nothing_is_done_twice(
    fibre: App, olt: optical_line.OpticalLine, die_after_the_run: Callable[[App, str], None]
) -> None:
    number = order(fibre)
    die_after_the_run(fibre, number)
    done = list(olt.changes)
    assert done == [f"ENT-ONT {AID}", f"ED-ONT {AID}"]
    work_until_idle(fibre)
    assert job(fibre, number).state == JobState.SUCCEEDED, log_of(fibre)
    assert "Found done, so it is not done again." in log_of(fibre)
    assert log_of(fibre).count("Playbook ont_tl1/do of") == 1
    assert olt.changes == done
    assert outputs(fibre) == {"ont": SERIAL, "aid": AID}


def runs(app: App) -> list[str]:
    """Which files were run, in their order."""
    with app.reading() as ctx:
        texts = ctx.session.scalars(select(JobEvent.text).order_by(col(JobEvent.id))).all()
    return [found[1] for said in texts if (found := re.match(r"Playbook (\S+) of ", said))]


def changes(app: App, number: str) -> list[str]:
    """What the plan says that the network step will do."""
    with app.reading() as ctx:
        wanted = select(Job).where(Job.number == number)
        plan = plan_of(ctx, ctx.session.scalars(wanted).one())
    [step] = [step for step in plan if step.kind == "provisioning.ansible"]
    return step.changes


def test_a_playbook_that_is_looked_at_after_a_death_only_makes_one_run(shop: App) -> None:
    said = "{} looks whether it was done"
    number = order(shop, "mobile_10")
    assert said.format("mobile_line/verify") + ", if a worker dies meanwhile" in changes(shop, number)
    with shop.unit_of_work() as ctx:
        declares = library.find(shop, "mobile_line").declares.partition("verify:\n")[0]
        editing.save_file(ctx, "mobile_line", "schema", declares)
    work_until_idle(shop)
    assert job(shop, number).state == JobState.SUCCEEDED, log_of(shop)
    assert runs(shop) == ["mobile_line/do"], "what was planned keeps what was declared"
    with shop.unit_of_work() as ctx:
        wish = SuspendService(reason=SuspensionReason.REQUEST)
        number = catalog.suspend_service(ctx, "S000001", wish).lines[0].job_number
    assert said.format("mobile_line/verify_suspend") in changes(shop, number)
    work_until_idle(shop)
    assert runs(shop)[1:] == ["mobile_line/suspend", "mobile_line/verify_suspend"]


def test_a_playbook_that_is_looked_at_after_a_death_only_is_looked_at_then(
    shop: App, die_after_the_run: Callable[[App, str], None]
) -> None:
    number = order(shop, "mobile_10")
    die_after_the_run(shop, number)
    work_until_idle(shop)
    assert job(shop, number).state == JobState.SUCCEEDED, log_of(shop)
    assert runs(shop) == ["mobile_line/do", "mobile_line/verify"]
    assert outputs(shop)["imsi"] == "724990000000001"


@pytest.fixture
def plain(shop: App) -> Callable[..., str]:
    """Sells `plain` by a playbook that hands over what is said, declared as is said; returns the number of its job."""

    def sell(handed: str, declared: str, **files: str) -> str:
        folder = shop.config.playbook_folder / "plain"
        folder.mkdir(parents=True)
        stats = (
            f"    - name: Told\n      ansible.builtin.set_stats: {{data: {{{handed}}}}}\n      no_log: true\n"
        )
        texts = {
            "do": HEAD + stats,
            "undo": f"{HEAD}    - name: Nothing\n      debug: {{msg: gone}}\n",
            **files,
        }
        for word, content in {**texts, "schema": declared}.items():
            (folder / f"{word}.yml").write_text(content)
        with shop.unit_of_work() as ctx:
            wish = CreateProduct(
                code="plain", name="Plain", service_kind=ServiceKind.OTHER, playbook="plain", currency="BRL"
            )
            catalog.create_product(ctx, wish)
        return order(shop, "plain")

    return sell


def test_an_output_that_is_missing_fails_the_step_by_its_name_and_is_undone(
    shop: App, plain: Callable[..., str]
) -> None:
    number = plain("port: 7", "outputs: {do: {port: {type: integer}, vlan: {type: integer}}}")
    work_until_idle(shop)
    assert job(shop, number).state == JobState.ROLLED_BACK
    said = "plain/do did not hand over “vlan”. Set it with set_stats in do.yml, or take it out of plain/schema.yml."
    assert said in job(shop, number).error


def test_what_is_handed_over_identifies_the_service_and_a_secret_is_only_named(
    shop: App, plain: Callable[..., str]
) -> None:
    seen: list[dict[str, str]] = []

    def refuse(step: StepContext) -> None:
        with step.app.reading() as ctx:
            seen.append(queries.service(ctx, "S000001").identifiers)
        raise StepFailed("The charging engine says no.")

    class Late:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[LineStep]:
            return [LineStep(85, PlannedStep("late.refuse"))]

    shop.step_kinds["late.refuse"] = StepKind("late.refuse", "Refuse", refuse, lambda step: None)
    shop.hooks.manager.register(Late, "late")
    # The undo reads both; it would fail if one were another, and the job would not be rolled back.
    same = f"done.login == 'ana.77' and 'key' not in done and secrets.done.key == '{KEY}'"
    number = plain(
        f"login: ana.77, key: {KEY}",
        "outputs: {do: {login: {identifier: login}, key: {secret: true}}}",
        undo=f'{HEAD}    - name: Known\n      assert: {{that: "{same}"}}\n      no_log: true\n',
    )
    work_until_idle(shop)
    assert seen == [{"login": "ana.77"}]
    assert job(shop, number).state == JobState.ROLLED_BACK, log_of(shop)
    assert outputs(shop) == {
        "login": "ana.77",
        "key": {"secret": "steps.provisioning_ansible.key"},
    }
    # The playbook of this test has the key in it, and so has its version; a true one gets it from the network.
    with shop.reading() as ctx:
        kept = [
            str(row.model_dump())
            for one in (Job, JobStep, JobEvent)
            for row in ctx.session.scalars(select(one))
        ]
        kept.append(ctx.session.execute(text("SELECT value FROM provisioning_secret_output")).scalar_one())
    assert KEY not in "".join(kept)


@pytest.mark.parametrize(
    ("declared", "right", "wrong", "said"),
    [
        ("type: text", "seven", 7, "must be a text, not a whole number"),
        ("type: text, pattern: '[a-z]+'", "seven", "7", "does not match the pattern [a-z]+"),
        ("type: text, choices: [up, down]", "up", "sideways", "must be one of up, down"),
        ("type: integer", 7, "7", "must be a whole number, not a text"),
        ("type: integer", 7, True, "must be a whole number, not yes or no"),
        ("type: number", 7.5, "7.5", "must be a number, not a text"),
        ("type: yes_no", False, 0, "must be yes or no, not a whole number"),
        ("type: address", "2001:db8::1", "10.0.0.300", "must be an IP address"),
        ("type: list", ["a"], "a", "must be a list, not a text"),
        ("type: mapping", {"a": 1}, ["a"], "must be a mapping, not a list"),
    ],
)
def test_an_output_of_another_type_is_named_without_its_value(
    declared: str, right: Any, wrong: Any, said: str
) -> None:
    wanted = declaration(f"outputs: {{do: {{x: {{{declared}}}}}}}").outputs["do"]
    require_declared("plain/do", wanted, {"x": right})
    with pytest.raises(StepFailed, match=f"plain/do handed over “x”, which {re.escape(said)}") as failed:
        require_declared("plain/do", wanted, {"x": wrong})
    assert failed.value.field == "x"


def test_a_schema_that_cannot_be_read_or_speaks_of_what_is_not_there_is_named_by_its_line(shop: App) -> None:
    with shop.unit_of_work() as ctx:
        editing.create(ctx, "fibre_port")
    for declared, said in (
        ("outputs:\n  do:\n    port: {type: digits}\n", r"Line 3: outputs\.do\.port\.type: .*'text'"),
        ("outputs:\n  bar: {port: {}}\n", r"Line 2: There is no bar\.yml"),
        ("policy: {do: later}\n", "Line 1: policy.do"),
        (
            "policy: {do: verify}\nverify:\n  do: never\n",
            r"Line 3: verify\.do: .*'each_time' or 'after_death'",
        ),
        ("verify:\n  undo: each_time\n", r"Line 2: There is no verify_undo\.yml that could look"),
        ("verify: {do: after_death}\n", r"Line 1: verify\.yml would never look"),
        ("inputs: {nothing.x: {}}\n", "Line 1: inputs"),
    ):
        with shop.unit_of_work() as ctx, pytest.raises(Refused, match=said):
            editing.save_file(ctx, "fibre_port", "schema", declared)


def test_hints_say_what_nobody_verifies_declares_or_hands_over() -> None:
    do = f"{HEAD}    - name: Told\n      set_stats: {{data: {{port: 7, key: x}}}}\n"
    schema = "outputs: {do: {key: {secret: true}, vlan: {type: integer}}}"
    said = [(one.line, one.level, one.message) for one in hints({"do.yml": do, "schema.yml": schema}, "do")]
    assert said == [
        (1, "warning", "There is no verify.yml: nobody looks whether a device did what it confirmed."),
        (6, "warning", "schema.yml does not declare port, which is handed over here."),
        (6, "warning", "key is a secret: set no_log: true where it is handed over."),
        (1, "warning", "schema.yml declares vlan, which no set_stats hands over."),
    ]
    assert hints({"do.yml": do, "undo.yml": HEAD}, "undo") == []
    blind = lint(f"{HEAD}    - name: Ask\n      uri: {{url: x}}\n", only_looks=True)
    assert [(one.line, one.rule, one.level) for one in blind] == [(6, "check_mode", "error")]


def test_a_new_playbook_comes_with_a_look_and_a_schema_and_its_pages_show_both(
    shop: App, staff: Callable[..., Browser]
) -> None:
    client = staff("provisioning_engineer")
    client.submit("/provisioning/playbooks/new", {"name": "fibre_port"})
    shown = client.get("/provisioning/playbooks/fibre_port").text
    assert "Can be run" in shown
    assert "Could be better" not in shown
    assert 'href="/provisioning/playbooks/fibre_port?file=verify"' in shown
    assert "The service in the network" in shown
    for address in (
        "?file=schema",
        "?file=verify",
        "/edit/schema",
        "/edit/verify",
        "/files/new?word=verify_do",
    ):
        assert client.get(f"/provisioning/playbooks/fibre_port{address}").status_code == 200, address
    edit = "/provisioning/playbooks/fibre_port/edit/schema"
    refused = client.submit(edit, {"text": "outputs:\n  do: {port: {type: digits}}\n"}, page=edit)
    assert "Line 2" in refused.text
    client.submit(edit, {"text": "policy: {do: verify}\nverify: {do: after_death}\n"}, page=edit)
    for address in ("", "/edit/do"):
        shown = client.get(f"/provisioning/playbooks/fibre_port{address}").text
        assert "It looks only after a worker’s death" in shown
    # Somebody breaks it in its folder: the page names the line.
    (shop.config.playbook_folder / "fibre_port" / "schema.yml").write_text("policy:\n  bar: verify\n")
    assert (
        "There is no bar.yml that could be declared here."
        in client.get("/provisioning/playbooks/fibre_port").text
    )


def test_an_input_of_another_form_is_refused_before_anything_is_ordered(fibre: App) -> None:
    with pytest.raises(
        Refused, match="Wi-Fi name, which ont_tl1 reads, does not match the pattern"
    ) as refused:
        order(fibre, wifi_name="a name of more than thirty-two letters")
    assert refused.value.field == "lines.0.parameters.wifi_name"


@pytest.fixture
def greeting(shop: App) -> App:
    """Sells `greeted` by a playbook that mails the customer, and is looked at each time and after a death."""
    folder = shop.config.playbook_folder / "greeted"
    folder.mkdir(parents=True)
    greet = "    - name: Greet\n      trunkline.telecom.mail:\n        subject: It works\n        text: Good day\n"
    texts = {
        "do": HEAD + greet,
        "undo": f"{HEAD}    - name: Nothing\n      debug: {{msg: gone}}\n",
        "verify": "- import_playbook: do.yml\n",
        "schema": "policy: {do: verify}\n",
    }
    for word, content in texts.items():
        (folder / f"{word}.yml").write_text(content)
    with shop.unit_of_work() as ctx:
        wish = CreateProduct(
            code="greeted", name="Greeted", service_kind=ServiceKind.OTHER, playbook="greeted", currency="BRL"
        )
        catalog.create_product(ctx, wish)
    return shop


def greetings(app: App) -> int:
    with app.reading() as ctx:
        return len(ctx.session.scalars(select(Email).where(Email.subject == "It works")).all())


@pytest.mark.parametrize("dies", [False, True], ids=["alive", "dead"])
def test_a_mail_of_a_playbook_leaves_once_though_its_worker_died_before_it_was_told(
    greeting: App, dies: bool, die_after_the_run: Callable[[App, str], None]
) -> None:
    number = order(greeting, "greeted")
    if dies:
        die_after_the_run(greeting, number)
        assert greetings(greeting) == 0
    work_until_idle(greeting)
    assert job(greeting, number).state == JobState.SUCCEEDED, log_of(greeting)
    assert runs(greeting) == ["greeted/do", "greeted/verify"]
    assert greetings(greeting) == 1
