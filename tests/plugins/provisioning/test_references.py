"""A name that a run will lack is named when the order is planned, and nothing that a playbook may do without is."""

import html
import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs.models import Job
from trunkline.testing import Browser
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import OrderView, UpdateProduct
from trunkline_provisioning.references import readings

HEAD = "- name: Card\n  hosts: localhost\n  gather_facts: false\n  tasks:\n"
TASK = """\
    - name: Tell
      ansible.builtin.debug:
        msg: "{text}"
{more}"""


def playbook(text: str, more: str = "") -> str:
    return HEAD + TASK.format(text=text, more=more)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("{{ picks.sim.imsi }} {{ picks['sim']['iccid'] }}", ["picks.sim.iccid", "picks.sim.imsi"]),
        ("{{ customer.name.upper() }} picks.sim.pin http://service.example", ["customer.name"]),
        ("{{ parameters.vlan | default(parameters.other) }}", []),
        ("{{ parameters.vlan if parameters.vlan is defined else 1 }}", []),
        ("{{ told.stdout }} {{ ansible_check_mode }} {{ lookup('env', 'HOME') }}", []),
        ("{{ custmer.name }}", ["custmer.name"]),
    ],
)
def test_only_what_is_read_for_certain_counts(text: str, reads: list[str]) -> None:
    register = "      register: told\n"
    assert [str(one) for one in readings(playbook(text, register))] == reads


def test_a_task_with_a_condition_and_names_from_elsewhere_are_left_to_the_run() -> None:
    assert readings(playbook("{{ picks.stb.serial }}", "      when: product.code == 'tv'\n")) == ()
    assert readings("- import_playbook: other.yml\n" + playbook("{{ from_there }}")) == ()
    asked_elsewhere = playbook("{{ parameters.vlan }}") + TASK.format(
        text="{{ 'vlan' in parameters }}", more=""
    )
    assert [str(one) for one in readings(asked_elsewhere)] == ["parameters"]


@pytest.mark.plugins("inventory", "catalog", "provisioning")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- hosts: localhost\n  tasks: [\n", "The playbook card cannot be run: card/do.yml:3: "),
        (playbook("{{ custmer.name }}"), "card/do.yml:7 reads custmer.name.* Did you mean “customer”"),
        (playbook("{{ picks.ont.serial }}"), "card/do.yml:7 reads picks.ont.serial, which there is not"),
        (playbook("{{ picks.sim.imsi }} {{ parameters.vlan }} {{ steps.x.outputs.y }}"), ""),
    ],
)
def test_a_product_whose_playbook_was_broken_in_its_folder_is_refused_with_file_and_line(
    shop: App, staff: Callable[..., Browser], text: str, words: str
) -> None:
    folder = shop.config.playbook_folder / "card"
    folder.mkdir(parents=True)
    (folder / "do.yml").write_text(text)
    with shop.unit_of_work() as ctx:
        catalog.update_product(ctx, "mobile_10", UpdateProduct(playbook=""))
    client, page = staff("product_manager"), "/catalog/products/mobile_10/edit"
    saved = client.submit(page, {"name": "Mobile 10 GB", "playbook": "card", "needs": ["sim"]}, page=page)
    said = " ".join(html.unescape(saved.text).split())
    if words:
        assert saved.status_code == 422
        assert re.search(words, said), said
    else:
        assert saved.status_code == 200
        # What has nothing to do with the network can still be changed once somebody breaks it.
        (folder / "do.yml").write_text("[")
        with shop.unit_of_work() as ctx:
            catalog.update_product(ctx, "mobile_10", UpdateProduct(name="Mobile 10"))


@pytest.mark.plugins("inventory", "catalog", "provisioning")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ picks.sim.imsii }}", "mobile_line/do.yml:7 reads picks.sim.imsii.* Did you mean “imsi”"),
        ("{{ custmer.name }}", "mobile_line/do.yml:7 reads custmer.name.* Did you mean “customer”"),
    ],
)
def test_an_order_whose_playbook_reads_what_there_is_not_is_refused_with_file_and_line(
    shop: App, order: Callable[..., OrderView], text: str, words: str
) -> None:
    folder = shop.config.playbook_folder / "mobile_line"
    folder.mkdir(parents=True)
    (folder / "do.yml").write_text(playbook(text))
    (folder / "undo.yml").write_text(playbook("nothing"))
    with pytest.raises(Refused, match=words) as refused:
        order()
    assert refused.value.field == "lines.0.playbook"
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Job)).all() == []
