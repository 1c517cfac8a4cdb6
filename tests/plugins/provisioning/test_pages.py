"""Playbooks as people and programs see them."""

import re
from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline_provisioning import elements

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

Staff = Callable[..., Browser]


def test_the_list_names_source_users_and_what_cannot_be_read(shop: App, staff: Staff) -> None:
    folder = shop.config.playbook_folder / "fibre"
    folder.mkdir(parents=True)
    (folder / "do.yml").write_text("- hosts: localhost\n  tasks: [\n")
    page = staff("provisioning_engineer").get("/provisioning/playbooks").text
    assert "mobile_10" in page
    assert "fibre" in page
    assert "Cannot be run" in page
    assert "Can be run" in page
    assert "Simulated HLR" in page


def test_one_of_many_playbooks_is_found_by_its_name(shop: App, staff: Staff) -> None:
    for n in range(60):
        folder = shop.config.playbook_folder / f"fibre_{n:02d}"
        folder.mkdir(parents=True)
        # Read by our own rules, which need no Ansible to find that it is no playbook.
        (folder / "do.yml").write_text("- hosts: localhost\n  tasks: [\n")
    browser = staff("provisioning_engineer")

    def shown(query: str) -> list[str]:
        return re.findall(r'data-href="/provisioning/playbooks/(fibre_\d\d)"', browser.get(query).text)

    here = "/provisioning/playbooks"
    assert sorted(shown(here) + shown(f"{here}?page=2")) == [f"fibre_{n:02d}" for n in range(60)]
    assert shown(f"{here}?q=fibre_41") == ["fibre_41"]


def test_a_playbook_shows_its_files_and_names_the_line_at_fault(shop: App, staff: Staff) -> None:
    folder = shop.config.playbook_folder / "mobile_line"
    folder.mkdir(parents=True)
    (folder / "do.yml").write_text("- hosts: localhost\n  tasks: [\n")
    client = staff("provisioning_engineer")
    page = client.get("/provisioning/playbooks/mobile_line").text
    assert "Your own" in page
    assert "do.yml:3" in page
    assert "- hosts: localhost" in page
    assert client.get("/provisioning/playbooks/mobile_line?file=undo").status_code == 404
    assert client.get("/provisioning/playbooks/mobile_line?file=../../secrets").status_code == 404
    assert client.get("/provisioning/playbooks/nothing").status_code == 404


def test_a_playbook_is_not_ready_before_the_elements_are_there_that_it_names(shop: App, staff: Staff) -> None:
    client, here = staff("provisioning_engineer"), "/provisioning/playbooks/radius_subscriber"
    assert "Not ready" in client.get(here).text
    with shop.unit_of_work() as ctx:
        elements.add(ctx, elements.ElementFields(name="radius", label="RADIUS", host="192.0.2.7"))
    shown = client.get(here).text
    assert "Not ready" not in shown
    assert "Can be run" in shown


def test_who_has_no_business_with_playbooks_sees_none(shop: App, staff: Staff) -> None:
    assert staff("cashier").get("/provisioning/playbooks").status_code == 403


def test_rest_lists_playbooks_and_the_jobs_that_touch_the_network(
    shop: App, order: Callable[[], object], client: Browser
) -> None:
    create_user(shop, "api@example.com", "administrator")
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    listed = client.get("/api/v1/provisioning/playbooks").json()["items"]
    [playbook] = [one for one in listed if one["name"] == "mobile_line"]
    assert (playbook["name"], playbook["source"], playbook["products"]) == (
        "mobile_line",
        "provisioning",
        ["mobile_10"],
    )
    words = [file["word"] for file in playbook["files"]]
    assert words[:5] == ["do", "undo", "suspend", "resume", "terminate"]
    assert words[words.index("change_sim") + 1] == "undo_change_sim"
    assert client.get("/api/v1/provisioning/jobs").json()["total"] == 0
    order()
    [job] = client.get("/api/v1/provisioning/jobs").json()["items"]
    assert (job["kind"], job["state"], job["customer"]) == ("catalog.order_line", "queued", "C000001")
