"""The collection's actions against real programs: Debian's sshd, snmpd and FreeRADIUS, and simulated elements beside them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services import openssh, optical_line, snmpd
from tests.services.freeradius import FreeRadius, freeradius
from tests.services.json_element import TOKEN, JsonElement, json_element
from trunkline_provisioning.devices import cli, radius, snmp
from trunkline_provisioning.devices.outcome import DeviceError
from trunkline_provisioning.run_events import Line
from trunkline_provisioning.runner import PlaybookRun, run_playbook

pytestmark = [
    pytest.mark.postgres,
    *(pytest.mark.peer(program) for program in ("freeradius", "radclient", "snmpd", "sshd")),
]

SECRET = "wifi-Secret.77"


@pytest.fixture(scope="module")
def server() -> Iterator[FreeRadius]:
    with freeradius(os.environ["TRUNKLINE_TEST_POSTGRES"]) as running:
        yield running


@pytest.fixture(scope="module")
def agent() -> Iterator[snmpd.Snmpd]:
    with snmpd.snmpd() as running:
        yield running


@pytest.fixture(scope="module")
def router() -> Iterator[openssh.Sshd]:
    with openssh.sshd_router() as running:
        yield running


@pytest.fixture(scope="module")
def olt() -> Iterator[optical_line.OpticalLine]:
    with optical_line.optical_line() as running:
        yield running


@pytest.fixture(scope="module")
def element() -> Iterator[JsonElement]:
    with json_element() as running:
        yield running


#: Every action with what is wanted; the run below does each three times: only looking, in earnest, and again.
ACTIONS = """\
    http:
      url: "{{ at.url }}/lines/551"
      token: "{{ secrets.at.token }}"
      body: {number: "551", features: {bar: true}, sip_secret: "{{ secrets.at.wifi }}"}
      write_only: [sip_secret]
    cli:
      host: "{{ at.ssh.host }}"
      port: "{{ at.ssh.port }}"
      username: "{{ at.ssh.username }}"
      private_key: "{{ secrets.at.key }}"
      host_key: "{{ at.ssh.host_key }}"
      device_type: cisco_ios
      check: show interface ge0/7
      expect: ["^ ?description Ana$"]
      commands: [interface ge0/7, description Ana, address 100.64.0.1/30]
      configure: true
      save: write memory
    tl1:
      host: 127.0.0.1
      port: "{{ at.tl1 }}"
      username: trunkline
      password: "{{ secrets.at.olt }}"
      check: {verb: RTRV-ONT, aid: ONT-1-1-4}
      expect: {SERNUM: TRNK0001, SSID: "Casa da Ana"}
      create: [{verb: ENT-ONT, aid: ONT-1-1-4, parameters: {SERNUM: TRNK0001}}]
      change: [{verb: ED-ONT, aid: ONT-1-1-4, parameters: {SSID: "Casa da Ana", WPAKEY: "{{ secrets.at.wifi }}"}}]
    snmp_set:
      host: 127.0.0.1
      port: "{{ at.snmp }}"
      username: operator
      auth_key: "{{ secrets.at.auth }}"
      priv_key: "{{ secrets.at.priv }}"
      objects: [{oid: 1.3.6.1.2.1.1.6.0, value: "Rack 7"}]
    radius_user:
      host: "{{ at.radius.host }}"
      port: "{{ at.radius.port }}"
      database: "{{ at.radius.database }}"
      login: "{{ at.radius.login }}"
      login_password: "{{ secrets.at.database }}"
      username: ana
      password: "{{ secrets.at.wifi }}"
      reply: {Framed-IP-Address: 100.64.0.7}
      groups: [fibre]
