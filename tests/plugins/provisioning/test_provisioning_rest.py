"""Elements, playbooks, rollouts and differences over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline_provisioning.network_audit.models import ProvisioningFinding

pytestmark = pytest.mark.plugins("inventory", "catalog", "provisioning")
_ELEMENTS, _PLAYBOOKS = "/api/v1/provisioning/elements", "/api/v1/provisioning/playbooks"


@pytest.fixture
def program(app: App, make_client: Callable[[], Browser]) -> Callable[..., Browser]:
    """`program("role")` is a client with a token of somebody with that role."""

    def signed_in(role: str = "provisioning_engineer") -> Browser:
        create_user(app, f"{role}@example.com", role)
        client = make_client()
        body = {"email": f"{role}@example.com", "password": PASSWORD}
        token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    return signed_in


def _fields(answer: Any) -> list[str]:
    return [fault["field"] for fault in answer.json()["errors"]]


def _entries(app: App, operation: str) -> list[ActivityEntry]:
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(ActivityEntry).where(ActivityEntry.operation == operation)))


def test_an_element_is_added_changed_and_removed_and_its_secrets_stay_inside(
    app: App, program: Callable[..., Browser]
) -> None:
    api = program()
    wish = {
        "name": "olt_1",
        "label": "OLT Centro",
        "host": "10.0.0.7",
        "password": "s3cret-of-olt",
        "facts": {"host_key": "ssh-ed25519 AAAA", "kind": "gpon"},
    }
    added = api.post(_ELEMENTS, json=wish, headers={"Idempotency-Key": "olt"})
    assert added.status_code == 201, added.text
    assert api.post(_ELEMENTS, json=wish, headers={"Idempotency-Key": "olt"}).json() == added.json()
    changed = api.patch(
        f"{_ELEMENTS}/olt_1", json={"port": 830, "at_once": 2}, headers={"If-Match": '"1"'}
    ).json()
    assert (changed["label"], changed["host"], changed["port"], changed["at_once"]) == (
        "OLT Centro",
        "10.0.0.7",
        830,
        2,
    )
    assert (changed["has_password"], changed["has_private_key"], changed["facts"]["kind"]) == (
        True,
        False,
        "gpon",
    )
    assert api.patch(f"{_ELEMENTS}/olt_1", json={"port": 22}, headers={"If-Match": '"1"'}).status_code == 409
    listed = api.get(_ELEMENTS)
    assert [one["name"] for one in listed.json()["items"]] == ["olt_1"]
    assert "s3cret-of-olt" not in added.text + listed.text
    assert api.delete(f"{_ELEMENTS}/olt_1").status_code == 204
    assert api.get(f"{_ELEMENTS}/olt_1").status_code == 404
    kinds = [entry.actor_kind for entry in _entries(app, "provisioning.element.edit")]
    assert kinds == ["api", "api"]


def test_elements_are_answered_a_page_at_a_time_with_the_playbooks_that_name_them(
    program: Callable[..., Browser],
) -> None:
    api = program()
    for name, label in (("radius", "RADIUS"), ("edge", "Router"), ("agent", "Agent")):
        body = {"name": name, "label": label, "private_key": "kept" if name == "edge" else ""}
        assert api.post(_ELEMENTS, json=body).status_code == 201
    first = api.get(f"{_ELEMENTS}?limit=2&sort=-name").json()
    rest = api.get(_ELEMENTS, params={"limit": 2, "sort": "-name", "cursor": first["next"]}).json()
    shown = [(one["name"], one["has_private_key"]) for one in first["items"] + rest["items"]]
    assert shown == [("radius", False), ("edge", True), ("agent", False)]
    assert (first["total"], rest["next"]) == (3, None)
    assert first["items"] == [api.get(f"{_ELEMENTS}/{name}").json() for name in ("radius", "edge")]
    assert first["items"][0]["playbooks"] == ["radius_subscriber", "triple_play"]


def test_an_element_is_refused_with_the_field_at_fault(program: Callable[..., Browser]) -> None:
    api = program()
    assert _fields(api.post(_ELEMENTS, json={"name": "OLT 1", "label": "x"})) == ["name"]
    secret = {"name": "olt", "label": "OLT", "facts": {"password": "x"}}
    assert _fields(api.post(_ELEMENTS, json=secret)) == ["facts"]
    assert _fields(api.post(_ELEMENTS, json={**secret, "facts": {"a": "one\ntwo"}})) == ["facts.a"]
    assert _fields(api.post(_ELEMENTS, json={**secret, "facts": {"a": "x" * 4000, "b": "x" * 4000}})) == [
        "facts"
    ]
    assert api.post(_ELEMENTS, json={"name": "olt", "label": "OLT"}).status_code == 201
    assert _fields(api.post(_ELEMENTS, json={"name": "olt", "label": "Again"})) == ["name"]


def test_who_may_not_see_elements_and_playbooks_is_refused(program: Callable[..., Browser]) -> None:
    api = program("customer_care")
    assert api.get(_ELEMENTS).status_code == 403
    assert api.post(_ELEMENTS, json={"name": "olt", "label": "OLT"}).status_code == 403
    assert api.patch(f"{_PLAYBOOKS}/mobile_line/files/do", json={"text": "x"}).status_code == 403


def test_a_playbook_is_written_checked_and_brought_back(app: App, program: Callable[..., Browser]) -> None:
    api = program()
    made = api.post(_PLAYBOOKS, json={"name": "fibre"})
    assert (made.status_code, made.json()["source"]) == (201, "operator")
    file = f"{_PLAYBOOKS}/fibre/files/do"
    read = api.get(file).json()
    assert read["version"] == 1
    wrong = "- hosts: localhost\n  tasks: []\n"
    said = api.post(f"{file}/check", json={"text": wrong}).json()["items"]
    assert [(one["line"], one["level"]) for one in said][:1] == [(1, "error")]
    refused = api.patch(file, json={"text": wrong}, headers={"If-Match": '"1"'})
    assert (refused.status_code, _fields(refused)) == (422, ["text"])
    better = read["text"].replace("Say who it is for", "Tell who it is for")
    saved = api.patch(file, json={"text": better, "note": "Wording"}, headers={"If-Match": '"1"'})
    assert (saved.status_code, saved.json()["number"], saved.json()["note"]) == (200, 2, "Wording")
    assert "+    - name: Tell who it is for" in saved.json()["difference"]
    assert api.patch(file, json={"text": better}, headers={"If-Match": '"1"'}).status_code == 409
    back = api.post(f"{_PLAYBOOKS}/fibre/versions/1/bring-back")
    assert (back.status_code, back.json()["number"]) == (201, 3)
    assert api.get(file).json()["text"] == read["text"]
    numbers = [one["number"] for one in api.get(f"{_PLAYBOOKS}/fibre/versions").json()["items"]]
    assert numbers == [3, 2, 1]
    assert api.get(f"{_PLAYBOOKS}/fibre/versions/2").json()["files"]["do.yml"] == better
    assert [entry.actor_kind for entry in _entries(app, "provisioning.playbook.edit")] == ["api", "api"]
    assert api.delete(f"{_PLAYBOOKS}/fibre").status_code == 204
    assert api.get(f"{_PLAYBOOKS}/fibre").status_code == 404


def test_what_is_no_playbook_is_not_there_and_a_plugins_own_stays(program: Callable[..., Browser]) -> None:
    api = program()
    assert api.get(f"{_PLAYBOOKS}/mobile_lin").status_code == 404
    assert api.get(f"{_PLAYBOOKS}/mobile_line/files/nothing").status_code == 404
    assert api.get(f"{_PLAYBOOKS}/mobile_line/versions/{2**40}").status_code == 404
    assert api.delete(f"{_PLAYBOOKS}/mobile_line").status_code == 422
    taken = api.post(_PLAYBOOKS, json={"name": "mobile_line"})
    assert (taken.status_code, _fields(taken)) == (422, ["name"])


def test_a_trial_is_queued_for_a_chosen_element_only(app: App, program: Callable[..., Browser]) -> None:
    api = program()
    api.post(_PLAYBOOKS, json={"name": "fibre"})
    refused = api.post(f"{_PLAYBOOKS}/fibre/try", json={"word": "do", "element": "nowhere"})
    assert (refused.status_code, _fields(refused)) == (422, ["element"])
    tried = api.post(f"{_PLAYBOOKS}/fibre/try", json={"word": "do", "variables": {"a": 1}})
    assert tried.status_code == 202
    job = api.get(f"/api/v1/jobs/{tried.json()['job']}").json()
    assert (job["kind"], job["state"]) == ("provisioning.trial", "queued")


def test_a_list_of_services_is_thrown_away_before_it_begins(program: Callable[..., Browser]) -> None:
    api, others = program(), program("customer_care")
    wish = {"wish": {"action": "suspend", "reason": "request"}, "services": [{"service": "S000001"}]}
    prepared = api.post("/api/v1/provisioning/rollouts", json=wish)
    assert prepared.status_code == 201, prepared.text
    place = f"/api/v1/provisioning/rollouts/{prepared.json()['number']}"
    assert others.delete(place).status_code == 403
    assert api.delete(place).status_code == 204
    assert api.get(place).status_code == 404


def test_a_difference_left_as_it_is_counts_again(app: App, program: Callable[..., Browser]) -> None:
    with app.unit_of_work() as ctx:
        found = ProvisioningFinding(
            number="D000001",
            action="trunkline.telecom.hlr",
            kind="unknown",
            place="HLR",
            subject="724990000000099",
            seen_at=ctx.now(),
        )
        ctx.session.add(found)
    api = program()
    place = "/api/v1/provisioning/differences/D000001"
    assert api.post(f"{place}/reopen").status_code == 422
    assert api.post(f"{place}/ignore", json={"reason": "Moves on Monday."}).json()["state"] == "ignored"
    opened = api.post(f"{place}/reopen").json()
    assert (opened["state"], opened["ignored_reason"]) == ("open", "")
