"""Configuration over NETCONF is read, compared, edited where it differs and read again; and refusals are in words."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services.loopback import free_port
from tests.services.netconf_element import INTERFACES, PASSWORD, USER, NetconfElement, netconf_element
from trunkline_provisioning.devices.netconf import Wish, keep
from trunkline_provisioning.devices.netconf_session import Login
from trunkline_provisioning.devices.outcome import DeviceError
from trunkline_provisioning.run_events import Line
from trunkline_provisioning.runner import PlaybookRun, run_playbook

TYPE = '<type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:gigabitEthernet</type>'
SECRET = "ppp-Secret.77"


@pytest.fixture
def router() -> Iterator[NetconfElement]:
    with netconf_element() as one:
        yield one


def login(router: NetconfElement, **values: Any) -> Login:
    whole = Login(router.host, router.port, USER, PASSWORD, host_key=router.host_key, timeout=30)
    return replace(whole, **values)


def interface(name: str, inside: str) -> str:
    return f'<interfaces xmlns="{INTERFACES}"><interface><name>{name}</name>{inside}</interface></interfaces>'


def test_a_playbook_looks_changes_once_and_then_leaves_alone(router: NetconfElement, tmp_path: Path) -> None:
    options = {
        "host": router.host,
        "port": router.port,
        "username": USER,
        "password": "{{ secrets.at.password }}",
        "host_key": router.host_key,
        "config": interface(
            "ge0/7",
            "<description>{{ who | escape }}</description><secret>{{ secrets.at.ppp }}</secret>" + TYPE,
        ),
    }
    tasks: list[dict[str, Any]] = [
        {
            "name": turn,
            "trunkline.telecom.netconf": options,
            "register": turn,
            "diff": True,
            "check_mode": turn == "dry",
        }
        for turn in ("dry", "first", "again")
    ]
    told = {turn: f"{{{{ {turn} }}}}" for turn in ("dry", "first", "again")}
    tasks.append({"name": "Hand over", "ansible.builtin.set_stats": {"data": told}})
    path = tmp_path / "do.yml"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    path.write_text(yaml.safe_dump([play], sort_keys=False))
    secrets = {"at": {"password": PASSWORD, "ppp": SECRET}}
    lines: list[Line] = []
    run = PlaybookRun(path, {"who": "Ana & <Filhos>"}, secrets)
    result = run_playbook(run, log=lines.append)
    assert result.succeeded, result.problem
    changed = {turn: result.outputs[turn]["changed"] for turn in told}
    assert changed == {"dry": True, "first": True, "again": False}
    shown = [row for line in lines for row in line.data.get("diff", ())]
    assert "+/interfaces/interface/description = Ana & <Filhos>" in shown
    assert router.told == [
        "close-session",
        "lock",
        "edit-config",
        "commit",
        "unlock",
        "close-session",
        "close-session",
    ]
    running = router.text()
    assert "<description>Ana &amp; &lt;Filhos&gt;</description>" in running
    assert TYPE in running, "the prefix inside a value keeps its meaning"
    assert f"<secret>{SECRET}</secret>" in running
    everything = f"{lines} {result}"
    assert PASSWORD not in everything
    assert SECRET not in everything


def test_check_mode_shows_what_differs_and_locks_nothing(router: NetconfElement) -> None:
    keep(login(router), Wish(interface("ge0/7", "<description>Ana</description><mtu>1500</mtu>")))
    router.told.clear()
    wish = Wish(
        interface(
            "ge0/7", f"<description>Bia</description><mtu>1500</mtu><secret>{SECRET}</secret><pin>7781</pin>"
        ),
        write_only=("pin",),
    )
    outcome = keep(login(router), wish, dry_run=True)
    assert SECRET not in str(outcome)
    assert "7781" not in str(outcome)
    assert outcome.changed
    assert outcome.message.endswith(
        "would merge /interfaces/interface/description = Bia; /interfaces/interface/secret = •••; "
        "/interfaces/interface/pin = •••"
    )
    assert "description = Ana" in outcome.before
    assert router.told == ["close-session"]
    assert "Ana" in router.text()


@pytest.mark.parametrize("chunks", [True, False], ids=["framed as 1.1", "framed as 1.0"])
@pytest.mark.parametrize("candidate", [True, False], ids=["candidate", "running"])
def test_an_entry_is_merged_replaced_and_deleted_and_its_neighbour_stays(
    chunks: bool, candidate: bool
) -> None:
    with netconf_element(chunks=chunks, candidate=candidate) as router:
        where = login(router)
        keep(where, Wish(interface("ge0/1", "<description>Neighbour</description>")))
        keep(where, Wish(interface("ge0/7", "<description>Ana</description><mtu>1500</mtu>")))
        alone = f'<interfaces xmlns="{INTERFACES}"><interface><name>ge0/7</name></interface></interfaces>'
        odd = (
            f'<x:interfaces xmlns:x="{INTERFACES}"><x:interface><x:mtu> 1500 </x:mtu>'
            "<x:name>ge0/7</x:name></x:interface></x:interfaces>"
        )
        assert not keep(where, Wish(odd)).changed, "neither order, prefixes nor blanks matter"
        assert keep(where, Wish(odd.replace(INTERFACES, "urn:other")), dry_run=True).changed
        slim = Wish(interface("ge0/7", "<mtu>1500</mtu>"), "replace", "interfaces/interface", filter=alone)
        first = keep(where, slim)
        assert "description = Ana" in first.before
        assert "description" not in first.after
        assert not keep(where, slim).changed
        assert "Ana" not in router.text()
        gone = Wish(alone, "delete", "interfaces/interface")
        assert keep(where, gone).message.endswith(": delete interfaces/interface")
        assert not keep(where, gone).changed
        assert "ge0/7" not in router.text()
        assert "Neighbour" in router.text()
        assert router.locks == {}


def test_what_a_neighbour_holds_stands_for_nothing(router: NetconfElement) -> None:
    where, address = login(router), "<ipv4><mtu>1500</mtu></ipv4>"
    keep(where, Wish(interface("ge0/1", f"<description>Ana</description>{address}")))
    keep(where, Wish(interface("ge0/7", "<description>Bia</description><ipv4><mtu>1400</mtu></ipv4>")))
    nested = Wish(interface("ge0/7", address), "replace", "interfaces/interface/ipv4")
    assert keep(where, nested).before == "/interfaces/interface/ipv4/mtu = 1400\n"
    assert not keep(where, nested).changed
    leaf = Wish(interface("ge0/7", "<description/>"), "delete", "interfaces/interface/description")
    assert keep(where, leaf).before == "/interfaces/interface/description = Bia\n"
    assert not keep(where, leaf).changed
    assert "Ana" in router.text()
    assert "Bia" not in router.text()


def test_a_refused_edit_is_named_by_its_path_and_nothing_stays_in_the_candidate(
    router: NetconfElement,
) -> None:
    wish = Wish(interface("ge0/7", "<description>Ana</description><mtu>9999</mtu>"))
    with pytest.raises(DeviceError) as caught:
        keep(login(router), wish)
    assert str(caught.value) == (
        f"127.0.0.1:{router.port} refused: invalid-value at /if:interfaces/if:interface/if:mtu: "
        "9999 is more than 9216 (•••)"
    )
    assert router.told[-2:] == ["discard-changes", "unlock"]
    assert "ge0/7" not in router.text("candidate") + router.text()
    assert router.locks == {}


def test_an_edit_that_is_forgotten_or_locked_out_is_told(router: NetconfElement) -> None:
    wish = Wish(interface("ge0/7", "<description>Ana</description>"))
    router.forgetful = True
    with pytest.raises(DeviceError, match="took the edit, but what runs is not as wanted: nothing there"):
        keep(login(router), wish)
    router.locks["candidate"] = 99
    with pytest.raises(DeviceError, match="lock-denied: session 99 holds it"):
        keep(login(router), wish)


def test_a_wrong_password_key_or_place_is_named(router: NetconfElement) -> None:
    wish = Wish(interface("ge0/7", ""))
    with pytest.raises(DeviceError, match="refused the user name or password of trunkline") as caught:
        keep(login(router, password="wrong-Pass"), wish)
    assert "wrong-Pass" not in str(caught.value)
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILhQpLmWcLtq2YcSAvkmYdpnNTu9Y9nV1cXwq2a9yz1r"
    with pytest.raises(DeviceError, match="another host key"):
        keep(login(router, host_key=other), wish)
    with pytest.raises(DeviceError, match=r"The key of .* is not named"):
        keep(login(router, host_key=""), wish)
    port = free_port()
    with pytest.raises(DeviceError, match=rf"127\.0\.0\.1:{port} does not answer"):
        keep(login(router, port=port), wish)
    router.silent = True
    router.slow = threading.Event()
    with pytest.raises(DeviceError, match=r"does not answer within 3 s"):
        keep(login(router, timeout=3), wish)
    router.slow.set()
    # Time enough for a busy machine to sign in.
    with pytest.raises(DeviceError, match=r"does not answer within 3 s"):
        keep(login(router, timeout=3), wish)


def test_a_key_opens_it_and_an_rsa_host_key_is_checked_as_well() -> None:
    with netconf_element(rsa=True) as router:
        where = login(router, password="", private_key=router.user_key)
        assert keep(where, Wish(interface("ge0/7", "")), dry_run=True).changed
        anybody = replace(where, host_key="", any_host_key=True)
        assert keep(anybody, Wish(interface("ge0/7", "")), dry_run=True).changed


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("<interfaces>"), "config is no well-formed XML"),
        (Wish("<interfaces/>"), "has no namespace"),
        (Wish(interface("ge0/7", ""), "delete"), "at must be the path"),
        (Wish(interface("ge0/7", ""), "replace", "interfaces/port"), "“interfaces/port” names 0"),
        (Wish(interface("7", "<mtu>1</mtu><mtu>2</mtu>"), "delete", "interfaces/interface/mtu"), "names 2"),
    ],
)
def test_an_odd_wish_is_refused_before_anything_is_reached(wish: Wish, words: str) -> None:
    with pytest.raises(DeviceError, match=words):
        keep(Login("127.0.0.1", 9, any_host_key=True), wish)