"""


NAMES = ("http", "cli", "tl1", "snmp_set", "radius_user")
TURNS = ("dry", "first", "again")


def playbook() -> str:
    """One play with each action three times, which hands over what changed when."""
    options = yaml.safe_load(ACTIONS)
    tasks: list[dict[str, Any]] = [
        {
            "name": f"{name} {turn}",
            f"trunkline.telecom.{name}": options[name],
            "register": f"{name}_{turn}",
            "diff": True,
            "check_mode": turn == "dry",
        }
        for turn in TURNS
        for name in NAMES
    ]
    changed = {f"{name}_{turn}": f"{{{{ {name}_{turn}.changed }}}}" for name in NAMES for turn in TURNS}
    data = {"changed": changed, "told": "{{ radius_user_first }}"}
    tasks.append({"name": "Hand over", "ansible.builtin.set_stats": {"data": data}})
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    return yaml.safe_dump([play], sort_keys=False)


def test_each_action_looks_changes_once_and_then_leaves_alone(
    server: FreeRadius,
    agent: snmpd.Snmpd,
    router: openssh.Sshd,
    olt: optical_line.OpticalLine,
    element: JsonElement,
    tmp_path: Path,
) -> None:
    path = tmp_path / "do.yml"
    path.write_text(playbook())
    variables: dict[str, Any] = {
        "at": {
            "url": element.url,
            "ssh": {
                "host": router.host,
                "port": router.port,
                "username": router.username,
                "host_key": router.host_key,
            },
            "tl1": olt.tl1_port,
            "snmp": agent.port,
            "radius": {
                "host": server.host,
                "port": server.database_port,
                "database": server.database,
                "login": server.login,
            },
        },
        "run": {"idempotency_key": "J000001:network:do"},
    }
    secrets = {
        "at": {
            "token": TOKEN,
            "key": router.private_key,
            "olt": optical_line.PASSWORD,
            "auth": snmpd.AUTH_KEY,
            "priv": snmpd.PRIV_KEY,
            "database": server.password,
            "wifi": SECRET,
        }
    }
    lines: list[Line] = []
    result = run_playbook(PlaybookRun(path, variables, secrets), log=lines.append)
    assert result.succeeded, result.problem
    changed = result.outputs["changed"]
    turns = {turn: {changed[f"{name}_{turn}"] for name in NAMES} for turn in TURNS}
    assert turns == {"dry": {True}, "first": {True}, "again": {False}}, changed
    assert element.resources["/lines/551"]["sip_secret"] == SECRET
    assert element.calls[0][2].startswith("J000001:network:do:")
    assert json.loads((router.home / "state.json.saved").read_text()) == {
        "ge0/7": {"description": "Ana", "address": "100.64.0.1/30"}
    }
    assert olt.onts["ONT-1-1-4"]["WPAKEY"] == SECRET
    assert server.sign_in("ana", SECRET) == {"Framed-IP-Address": "100.64.0.7"}
    assert server.sign_in("ana", "wrong") == {}
    everything = f"{lines} {result}"
    assert SECRET not in everything
    assert "Cleartext-Password := •••" in everything


def test_a_router_with_another_key_or_user_is_named(router: openssh.Sshd) -> None:
    login = cli.Login(
        router.host,
        port=router.port,
        username=router.username,
        private_key=router.private_key,
        host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILhQpLmWcLtq2YcSAvkmYdpnNTu9Y9nV1cXwq2a9yz1r",
        device_type="cisco_ios",
        timeout=30,
    )
    with pytest.raises(DeviceError, match="another host key"):
        cli.reach(login, cli.Wish(check="show interface ge0/1"))


def test_an_agent_that_refuses_or_is_silent_is_named(agent: snmpd.Snmpd) -> None:
    wanted = [snmp.Wanted(snmpd.SYS_LOCATION, "Porto")]
    with pytest.raises(DeviceError, match=f"refused: noAccess.*{snmpd.SYS_LOCATION}"):
        snmp.keep(snmp.Agent(agent.host, agent.port, community=snmpd.READER), wanted)
    with pytest.raises(DeviceError, match=r"127\.0\.0\.1:9: No SNMP response"):
        snmp.keep(snmp.Agent("127.0.0.1", 9, community="x", timeout=0.1, retries=0), wanted)
    with pytest.raises(DeviceError, match="'north' is no integer"):
        snmp.keep(
            snmp.Agent(agent.host, agent.port, community=snmpd.COMMUNITY),
            [snmp.Wanted(snmpd.SYS_NAME, "north", "integer")],
        )


def test_a_radius_user_moves_between_groups_and_leaves(server: FreeRadius) -> None:
    database = radius.Database(
        server.host, server.database, server.database_port, server.login, server.password
    )
    user = radius.wanted_user(
        "first-Pass", {"Simultaneous-Use": 1}, {"Framed-IP-Address": "100.64.0.9"}, ["fibre"]
    )
    assert radius.keep(database, "bia", user, dry_run=True).changed
    assert server.sign_in("bia", "first-Pass") == {}
    radius.keep(database, "bia", user)
    assert server.sign_in("bia", "first-Pass") == {"Framed-IP-Address": "100.64.0.9"}
    barred = radius.wanted_user("first-Pass", {"Auth-Type": "Reject"}, {}, ["fibre"])
    assert "changed check, reply" in radius.keep(database, "bia", barred).message
    assert server.sign_in("bia", "first-Pass") == {}
    assert radius.keep(database, "bia", None).changed
    assert not radius.keep(database, "bia", None).changed
    wrong = radius.Database(server.host, server.database, server.database_port, server.login, "wrong-Pass")
    with pytest.raises(DeviceError, match="password authentication failed") as caught:
        radius.keep(wrong, "bia", None)
    assert "wrong-Pass" not in str(caught.value)
