"""A simulated NETCONF element (RFC 6241, 6242) over SSH: interfaces by name, in a running and maybe a candidate datastore."""

import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from xml.dom import minidom

import paramiko

from tests.services.loopback import PATIENCE

USER, PASSWORD = "trunkline", "netconf-Secret.1"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
INTERFACES = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
EMPTY = f'<if:interfaces xmlns:if="{INTERFACES}"/>'

Element = minidom.Element


class Refusal(Exception):
    """Becomes an rpc-error."""

    def __init__(self, tag: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.tag, self.path = tag, path


@dataclass
class NetconfElement:
    """What it holds and what it was told."""

    port: int = 0
    host_key: str = ""
    #: In OpenSSH's form; opens it like the password.
    user_key: str = ""
    chunks: bool = True
    candidate: bool = True
    host: str = "127.0.0.1"
    #: Names of the operations that came, without get-config.
    told: list[str] = field(default_factory=list)
    stores: dict[str, Element] = field(default_factory=dict)
    #: Edits are confirmed and forgotten.
    forgetful: bool = False
    silent: bool = False
    #: Whoever signs in with a password waits for this.
    slow: threading.Event | None = None
    #: Number of the session that holds a lock, by datastore.
    locks: dict[str, int] = field(default_factory=dict)

    def text(self, store: str = "running") -> str:
        return self.stores[store].toxml()

    def answer(self, session: int, operation: Element) -> str:
        """What stands inside the rpc-reply."""
        name = operation.localName
        if name == "get-config":
            return f"<data>{self._selected(operation)}</data>"
        self.told.append(name)
        match name:
            case "lock":
                store = _target(operation)
                if self.locks.setdefault(store, session) != session:
                    raise Refusal("lock-denied", f"session {self.locks[store]} holds it")
            case "unlock":
                self.locks.pop(_target(operation), None)
            case "edit-config":
                store = _target(operation)
                default = _child(operation, "default-operation")
                target = _copy(self.stores[store]) if self.forgetful else self.stores[store]
                for element in _elements(_child(operation, "config")):
                    _edit(target, element, _text(default))
            case "commit":
                self.stores["running"] = _copy(self.stores["candidate"])
            case "discard-changes":
                self.stores["candidate"] = _copy(self.stores["running"])
            case "close-session":
                pass
            case _:
                raise Refusal("operation-not-supported", f"no {name} here")
        return "<ok/>"

    def _selected(self, operation: Element) -> str:
        root = self.stores[_elements(_child(operation, "source"))[0].localName]
        found = [_filtered(one, root) for one in _elements(_child(operation, "filter"))]
        return "".join(one.toxml() for one in found if one is not None)


def _edit(held: Element, wanted: Element, default: str) -> None:
    """Apply one element to its like; an MTU too large is refused when half of the edit is done."""
    for child in _elements(wanted):
        operation = child.getAttributeNS(BASE, "operation") or default
        like = next((one for one in _elements(held) if _same_entry(one, child)), None)
        if child.localName == "mtu" and int(_text(child)) > 9216:
            path = "/if:interfaces/if:interface/if:mtu"
            raise Refusal("invalid-value", f"{_text(child)} is more than 9216 ({PASSWORD})", path)
        if operation == "delete":
            if like is None:
                raise Refusal("data-missing", "nothing there to delete")
            held.removeChild(like)
        elif operation == "replace" or like is None:
            if operation == "none":
                raise Refusal("data-missing", "no such parent")
            if like is not None:
                held.removeChild(like)
            fresh = _copy(child, deep=False)
            if fresh.hasAttributeNS(BASE, "operation"):
                fresh.removeAttributeNS(BASE, "operation")
            if held.prefix and not fresh.prefix:
                fresh.setAttribute("xmlns", INTERFACES)
            if not _elements(child):
                fresh.appendChild(minidom.Document().createTextNode(_text(child)))
            held.appendChild(fresh)
            _edit(fresh, child, "merge")
        elif _elements(child):
            _edit(like, child, default)
        elif operation == "merge":
            held.replaceChild(_copy(child), like)


def _same_entry(one: Element, other: Element) -> bool:
    if (one.namespaceURI, one.localName) != (other.namespaceURI, other.localName):
        return False
    keys = [[_text(leaf) for leaf in _elements(node) if leaf.localName == "name"] for node in (one, other)]
    return keys[0] == keys[1]


def _filtered(asked: Element, held: Element) -> Element | None:
    """Subtree filtering (RFC 6241 §6): an empty element selects, a leaf with text must match, others contain."""
    if (asked.namespaceURI, asked.localName) != (held.namespaceURI, held.localName):
        return None
    inner = _elements(asked)
    if not inner:
        return _copy(held)
    matches = [one for one in inner if _text(one) and not _elements(one)]
    for match in matches:
        if not any(
            one.localName == match.localName and _text(one) == _text(match) for one in _elements(held)
        ):
            return None
    if len(matches) == len(inner):
        return _copy(held)
    chosen = _copy(held, deep=False)
    for one in _elements(held):
        for other in inner:
            found = _filtered(other, one)
            if found is not None:
                chosen.appendChild(found)
    return chosen


def _copy(element: Element, *, deep: bool = True) -> Element:
    copied = element.cloneNode(deep)
    assert copied is not None
    return copied


def _parsed(text: str) -> Element:
    root = minidom.parseString(text).documentElement  # noqa: S318 — from our own tests
    assert root is not None
    return root


def _elements(parent: Element) -> list[Element]:
    return [node for node in parent.childNodes if isinstance(node, Element)]


def _child(parent: Element, name: str) -> Element:
    return next(one for one in _elements(parent) if one.localName == name)


def _target(operation: Element) -> str:
    return str(_elements(_child(operation, "target"))[0].localName)


def _text(element: Element) -> str:
    return "".join(one.data for one in element.childNodes if one.nodeType == one.TEXT_NODE).strip()


class _Door(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, element: NetconfElement, user_key: Any) -> None:
        self.entered = threading.Event()
        self._element, self._user_key = element, user_key

    def check_auth_password(self, username: str, password: str) -> int:
        if self._element.slow is not None:
            self._element.slow.wait(60)
        fits = (username, password) == (USER, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if fits else paramiko.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: Any) -> int:
        fits = username == USER and key == self._user_key
        return int(paramiko.AUTH_SUCCESSFUL if fits else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_subsystem_request(self, channel: Any, name: str) -> bool:
        if name != "netconf":
            return False
        self.entered.set()
        return True


class _Conversation:
    """One session on its channel."""

    def __init__(self, element: NetconfElement, channel: Any, number: int) -> None:
        self._element, self._channel, self._number = element, channel, number
        self._file = channel.makefile("rb")
        self._chunked = False

    def run(self) -> None:
        base = ["urn:ietf:params:netconf:base:1.0"]
        base += ["urn:ietf:params:netconf:base:1.1"] if self._element.chunks else []
        offered = "candidate:1.0" if self._element.candidate else "writable-running:1.0"
        names = [*base, f"urn:ietf:params:netconf:capability:{offered}"]
        listed = "".join(f"<capability>{name}</capability>" for name in names)
        self._send(
            f'<hello xmlns="{BASE}"><capabilities>{listed}</capabilities><session-id>{self._number}</session-id></hello>'
        )
        theirs = self._receive()
        self._chunked = self._element.chunks and "netconf:base:1.1" in theirs
        while message := self._receive():
            if self._element.silent:
                continue
            self._answer(message)
        for store in [name for name, number in self._element.locks.items() if number == self._number]:
            del self._element.locks[store]
        self._channel.close()

    def _answer(self, message: str) -> None:
        rpc = _parsed(message)
        try:
            inside = self._element.answer(self._number, _elements(rpc)[0])
        except Refusal as refusal:
            path = f"<error-path>{refusal.path}</error-path>" if refusal.path else ""
            inside = (
                f"<rpc-error><error-type>application</error-type><error-tag>{refusal.tag}</error-tag>"
                f"<error-severity>error</error-severity>{path}<error-message>{refusal}</error-message></rpc-error>"
            )
        number = rpc.getAttribute("message-id")
        self._send(f'<rpc-reply xmlns="{BASE}" message-id="{number}">{inside}</rpc-reply>')

    def _send(self, message: str) -> None:
        content = message.encode()
        if not self._chunked:
            self._channel.sendall(content + b"]]>]]>")
            return
        # Small chunks, so that a message never comes in one.
        pieces = [content[at : at + 100] for at in range(0, len(content), 100)]
        self._channel.sendall(b"".join(b"\n#%d\n%s" % (len(piece), piece) for piece in pieces) + b"\n##\n")

    def _receive(self) -> str:
        if not self._chunked:
            got = b""
            while not got.endswith(b"]]>]]>"):
                byte = self._file.read(1)
                if not byte:
                    return ""
                got += byte
            return got[:-6].decode()
        got = b""
        while True:
            self._file.read(1)
            head = self._file.readline().decode().strip()
            if not re.fullmatch(r"#(#|\d+)", head):
                return ""
            if head == "##":
                return got.decode()
            got += self._file.read(int(head[1:]))


@contextmanager
def netconf_element(
    *, chunks: bool = True, candidate: bool = True, rsa: bool = False
) -> Iterator[NetconfElement]:
    """Run it on a free port of the loopback interface. `chunks` is version 1.1; without `candidate`, what runs is edited."""
    key = paramiko.RSAKey.generate(2048) if rsa else paramiko.ECDSAKey.generate()
    element = NetconfElement(
        host_key=f"{key.get_name()} {key.get_base64()}", chunks=chunks, candidate=candidate
    )
    user_key, written = paramiko.ECDSAKey.generate(), io.StringIO()
    user_key.write_private_key(written)
    element.user_key = written.getvalue()
    for store in ("running", "candidate"):
        element.stores[store] = _parsed(EMPTY)
    transports: list[Any] = []

    def serve(connection: socket.socket, number: int) -> None:
        with suppress(paramiko.SSHException, EOFError, OSError):
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(key)
            door = _Door(element, user_key)
            transport.start_server(server=door)
            channel = transport.accept(PATIENCE)
            if channel is not None and door.entered.wait(PATIENCE):
                _Conversation(element, channel, number).run()

    def listen() -> None:
        number = 0
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                number += 1
                threading.Thread(target=serve, args=(connection, number), daemon=True).start()

    with socket.create_server((element.host, 0)) as listener:
        element.port = listener.getsockname()[1]
        threading.Thread(target=listen, daemon=True).start()
        try:
            yield element
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for transport in transports:
                transport.close()
