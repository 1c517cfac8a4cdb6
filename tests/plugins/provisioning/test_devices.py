"""What is wanted of a network element is read, compared, changed where it differs and read again; and refusals are in words."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.services.json_element import TOKEN, JsonElement, json_element
from tests.services.optical_line import PASSWORD, USER, OpticalLine, optical_line
from trunkline_provisioning.devices import cli, http, tl1
from trunkline_provisioning.devices.outcome import DeviceError, masked
from trunkline_provisioning.devices.tl1 import Command

KEY = "geheim-77"


@pytest.fixture
def olt() -> Iterator[OpticalLine]:
    with optical_line() as terminal:
        yield terminal


@pytest.fixture
def element() -> Iterator[JsonElement]:
    with json_element() as one:
        yield one


def access(**values: object) -> http.Access:
    return replace(http.Access(token=TOKEN, idempotency_key="J1:net:do", timeout=30), **values)  # type: ignore[arg-type]  # fields by name


def line_of(element: JsonElement, **body: object) -> http.Resource:
    wanted = {"number": "551", "features": {"bar": True}, "sip_secret": KEY, **body}
    return http.Resource(f"{element.url}/lines/551", wanted, write_only=("sip_secret",))


def test_a_resource_is_created_once_changed_where_it_differs_and_removed(element: JsonElement) -> None:
    with http.Http(access()) as interface:
        dry = interface.put(line_of(element), dry_run=True)
        assert (dry.changed, element.resources) == (True, {})
        first = interface.put(line_of(element))
        assert (first.changed, first.before) == (True, None)
        assert first.after == {"number": "551", "features": {"bar": True}, "sip_secret": "•••"}
        assert not interface.put(line_of(element)).changed
        element.resources["/lines/551"]["rack"] = "7"
        changed = interface.put(line_of(element, features={"bar": False}))
        assert "changed features" in changed.message
        assert element.resources["/lines/551"]["rack"] == "7", "what the interface holds besides stays"
        assert interface.remove(f"{element.url}/lines/551").changed
        assert not interface.remove(f"{element.url}/lines/551").changed
    assert [method for method, _, _ in element.calls] == ["PUT", "PUT", "DELETE"]
    assert all(key.startswith("J1:net:do:") for _, _, key in element.calls)


def test_a_patch_carries_what_differs_and_a_post_creates_in_its_collection(element: JsonElement) -> None:
    wanted = http.Resource(
        f"{element.url}/onts/7",
        {"id": "7", "name": "Casa"},
        create="POST",
        create_url=f"{element.url}/onts",
        update="PATCH",
    )
    with http.Http(access()) as interface:
        interface.put(wanted)
        interface.put(replace(wanted, body={"id": "7", "name": "Loja"}))
    assert element.resources == {"/onts/7": {"id": "7", "name": "Loja"}}
    assert [method for method, _, _ in element.calls] == ["POST", "PATCH"]


def test_the_same_change_sent_again_carries_the_same_key(element: JsonElement) -> None:
    for _ in range(2):
        with http.Http(access()) as interface:
            interface.call("POST", f"{element.url}/stb/7/reboot", {"when": "now"})
    assert len(element.calls) == 1


def test_a_refusal_is_told_without_the_secret_it_quotes(element: JsonElement) -> None:
    element.broken = True
    with http.Http(access()) as interface, pytest.raises(DeviceError, match="answered 503") as caught:
        interface.put(line_of(element))
    assert KEY not in str(caught.value)
    assert "551" in str(caught.value)
    with (
        http.Http(access(token="wrong-token")) as interface,
        pytest.raises(DeviceError, match=r"401.*Who are you"),
    ):
        interface.put(line_of(element))


def test_a_change_that_does_not_take_is_a_failure(element: JsonElement) -> None:
    element.forgetful = True
    with http.Http(access()) as interface, pytest.raises(DeviceError, match="does not hold it: number"):
        interface.put(line_of(element))


def test_silence_names_the_address_and_that_the_outcome_is_unknown(element: JsonElement) -> None:
    element.hold = threading.Event()
    with (
        http.Http(access(timeout=0.2)) as interface,
        pytest.raises(DeviceError, match=r"0\.2 s\. Whether it was"),
    ):
        interface.call("POST", f"{element.url}/reboot", None)
    element.hold.set()
    with (
        http.Http(access()) as interface,
        pytest.raises(DeviceError, match=r"127\.0\.0\.1:9/x failed: .*refused"),
    ):
        interface.put(http.Resource("http://127.0.0.1:9/x"))


AID = "ONT-1-1-4"


def ont(name: str = "Casa da Ana: 2") -> tl1.Entity:
    values = {"SSID": name, "WPAKEY": KEY}
    return tl1.Entity(
        Command("RTRV-ONT", AID),
        {"SERNUM": "TRNK0001", **values},
        (Command("ENT-ONT", AID, {"SERNUM": "TRNK0001"}),),
        (Command("ED-ONT", AID, values),),
        (Command("DLT-ONT", AID),),
        write_only=("WPAKEY",),
    )


T = TypeVar("T")


def over_tl1(olt: OpticalLine, act: Callable[[tl1.Tl1], T], password: str = PASSWORD) -> T:
    with tl1.Tl1(olt.host, olt.tl1_port, timeout=30) as session:
        session.sign_in(USER, password)
        return act(session)


def test_an_ont_is_entered_edited_and_deleted_by_tl1(olt: OpticalLine) -> None:
    assert over_tl1(olt, lambda session: tl1.keep(session, ont(), dry_run=True)).changed
    assert olt.onts == {}
    first = over_tl1(olt, lambda session: tl1.keep(session, ont()))
    assert first.after == {"SERNUM": "TRNK0001", "SSID": "Casa da Ana: 2", "WPAKEY": "•••"}
    assert olt.onts == {AID: {"SERNUM": "TRNK0001", "SSID": "Casa da Ana: 2", "WPAKEY": KEY}}
    assert not over_tl1(olt, lambda session: tl1.keep(session, ont())).changed
    assert "changed SSID" in over_tl1(olt, lambda session: tl1.keep(session, ont("Loja"))).message
    assert over_tl1(olt, lambda session: tl1.keep(session, ont(), absent=True)).changed
    assert not over_tl1(olt, lambda session: tl1.keep(session, ont(), absent=True)).changed
    assert olt.changes == [f"ENT-ONT {AID}", f"ED-ONT {AID}", f"ED-ONT {AID}", f"DLT-ONT {AID}"]


def test_what_tl1_denies_is_told_in_the_elements_words_without_secrets(olt: OpticalLine) -> None:
    olt.onts[AID] = {}
    short = Command("ED-ONT", AID, {"WPAKEY": "abc-12"})
    with pytest.raises(DeviceError, match=f"denied ED-ONT {AID}: IDNV .*Data Not Valid") as caught:
        over_tl1(olt, lambda session: session.do(short))
    assert "abc-12" not in str(caught.value)
    with pytest.raises(DeviceError, match=r"refused the user name or password of trunkline \(PIUI\)"):
        over_tl1(olt, lambda session: tl1.keep(session, ont()), password="wrong")
    olt.onts.clear()
    olt.forgetful = True
    with pytest.raises(DeviceError, match="not as wanted after ENT-ONT, ED-ONT: SSID differ"):
        over_tl1(olt, lambda session: tl1.keep(session, ont()))
    olt.silent = True
    with (
        tl1.Tl1(olt.host, olt.tl1_port, timeout=0.2) as session,
        pytest.raises(DeviceError, match=r"no answer to ACT-USER trunkline within 0\.2 s"),
    ):
        session.sign_in(USER, PASSWORD)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Command("ED-ONT", f"{AID};DLT-ONT::{AID}:9"), "The AID"),
        (Command("ED-ONT;DLT"), "is no TL1 command"),
        (Command("ED-ONT", AID, {"SSID": 'a";DLT-ONT::x:1;"'}), "quotation marks"),
        (Command("ED-ONT", AID, {"SS=ID": "a"}), "no name of a TL1 value"),
    ],
)
def test_no_value_can_smuggle_in_another_tl1_command(command: Command, words: str) -> None:
    with pytest.raises(DeviceError, match=words):
        command.written("", "1")


def test_tl1_messages_are_written_and_read_as_gr_831_has_them() -> None:
    command = Command("ent-ont", AID, {"ssid": "Casa; 2", "VLAN": 100}, states="IS")
    assert command.written("OLT-1", "T7") == f'ENT-ONT:OLT-1:{AID}:T7::SSID="Casa; 2",VLAN=100:IS;'
    line = r'"ONT-1-1-4:GPON:SSID=\"Casa: 2, fundo\",VLAN=100:IS-NR,ACT"'
    assert tl1.parse_line(line) == {
        "AID": AID,
        "SSID": "Casa: 2, fundo",
        "VLAN": "100",
        "STATE": "IS-NR,ACT",
    }


def telnet(olt: OpticalLine, **values: object) -> cli.Login:
    login = cli.Login(olt.host, "telnet", olt.telnet_port, username=USER, password=PASSWORD, timeout=30)
    return replace(login, **values)  # type: ignore[arg-type]  # fields by name


def test_a_command_line_is_asked_told_and_asked_again(olt: OpticalLine) -> None:
    olt.onts["1-1-4"] = {"SERNUM": "TRNK0001"}
    wish = cli.Wish(
        check="show ont 1-1-4",
        expect=("^ssid Casa$",),
        forbid=("^ssid Old",),
        commands=("set ont 1-1-4 ssid Casa", f"set ont 1-1-4 wpakey {KEY}"),
    )
    assert cli.reach(telnet(olt), wish, dry_run=True).changed
    assert "SSID" not in olt.onts["1-1-4"]
    done = cli.reach(telnet(olt), wish, secrets=[KEY])
    assert (done.before, done.after) == ("sernum TRNK0001", "sernum TRNK0001\nssid Casa")
    assert olt.onts["1-1-4"] == {"SERNUM": "TRNK0001", "SSID": "Casa", "WPAKEY": KEY}
    assert not cli.reach(telnet(olt), wish).changed
    with pytest.raises(DeviceError, match="% Invalid input") as caught:
        cli.reach(telnet(olt), cli.Wish(commands=(f"set ont 9-9 wpakey {KEY}",)), secrets=[KEY])
    assert KEY not in str(caught.value)
    with pytest.raises(DeviceError, match="shows no “^ssid Loja”".replace("^", r"\^")):
        cli.reach(telnet(olt), replace(wish, expect=("^ssid Loja",)))


def test_a_wrong_password_and_a_closed_port_are_told_apart(olt: OpticalLine) -> None:
    with pytest.raises(DeviceError, match="refused the user name or password of trunkline"):
        cli.reach(telnet(olt, password="wrong"), cli.Wish(check="show ont 1"))
    with pytest.raises(DeviceError, match=r"127\.0\.0\.1:9 does not answer: .*refused"):
        cli.reach(telnet(olt, port=9), cli.Wish(check="show ont 1"))


def test_a_line_break_in_a_value_is_no_second_command() -> None:
    wish = cli.Wish(commands=("set ont 1 ssid Casa\nreboot stb 7",))
    with pytest.raises(DeviceError, match="one line of plain characters"):
        cli.reach(cli.Login("127.0.0.1", "telnet", 9), wish)


def test_an_ssh_element_without_a_named_key_is_not_trusted() -> None:
    with pytest.raises(DeviceError, match="give host_key"):
        cli.reach(cli.Login("127.0.0.1", "ssh", 9), cli.Wish(check="show"))
    with pytest.raises(DeviceError, match="unknown to netmiko over Telnet"):
        cli.reach(cli.Login("127.0.0.1", "telnet", 9, device_type="nokia_9000"), cli.Wish(check="show"))


def test_values_under_secret_names_are_masked_at_any_depth() -> None:
    told = masked({"a": [{"wifi_password": "x", "ki": "y"}], "pin1": "1234", "name": "z", "tokens": ""})
    assert told == {"a": [{"wifi_password": "•••", "ki": "•••"}], "pin1": "•••", "name": "z", "tokens": ""}
