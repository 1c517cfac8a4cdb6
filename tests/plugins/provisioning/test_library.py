"""The playbook library: what rules say, who edits what, which version a job keeps, and trials against a chosen element."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.plugins.provisioning.conftest import IMSI, ODD_NAME
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.jobs import operations as jobs
from trunkline.jobs.models import Job, JobEvent, JobStep, OnFailure
from trunkline.jobs.renewing import RetryWith
from trunkline.jobs.undecided import undecided
from trunkline.mail.models import Email
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import OrderView, SuspendService, SuspensionReason, UpdateProduct
from trunkline_provisioning import editing, elements, library, queries, trials, versions
from trunkline_provisioning.checking import own_problems
from trunkline_provisioning.devices.order import charging_account, message, picked
from trunkline_provisioning.devices.outcome import DeviceError
from trunkline_provisioning.elements import EditElement, ElementFields
from trunkline_provisioning.hlr.subscriber import Subscriber
from trunkline_provisioning.linting import lint
from trunkline_provisioning.runner import COLLECTIONS

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

HEAD = "- name: Play\n  hosts: localhost\n  gather_facts: false\n  tasks:\n"
SHIPPED = sorted((COLLECTIONS / "playbooks").rglob("*.yml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- hosts: localhost\n  tasks: []\n", [(1, "gather_facts", "error")]),
        (
            f"{HEAD}    - name: a\n      ansible.builtin.command: sleep 9\n      async: 30\n      poll: 0\n",
            [(7, "async", "error"), (8, "async", "error")],
        ),
        (
            f"{HEAD}    - name: a\n      ansible.builtin.debug:\n        msg: '{{{{ secrets.sim.ki }}}}'\n",
            [(7, "no_log", "error")],
        ),
        (
            f"{HEAD}    - name: a\n      ansible.builtin.debug:\n        msg: '{{{{ secrets.sim.ki }}}}'\n      no_log: true\n",
            [],
        ),
        (
            f"{HEAD}    - name: a\n      trunkline.telecom.cli:\n        host: h\n"
            "        password: '{{ secrets.sim.pin1 }}'\n"
            "        commands: ['set key {{ parameters.wifi_password }}']\n",
            [(9, "no_log", "error")],
        ),
        (
            f"{HEAD}    - name: a\n      trunkline.telecom.cli:\n        host: h\n"
            "        hide: ['{{ parameters.wifi_password }}']\n"
            "        commands: ['set key {{ parameters.wifi_password }}']\n",
            [],
        ),
        (
            f"{HEAD}    - name: a\n      trunkline.telecom.tl1:\n        host: h\n        password: open-sesame\n",
            [(8, "secret", "error")],
        ),
        (
            f"{HEAD}    - block:\n        - name: a\n          ansible.builtin.debug: {{msg: x}}\n"
            "      rescue:\n        - name: b\n          ansible.builtin.debug: {msg: y}\n",
            [(9, "rescue", "error")],
        ),
        (
            f"{HEAD}    - block:\n        - name: a\n          ansible.builtin.debug: {{msg: x}}\n"
            "      rescue:\n        - name: b\n          ansible.builtin.fail: {msg: y}\n",
            [],
        ),
        (
            f"{HEAD}    - ansible.builtin.debug: {{msg: '{{{{ custmer.name }}}}'}}\n",
            [(5, "name", "warning"), (5, "variable", "warning")],
        ),
        ("- hosts: [\n", []),
    ],
)
def test_rules_name_the_line(text: str, said: list[tuple[int, str, str]]) -> None:
    assert [(one.line, one.rule, one.level) for one in lint(text)] == said


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_shipped_keeps_every_rule(path: Path) -> None:
    assert lint(path.read_text()) == []
    playbook = library.Playbook(path.parent.name, path.parent, "provisioning")
    from trunkline_provisioning.checking import undo_of

    undo = undo_of(path.stem)
    assert not undo or playbook.has(undo), f"{undo}.yml is missing"


def test_an_unknown_variable_is_named_with_the_nearest() -> None:
    [finding] = lint(f"{HEAD}    - name: a\n      ansible.builtin.debug: {{msg: '{{{{ custmer.name }}}}'}}\n")
    assert "Did you mean “customer”?" in finding.message


def do_text(app: App) -> str:
    return library.find(app, "mobile_line").path("do").read_text()


def test_saving_checks_keeps_versions_and_makes_a_plugins_playbook_ones_own(shop: App) -> None:
    shipped = do_text(shop)
    with shop.unit_of_work() as ctx, pytest.raises(Refused, match=r"Line 5: .*no_log: true"):
        editing.save_file(
            ctx, "mobile_line", "do", f"{HEAD}    - debug: {{msg: '{{{{ secrets.sim.ki }}}}'}}\n"
        )
    with shop.unit_of_work() as ctx, pytest.raises(Refused, match=r"Line \d: .*no\.such\.action"):
        editing.save_file(ctx, "mobile_line", "do", f"{HEAD}    - name: a\n      no.such.action: {{}}\n")
    assert library.find(shop, "mobile_line").source == "provisioning"
    with shop.unit_of_work() as ctx:
        saved = editing.save_file(
            ctx, "mobile_line", "do", shipped.replace("\n", "\r\n") + "\r\n# ours", note="Ours now", version=0
        )
        assert saved.number == 2
    own = library.find(shop, "mobile_line")
    assert (own.source, own.has("suspend"), do_text(shop)) == ("operator", True, f"{shipped}\n# ours\n")
    with shop.unit_of_work() as ctx, pytest.raises(Conflict):
        editing.save_file(ctx, "mobile_line", "do", shipped, version=0)
    own.path("undo").write_text(own.path("undo").read_text() + "# by hand\n")
    with shop.unit_of_work() as ctx:
        back = editing.bring_back(ctx, "mobile_line", 1)
        notes = [(one.number, one.note) for one in versions.versions(ctx, "mobile_line")]
    assert notes == [
        (4, "Version 1 again"),
        (3, "Found in the folder"),
        (2, "Ours now"),
        (1, "Found in the folder"),
    ]
    assert do_text(shop) == shipped == back.files["do.yml"]
    with shop.reading() as ctx:
        before, after = (versions.version(ctx, "mobile_line", n).files for n in (1, 2))
        entries = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "provisioning.playbook.edit")
        ).all()
    assert "+# ours" in versions.difference(before, after).splitlines()
    assert len(entries) == 2
    with shop.unit_of_work() as ctx:
        assert editing.remove(ctx, "mobile_line")
    assert library.find(shop, "mobile_line").source == "provisioning"


def test_a_job_keeps_the_version_it_was_planned_with(
    shop: App, order: Callable[[], OrderView], find: Callable[..., Subscriber | None]
) -> None:
    order()
    with shop.unit_of_work() as ctx:
        assert len(queries.open_jobs(ctx, "mobile_line")) == 1
        editing.save_file(
            ctx,
            "mobile_line",
            "do",
            f"{HEAD}    - name: Never\n      ansible.builtin.fail: {{msg: the new one ran}}\n",
        )
    work_until_idle(shop)
    assert find(IMSI) is not None
    with shop.reading() as ctx:
        log = " ".join(ctx.session.scalars(select(JobEvent.text)))
        assert queries.open_jobs(ctx, "mobile_line") == []
    assert "Playbook mobile_line/do of provisioning, version 1 as planned" in log
    assert "(version 2 is for jobs planned from now on, and for retries that choose it)." in log


@pytest.fixture
def held(shop: App, order: Callable[[], OrderView]) -> str:
    """The number of a job that holds, as its playbook had a fault."""
    failing = f"{HEAD}    - name: Never\n      ansible.builtin.fail: {{msg: no port}}\n"
    with shop.unit_of_work() as ctx:
        catalog.update_product(ctx, "mobile_10", UpdateProduct(on_failure=OnFailure.HOLD))
        sound = do_text(shop)
        editing.save_file(ctx, "mobile_line", "do", failing)
    number = order().lines[0].job_number
    work_until_idle(shop)
    with shop.unit_of_work() as ctx:
        assert queries.open_jobs(ctx, "mobile_line") == [number]
        editing.save_file(ctx, "mobile_line", "do", f"# Mended.\n{sound}")
    return number


def test_a_job_that_holds_counts_as_open_and_says_that_a_retry_runs_the_version_it_was_planned_with(
    shop: App, held: str
) -> None:
    with shop.unit_of_work() as ctx:
        jobs.retry(ctx, held)
    work_until_idle(shop)
    with shop.reading() as ctx:
        log = " ".join(ctx.session.scalars(select(JobEvent.text)))
    told = re.search(r"version (\d) as planned \(version (\d) is for jobs planned from now on, and", log)
    assert told, log
    assert int(told[2]) == int(told[1]) + 1


def state_and_version(app: App, number: str) -> tuple[str, int]:
    with app.reading() as ctx:
        job = ctx.session.scalars(select(Job).where(Job.number == number)).one()
        step = ctx.session.scalars(select(JobStep).where(JobStep.kind == "provisioning.ansible")).one()
        return job.state, step.inputs["version"]


@pytest.mark.parametrize("way", ["job", "step"])
def test_a_held_job_is_retried_with_the_playbook_that_was_mended(
    shop: App,
    held: str,
    staff: Callable[..., Browser],
    find: Callable[..., Subscriber | None],
    way: str,
) -> None:
    state, planned = state_and_version(shop, held)
    assert state == "failed"
    client = staff("provisioning_engineer")
    [seq] = set(re.findall(rf"/jobs/{held}/steps/(\d+)/retry", client.get(f"/jobs/{held}").text))
    path = f"/jobs/{held}/retry" if way == "job" else f"/jobs/{held}/steps/{seq}/retry"
    page = client.get(path).text
    assert f"As planned: version {planned}" in page
    assert f"With the newest one: version {planned + 1}" in page
    assert re.search(r'value="planned"[^>]*\bchecked\b', page), "nothing else is run unless somebody says so"
    client.submit(path, {"use": "newest", "reason": "The port was wrong"})
    work_until_idle(shop)
    assert state_and_version(shop, held) == ("succeeded", planned + 1)
    assert find(IMSI) is not None
    with shop.reading() as ctx:
        log = " ".join(ctx.session.scalars(select(JobEvent.text)))
        details = [str(one) for one in ctx.session.scalars(select(ActivityEntry.details))]
    assert f"Set up in the network: with version {planned + 1}, in place of {planned} as planned." in log
    assert any(f"{planned} → {planned + 1}" in one and "The port was wrong" in one for one in details), (
        details
    )


def test_what_the_job_does_not_hold_is_said_before_a_mended_playbook_is_run(
    shop: App, held: str, staff: Callable[..., Browser]
) -> None:
    planned = state_and_version(shop, held)
    with shop.unit_of_work() as ctx:
        text = f"{HEAD}    - name: Say\n      ansible.builtin.debug: {{msg: '{{{{ parameters.colour }}}}'}}\n"
        editing.save_file(ctx, "mobile_line", "do", text)
    client = staff("provisioning_engineer")
    answer = client.submit(f"/jobs/{held}/retry", {"use": "newest"})
    assert answer.status_code == 422
    assert "“Set up in the network” cannot be done with the newest version" in answer.text
    assert "mobile_line/do.yml:6 reads parameters.colour, which there is not" in answer.text
    assert state_and_version(shop, held) == planned


def test_a_mended_playbook_must_still_undo_what_it_does(shop: App, held: str) -> None:
    library.find(shop, "mobile_line").path("undo").unlink()
    with shop.unit_of_work() as ctx, pytest.raises(Refused, match=r"mobile_line/undo\.yml") as refused:
        jobs.retry(ctx, held, use=RetryWith.NEWEST)
    assert refused.value.field == "use"


def test_a_retry_offers_no_version_that_cannot_be_run_and_none_where_nothing_is_newer(
    shop: App, held: str, staff: Callable[..., Browser]
) -> None:
    client = staff("provisioning_engineer")
    file = library.find(shop, "mobile_line").path("do")
    file.write_text(HEAD + "    - name: Wait\n      ansible.builtin.command: sleep 9\n      async: 9\n")
    assert "newest one" not in client.get(f"/jobs/{held}/retry").text
    with shop.unit_of_work() as ctx:
        step = ctx.session.scalars(select(JobStep).where(JobStep.kind == "provisioning.ansible")).one()
        planned = versions.version(ctx, "mobile_line", step.inputs["version"])
        file.write_text(planned.files["do.yml"])
    assert "newest one" not in client.get(f"/jobs/{held}/retry").text


def test_a_playbook_without_suspend_is_named_with_its_product_and_no_path(
    shop: App, order: Callable[[], OrderView]
) -> None:
    number = order().lines[0].service_number
    work_until_idle(shop)
    with shop.unit_of_work() as ctx:
        editing.save_file(ctx, "mobile_line", "do", do_text(shop) + "# ours\n")
    library.find(shop, "mobile_line").path("suspend").unlink()
    with shop.unit_of_work() as ctx, pytest.raises(Refused) as caught:
        catalog.suspend_service(ctx, number, SuspendService(reason=SuspensionReason.DEBT))
    words = str(caught.value)
    assert "Mobile 10 GB cannot be suspended: its playbook mobile_line has no suspend.yml." in words
    assert "Add mobile_line/suspend under Playbooks" in words
    assert str(shop.config.playbook_folder) not in words


def test_an_element_that_nobody_added_is_named_before_anything_is_ordered(
    shop: App, order: Callable[[], OrderView]
) -> None:
    with shop.unit_of_work() as ctx:
        text = do_text(shop).replace("{{ hlr.host }}", "{{ elements.hlr_south.host }}")
        editing.save_file(ctx, "mobile_line", "do", text)
    with pytest.raises(Refused, match="mobile_line names the network element hlr_south, which is not there"):
        order()


@pytest.mark.both_databases
def test_a_version_is_kept_once_for_what_the_folder_holds(app: App) -> None:
    with app.unit_of_work() as ctx:
        playbook = editing.create(ctx, "fibre")
        assert versions.freeze(ctx, playbook) == 1
        playbook.path("do").write_text("# by hand\n")
        assert (versions.freeze(ctx, playbook), versions.freeze(ctx, playbook)) == (2, 2)
        editing.bring_back(ctx, "fibre", 1)
        assert [one.number for one in versions.versions(ctx, "fibre")] == [3, 2, 1]
        # The same files as version 1, so a job may keep the newest that holds them.
        assert versions.freeze(ctx, playbook) == 3
        with pytest.raises(Refused, match="There is a playbook fibre already"):
            editing.create(ctx, "fibre")
        with pytest.raises(Refused, match="small letters"):
            editing.create(ctx, "../fibre")


def add_element(app: App, name: str, **values: Any) -> None:
    with app.unit_of_work() as ctx:
        elements.add(ctx, ElementFields(name=name, label=name.upper(), **values))


@pytest.mark.both_databases
def test_a_run_gets_the_secrets_of_the_elements_its_playbook_names_and_no_others(app: App) -> None:
    add_element(
        app, "olt", host="192.0.2.7", password="olt-Secret", facts="host_key: ssh-ed25519 AAAA\nrack: 7"
    )
    add_element(app, "bng", host="192.0.2.8", password="bng-Secret")
    with app.reading() as ctx:
        assert elements.variables(ctx)["olt"] == {
            "label": "OLT",
            "host": "192.0.2.7",
            "host_key": "ssh-ed25519 AAAA",
            "rack": "7",
        }
        assert elements.secrets(ctx, ["x: {{ secrets.elements.olt.password }}"]) == {
            "olt": {"password": "olt-Secret"}
        }
    with app.unit_of_work() as ctx:
        held = elements.find(ctx, "olt")
        assert held is not None
        elements.change(ctx, "olt", EditElement(name="olt", label="OLT 1", version=held.version))
    with app.reading() as ctx:
        assert elements.secrets(ctx, ["secrets.elements.olt"])["olt"] == {"password": "olt-Secret"}
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="sounds like a secret"):
        elements.add(ctx, ElementFields(name="x", label="X", facts="admin_password: y"))


def test_a_trial_reaches_the_chosen_element_only_and_changes_nothing(shop: App) -> None:
    add_element(shop, "lab", host="lab.example", password="lab-Secret")
    add_element(shop, "olt", host="olt.example", password="olt-Secret")
    text = (
        f"{HEAD}    - name: Who is it\n      ansible.builtin.debug:\n"
        '        msg: "{{ elements.olt.host }} {{ parameters.wifi_name }} checking={{ ansible_check_mode }}"\n'
        "    - name: Secret\n      ansible.builtin.debug:\n"
        '        msg: "{{ secrets.elements.olt.password }}"\n      no_log: true\n'
    )
    with shop.unit_of_work() as ctx:
        editing.create(ctx, "trial")
        editing.save_file(ctx, "trial", "do", text)
        trials.try_out(ctx, "trial", "do", element="lab", variables={"parameters": {"wifi_name": "Casa"}})
        with pytest.raises(Refused, match="no element nowhere"):
            trials.try_out(ctx, "trial", "do", element="nowhere")
        with pytest.raises(Refused, match="ansible_connection"):
            trials.try_out(ctx, "trial", "do", variables={"ansible_connection": "ssh"})
    work_until_idle(shop)
    with shop.reading() as ctx:
        log = " ".join(ctx.session.scalars(select(JobEvent.text)))
        step = ctx.session.scalars(select(JobStep).where(JobStep.kind == "provisioning.trial")).one()
    assert step.state == "done", log
    assert "lab.example Casa checking=True" in log
    assert "lab-Secret" not in log


def test_a_trial_that_really_runs_says_that_its_messages_are_not_sent(shop: App) -> None:
    text = (
        f"{HEAD}    - name: Write\n      trunkline.telecom.mail: {{subject: Ready, text: It works}}\n"
        "    - name: Tell\n      trunkline.telecom.notify: {to: '+5551999', text: It works}\n"
    )
    with shop.unit_of_work() as ctx:
        editing.create(ctx, "trial")
        editing.save_file(ctx, "trial", "do", text)
        trials.try_out(ctx, "trial", "do", check=False)
    work_until_idle(shop)
    with shop.reading() as ctx:
        log = " ".join(ctx.session.scalars(select(JobEvent.text)))
        assert not ctx.session.scalars(select(Email.id)).all()
    assert "A trial sends nothing: the mail “Ready” to the customer is not sent." in log, log
    assert "A trial sends nothing: the text message to +5551999 is not sent." in log, log
    assert "queued once" not in log


def test_a_trial_that_fails_waits_for_nobody_and_is_mailed_to_nobody(
    shop: App, staff: Callable[..., Browser]
) -> None:
    text = f"{HEAD}    - name: No\n      ansible.builtin.fail: {{msg: not here}}\n"
    with shop.unit_of_work() as ctx:
        editing.create(ctx, "trial")
        editing.save_file(ctx, "trial", "do", text)
        number = trials.try_out(ctx, "trial", "do")
    work_until_idle(shop)
    page = staff("provisioning_engineer").get(f"/jobs/{number}").text
    assert "The job failed. Nothing was undone." in page
    assert "Rolled back" not in page
    with shop.reading() as ctx:
        assert "not here" in ctx.session.scalars(select(Job.error)).one()
        assert not undecided(ctx)
        assert not ctx.session.scalars(select(Email.id)).all()


def test_a_key_without_its_colon_is_named_by_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "do.yml"
    file.write_text(HEAD.replace("tasks:", "tasks") + "    - name: a\n")
    assert [problem.line for problem in own_problems([file])] == [4]


def test_the_library_says_which_playbooks_lack_an_element_and_a_version_is_brought_back_from_its_page(
    shop: App, staff: Callable[..., Browser]
) -> None:
    client = staff("provisioning_engineer")
    listed = client.get("/provisioning/playbooks").text
    assert "Lacks olt<" in listed
    name = re.findall(r'href="(/provisioning/playbooks/\w+)"', listed.partition("Lacks olt<")[0])[-1]
    assert "Not ready" in client.get(name).text, "its own page says the same as the list"
    add_element(shop, "olt", host="olt.example", password="olt-Secret")
    assert "Lacks olt<" not in client.get("/provisioning/playbooks").text
    assert "Not ready" not in client.get(name).text
    with shop.unit_of_work() as ctx:
        editing.create(ctx, "fibre")
        first = queries.source(ctx, "fibre", "do")
        editing.save_file(ctx, "fibre", "do", f"# Another.\n{first}")
    assert "bring-back" not in client.get("/provisioning/playbooks/fibre/versions/2").text
    page = "/provisioning/playbooks/fibre/versions/1"
    client.submit(f"{page}/bring-back", {}, page=page)
    with shop.reading() as ctx:
        assert queries.source(ctx, "fibre", "do") == first


def test_the_editor_names_every_line_at_fault_and_keeps_the_text(
    shop: App, staff: Callable[..., Browser]
) -> None:
    client = staff("provisioning_engineer")
    page = client.get("/provisioning/playbooks/mobile_line/edit/do")
    assert page.status_code == 200
    assert "This playbook comes with provisioning" in page.text
    broken = HEAD.replace("  gather_facts: false\n", "") + (
        "    - name: Wait\n      ansible.builtin.command: sleep 9\n      async: 9\n"
    )
    answer = client.submit("/provisioning/playbooks/mobile_line/edit/do", {"text": broken, "version": "0"})
    assert answer.status_code == 422
    assert 'href="#line-1"' in answer.text
    assert 'href="#line-6"' in answer.text
    assert "sleep 9" in answer.text
    new = client.submit("/provisioning/playbooks/new", {"name": "fibre"}, follow_redirects=False)
    assert new.headers["location"] == "/provisioning/playbooks/fibre/edit/do"
    for path in ("fibre", "fibre/versions", "fibre/versions/1", "fibre/try", "fibre/files/new"):
        assert client.get(f"/provisioning/playbooks/{path}").status_code == 200, path
    day = client.submit(
        "/provisioning/playbooks/fibre/try", {"word": "do", "variables": "{since: 2026-02-31}"}
    )
    assert day.status_code == 422
    assert "This is no YAML" in day.text
    assert "2026-02-31" in day.text
    reader = staff("auditor")
    assert reader.get("/provisioning/playbooks/fibre/versions/1").status_code == 200
    for path in ("fibre/edit/do", "fibre/try", "new"):
        assert reader.get(f"/provisioning/playbooks/{path}").status_code == 403, path
    with shop.reading() as ctx, pytest.raises(NotFound):
        versions.version(ctx, "fibre", 9)


def test_a_playbook_finds_its_item_and_writes_to_the_customer_once_it_has_ended_well(
    shop: App, order: Callable[[], OrderView]
) -> None:
    text = (
        f"{HEAD}    - name: SIM\n      trunkline.telecom.inventory_pick: {{template: sim, fields: [imsi]}}\n"
        "      register: sim\n"
        "    - name: Write\n      trunkline.telecom.mail:\n        subject: Ready\n"
        '        text: "IMSI {{ sim.item.imsi }} of {{ customer.name }}"\n'
        "    - name: No ONT\n      trunkline.telecom.inventory_pick: {template: ont}\n"
        "      when: customer.name == 'nobody'\n"
    )
    with shop.unit_of_work() as ctx:
        editing.save_file(ctx, "mobile_line", "do", text)
        editing.save_file(ctx, "mobile_line", "schema", "# It hands nothing over.")
    order()
    work_until_idle(shop)
    with shop.reading() as ctx:
        mails = [(mail.subject, mail.text, mail.recipient) for mail in ctx.session.scalars(select(Email))]
        step = ctx.session.scalars(select(JobStep).where(JobStep.kind == "provisioning.ansible")).one()
    assert step.outputs == {}
    [notice] = [mail for mail in mails if mail[0] == "Ready"]
    assert notice[1].startswith(f"IMSI {IMSI} of {ODD_NAME}")
    assert notice[2] == "odd@example.com"


def test_what_the_order_does_not_hold_is_named() -> None:
    variables = {
        "picks": {"sim": {"item": "I000001", "imsi": ""}},
        "steps": {"a": {"outputs": {"account": "A1"}}},
    }
    with pytest.raises(DeviceError, match=r"no item of template “ont” \(it holds sim\)"):
        picked(variables, "ont", [])
    with pytest.raises(DeviceError, match="I000001 has no imsi"):
        picked(variables, "sim", ["imsi"])
    assert charging_account(variables).facts["account"] == "A1"
    with pytest.raises(DeviceError, match="not charged"):
        charging_account({})
    with pytest.raises(DeviceError, match="no text"):
        message("sms", "", "", " ", dry_run=False)
    done, looked = (message("sms", "", "", "x", dry_run=dry_run) for dry_run in (False, True))
    assert done.facts == looked.facts, "a look that finds the playbook done after a death stands for its run"
    assert "would be queued" in looked.message
