"""NETCONF against Debian's netconfd behind sshd: edits of its candidate, and refusals in its own words."""

from collections.abc import Callable

import paramiko
import pytest

from tests.services.netconfd import INTERFACES, login, netconfd, ports
from trunkline_provisioning.devices.netconf import Wish, keep
from trunkline_provisioning.devices.netconf_session import connected
from trunkline_provisioning.devices.outcome import DeviceError

#: Its turn may come minutes later: the samples have a server of their own, and one runs at a time.
pytestmark = [pytest.mark.peer("netconfd"), pytest.mark.peer("sshd"), pytest.mark.timeout(600)]

TYPE = '<type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">t:ethernetCsmacd</type>'
#: As the server tells it, by a prefix of its own.
BARE = {"name": "ge-0/0/8", "type": "ianaift:ethernetCsmacd"}


def interface(inside: str, name: str = "ge-0/0/8") -> str:
    return f'<interfaces xmlns="{INTERFACES}"><interface><name>{name}</name>{inside}</interface></interfaces>'


def test_refusals_of_a_real_server_are_in_words_and_leave_no_trace() -> None:
    with netconfd() as edge:
        where = login(edge)
        keep(where, Wish(interface(TYPE + "<description>Bia</description>")))
        wrong = Wish(interface(TYPE + "<description>Ana</description><enabled>maybe</enabled>"))
        with pytest.raises(DeviceError, match=r"refused: invalid-value at .*enabled: invalid value"):
            keep(where, wrong)
        # Refused by the commit, when the edit stood in the candidate already.
        with pytest.raises(DeviceError, match=r"refused: data-missing at .*ge-0/0/9.*type"):
            keep(where, Wish(interface("<description>without a type</description>", "ge-0/0/9")))
        with connected(where) as other:
            other.ask("<lock><target><candidate/></target></lock>")
            with pytest.raises(DeviceError, match="refused: lock-denied"):
                keep(where, Wish(interface("<description>Ana</description>")))
        assert ports(edge) == {"ge-0/0/8": {**BARE, "description": "Bia"}}
        keep(where, Wish(interface(TYPE), operation="replace", at="interfaces/interface"))
        assert ports(edge) == {"ge-0/0/8": BARE}
        gone = Wish(interface(""), operation="delete", at="interfaces/interface")
        assert [keep(where, gone).changed for _ in range(2)] == [True, False]


def test_a_server_that_reads_our_hello_and_first_question_in_one_piece_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send: Callable[[paramiko.Channel, bytes], None] = paramiko.Channel.sendall
    hellos: list[bytes] = []

    def with_the_hello(channel: paramiko.Channel, content: bytes) -> None:
        if b"<hello" in content:
            hellos.append(content)
        else:
            send(channel, (hellos.pop() if hellos else b"") + content)

    monkeypatch.setattr(paramiko.Channel, "sendall", with_the_hello)
    with netconfd() as edge:
        where = login(edge)
        assert [keep(where, Wish(interface(TYPE))).changed for _ in range(2)] == [True, False]
        assert ports(edge) == {"ge-0/0/8": BARE}


def test_a_server_without_a_candidate_is_edited_where_it_runs() -> None:
    with netconfd(target="running") as edge:
        wish = Wish(interface(TYPE))
        assert [keep(login(edge), wish).changed for _ in range(2)] == [True, False]
        with pytest.raises(DeviceError, match="has no candidate configuration"):
            keep(login(edge), Wish(interface(TYPE, "ge-0/0/9"), datastore="candidate"))
