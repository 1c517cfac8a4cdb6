"""The shipped samples against OsmoHLR, FreeRADIUS, sshd, netconfd, snmpd and simulated elements: done, done again, undone."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services import netconfd, openssh, optical_line, snmpd
from tests.services.freeradius import FreeRadius, freeradius
from tests.services.json_element import TOKEN, JsonElement, json_element
from tests.services.osmo_hlr import OsmoHlr, osmo_hlr
from trunkline_provisioning.devices import snmp
from trunkline_provisioning.fork_server import Place
from trunkline_provisioning.hlr.subscriber import Hlr, Subscriber
from trunkline_provisioning.hlr.vty import Vty
from trunkline_provisioning.run_events import Line
from trunkline_provisioning.runner import COLLECTIONS, PlaybookRun, run_playbook

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.timeout(400),
    *(
        pytest.mark.peer(program)
        for program in ("freeradius", "netconfd", "osmo-hlr", "radclient", "snmpd", "sshd")
    ),
]

OLD, NEW = "724990000000001", "724990000000002"
NUMBER, OTHER = "5551991234501", "5551991234502"
KEYS = {"ki": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "opc": "f0e1d2c3b4a5968778695a4b3c2d1e0f"}
WIFI, LOGIN = "wifi-Secret.77", "login-Secret.77"
CUSTOMER = "Óticas <Três> & {{ lookup('pipe','id') }}"
AID = "1-1-4"

_PLAY = re.compile(r"Play “(.*)”")


@dataclass
class Network:
    """Everything the samples reach, and a way to play some of their files in one run."""

    hlr: OsmoHlr
    radius: FreeRadius
    olt: optical_line.OpticalLine
    calls: JsonElement
    router: openssh.Sshd
    edge: openssh.Sshd
    agent: snmpd.Snmpd
    folder: Path
    server: Place

    def play(self, *files: str, **changes: Any) -> list[int]:
        """Play files such as `mobile_line/do` one after the other; returns how many tasks of each changed something."""
        counts: list[int] = []
        for line in self._lines(files, **changes):
            if _PLAY.fullmatch(line.text):
                counts.append(0)
            elif line.level == "ok" and ": changed" in line.text:
                counts[-1] += 1
        return counts

    def found_undone(self, *files: str, **changes: Any) -> list[str]:
        """Names of the tasks that find something not as wanted, while files such as `mobile_line/verify` only look."""
        lines = self._lines(files, check=True, **changes)
        return [line.data["task"] for line in lines if line.data.get("changed")]

    def _lines(self, files: Sequence[str], *, check: bool = False, **changes: Any) -> list[Line]:
        path = self.folder / "all.yml"
        plays = [{"import_playbook": str(COLLECTIONS / "playbooks" / f"{file}.yml")} for file in files]
        path.write_text(yaml.safe_dump(plays))
        secrets = {
            "sim": KEYS,
            "previous_sim": KEYS,
            "elements": {
                "olt": {"password": optical_line.PASSWORD},
                "olt_cli": {"password": optical_line.PASSWORD},
                "radius": {"password": self.radius.password},
                "router": {"private_key": self.router.private_key},
                "edge": {"private_key": self.edge.private_key},
                "agent": {"password": snmpd.COMMUNITY},
                "call_server": {"password": TOKEN},
            },
        }
        lines: list[Line] = []
        run = PlaybookRun(path, self.variables(**changes), secrets, check=check)
        result = run_playbook(run, log=lines.append, server=self.server)
        assert result.succeeded, result.problem
        assert WIFI not in str(lines)
        return lines

    def variables(self, **changes: Any) -> dict[str, Any]:
        known: dict[str, Any] = {
            "hlr": {"host": self.hlr.host, "port": self.hlr.vty_port},
            "service": {"number": "S000001", "suspensions": [], "switches": []},
            "customer": {"name": CUSTOMER},
            "product": {"code": "fibre_600"},
            "picks": {
                "sim": {"imsi": OLD},
                "number": {"number": f"+{NUMBER}"},
                "ont": {"aid": AID, "serial": "TRNK00000001"},
                "stb": {"serial": "STB-7"},
                "ip": {"address": "100.64.0.7"},
                "port": {"name": "ge0/7"},
            },
            "parameters": {
                "wifi_name": "Casa da Ana",
                "wifi_password": WIFI,
                "login": "ana",
                "password": LOGIN,
                "rate": "600M",
                "location": "Rack 7",
            },
            "elements": {
                "olt": {"host": "127.0.0.1", "port": self.olt.tl1_port, "username": optical_line.USER},
                "olt_cli": {"host": "127.0.0.1", "port": self.olt.telnet_port, "username": optical_line.USER},
                "radius": {
                    "host": self.radius.host,
                    "port": self.radius.database_port,
                    "database": self.radius.database,
                    "username": self.radius.login,
                },
                "router": {
                    "host": self.router.host,
                    "port": self.router.port,
                    "username": self.router.username,
                    "host_key": self.router.host_key,
                },
                "edge": {
                    "host": self.edge.host,
                    "port": self.edge.port,
                    "username": self.edge.username,
                    "host_key": self.edge.host_key,
                },
                "agent": {"host": self.agent.host, "port": self.agent.port},
                "call_server": {"url": self.calls.url},
            },
            "previous": {
                "sim": {"imsi": OLD},
                "number": {"number": f"+{NUMBER}"},
                "parameters": {"wifi_name": "Casa da Ana", "wifi_password": WIFI},
                "product": {"code": "fibre_600"},
            },
            "done": {"location": "Unknown"},
        }
        for name, value in changes.items():
            known[name] = {**known[name], **value}
        return known

    def subscriber(self, imsi: str = OLD) -> Subscriber | None:
        with Vty(self.hlr.host, self.hlr.vty_port) as vty:
            return Hlr(vty).find(imsi)

    def interface(self) -> str:
        return (self.router.home / "state.json").read_text()

    def access(self) -> dict[str, str]:
        return netconfd.ports(self.edge)["ge0/7"]

    def location(self) -> str:
        agent = snmp.Agent(self.agent.host, self.agent.port, community=snmpd.COMMUNITY)
        held = snmp.keep(agent, [snmp.Wanted(snmpd.SYS_LOCATION, "?")], dry_run=True).before
        return str(held[snmpd.SYS_LOCATION])


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, warm_server: Place) -> Iterator[Network]:
    with ExitStack() as stack:
        enter: Callable[[Any], Any] = stack.enter_context
        yield Network(
            enter(osmo_hlr()),
            enter(freeradius(os.environ["TRUNKLINE_TEST_POSTGRES"])),
            enter(optical_line.optical_line()),
            enter(json_element()),
            enter(openssh.sshd_router()),
            enter(netconfd.netconfd()),
            enter(snmpd.snmpd()),
            tmp_path_factory.mktemp("samples"),
            warm_server,
        )


def test_a_look_finds_what_a_device_confirmed_and_does_not_have(network: Network) -> None:
    names = ("mobile_line", "ont_tl1", "radius_subscriber")
    looks = [f"{name}/verify" for name in names]
    # Of the keys, which no_log hides, only a run's count of changes tells.
    undone = ["Subscriber and number in the HLR", "ONT in the OLT", "Subscriber in RADIUS"]
    assert network.found_undone(*looks) == undone
    assert network.subscriber() is None, "looking changes nothing"
    network.play(*(f"{name}/do" for name in names))
    assert network.found_undone(*looks) == []
    with Vty(network.hlr.host, network.hlr.vty_port) as vty:
        Hlr(vty).put(Subscriber(OLD, OTHER))
    network.olt.onts[AID]["SSID"] = "factory"
    network.radius.forget("ana", "Framed-IP-Address")
    assert network.found_undone(*looks) == undone
    # Another Wi-Fi name is confirmed, and not kept.
    network.olt.forgetful = True
    network.play("ont_tl1/change_wifi")
    network.olt.forgetful = False
    assert network.found_undone("ont_tl1/verify_change_wifi") == ["Wi-Fi name of the ONT"]
    # After a death these looks alone say whether the line was suspended, barred or ended.
    words = ("suspend", "bar", "terminate")
    undone = ["No network access", "No access to calls", "No subscriber in the HLR"]
    assert network.found_undone(*(f"mobile_line/verify_{word}" for word in words)) == undone
    for word in words:
        network.play(f"mobile_line/{word}")
        assert network.found_undone(f"mobile_line/verify_{word}") == []
    network.play(*(f"{name}/undo" for name in names))


def test_what_was_just_done_is_found_done(network: Network) -> None:
    names = ("calling_features", "router_interface", "element_location", "triple_play", "ont_telnet")
    network.olt.reboots.clear()
    network.play(*(f"{name}/do" for name in names), "business_access/do")
    looks = [
        f"business_access/{word}"
        for word in ("verify", "verify_resume", "verify_suspend", "verify_terminate")
    ]
    port, box = "The customer's port", "The set-top box has restarted"
    # It is on: neither switched off nor free. The box has not heard yet that it is to restart.
    found = network.found_undone(*(f"{name}/verify" for name in names), *looks, "set_top_box/verify")
    assert found == [port, port, box]
    network.play("business_access/suspend", "set_top_box/do")
    # Off, not free. Looking restarts nothing.
    assert network.found_undone(*looks, "set_top_box/verify") == [port] * 3
    assert network.olt.reboots == ["STB-7"]
    network.olt.reboots.clear()
    network.play("business_access/terminate", *(f"{name}/undo" for name in reversed(names)))
    found = network.found_undone(*(f"{name}/verify" for name in names[:4]), *looks)
    assert len(found) >= 7
    assert found[-3:] == [port] * 3
    assert network.found_undone(looks[-1]) == []


def test_the_samples_carry_a_customer_from_new_to_gone(network: Network) -> None:
    access = ("router_interface", "business_access")
    kept = ("mobile_line", "calling_features", "ont_tl1", "radius_subscriber", *access)
    everything = (*kept, "element_location")
    # New, and again: the second time nothing changes. A restart always does.
    do = [f"{name}/do" for name in everything]
    counts = network.play(*do, *do, "set_top_box/do")
    assert all(counts[: len(do)])
    assert counts[len(do) :] == [0] * len(do) + [1]
    assert network.subscriber() == Subscriber(OLD, NUMBER, **KEYS)  # type: ignore[arg-type]  # the keys are its other fields
    assert network.calls.resources == {f"/lines/+{NUMBER}": {"bar_outgoing": True}}
    assert network.olt.onts[AID]["SSID"] == "Casa da Ana"
    assert network.olt.onts[AID]["WPAKEY"] == WIFI
    assert network.olt.reboots == ["STB-7"]
    assert network.radius.sign_in("ana", LOGIN) == {"Framed-IP-Address": "100.64.0.7"}
    assert "600M" in network.interface()
    free = {"name": "ge0/7", "type": "ianaift:ethernetCsmacd", "enabled": "false"}
    described = {**free, "description": f"S000001 {CUSTOMER}"}
    assert network.access() == {**described, "enabled": "true"}
    assert network.location() == "Rack 7"

    # Suspended, and free again.
    suspended = ("mobile_line", "ont_tl1", "radius_subscriber", *access)
    counts = network.play(
        *(f"{name}/suspend" for name in suspended),
        "ont_telnet/do",
        "ont_telnet/do",
        parameters={"wifi_name": "Sala (5 GHz)"},
    )
    assert counts == [1, 1, 1, 1, 1, 1, 0]
    assert network.olt.onts[AID]["SSID"] == "Sala (5 GHz)"
    held = network.subscriber()
    assert held is not None
    assert held.access == "suspended"
    assert network.olt.onts[AID]["ADMIN"] == "LOCKED"
    assert network.radius.sign_in("ana", LOGIN) == {}
    assert "600M" not in network.interface()
    assert network.access() == described
    counts = network.play(
        *(f"{name}/resume" for name in suspended), "mobile_line/bar", "calling_features/undo"
    )
    assert counts == [1] * 7
    held = network.subscriber()
    assert held is not None
    assert held.access == "voice_barred"
    assert network.radius.sign_in("ana", LOGIN)
    assert network.calls.resources == {f"/lines/+{NUMBER}": {"bar_outgoing": False}}

    # Another number, SIM, Wi-Fi and product, and back.
    counts = network.play(
        "mobile_line/undo_bar",
        "mobile_line/change_number",
        "mobile_line/change_sim",
        "ont_tl1/change_wifi",
        "radius_subscriber/change",
        picks={**network.variables()["picks"], "sim": {"imsi": NEW}, "number": {"number": OTHER}},
        parameters={"wifi_name": "Loja", "wifi_password": "other-Secret.77"},
        product={"code": "fibre_900"},
    )
    assert network.subscriber(NEW) == Subscriber(NEW, OTHER, **KEYS)  # type: ignore[arg-type]  # the keys are its other fields
    assert network.subscriber() is None
    assert network.olt.onts[AID]["SSID"] == "Loja"
    network.play(
        "mobile_line/undo_change_number",
        "mobile_line/undo_change_sim",
        "ont_tl1/undo_change_wifi",
        "radius_subscriber/undo_change",
        picks={"sim": {"imsi": NEW}},
        previous={"sim": {"imsi": OLD}},
    )
    assert network.subscriber(NEW) is None
    assert network.subscriber() == Subscriber(OLD, NUMBER, **KEYS)  # type: ignore[arg-type]  # the keys are its other fields

    # Gone; then a bundle of three finds nothing of it, makes all anew, and leaves nothing.
    gone = [f"{name}/undo" for name in ("calling_features", "ont_telnet", "element_location")]
    gone += [f"{name}/terminate" for name in suspended]
    bundle = [f"triple_play/{word}" for word in ("do", "do", "suspend", "resume")]
    counts = network.play(*gone, *bundle)
    # Of tasks with no_log nobody learns whether they changed something.
    assert counts[-4:] == [3, 0, 3, 3]
    assert "description" not in network.interface()
    assert network.access() == free
    assert network.location() == "Unknown"
    assert network.subscriber() == Subscriber(OLD, NUMBER, **KEYS)  # type: ignore[arg-type]  # the keys are its other fields
    assert network.radius.sign_in("ana", LOGIN)
    assert network.olt.onts[AID]["SSID"] == "Casa da Ana"
    assert network.play("triple_play/undo", "triple_play/undo", "business_access/undo") == [3, 0, 0]
    assert network.subscriber() is None
    assert network.olt.onts == {}
    assert network.radius.sign_in("ana", LOGIN) == {}
