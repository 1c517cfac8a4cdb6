"""NETCONF over SSH (RFC 6241, 6242) by paramiko: one session, one question at a time.

The field's package, ncclient (0.7.1), is not used: it asks for a pinned RSA host key by the name `ssh-rsa`, which paramiko 5 does
not negotiate any more (“no acceptable host key”), and its handshake obeys no time limit of ours.
"""

import io
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import quoteattr

from trunkline_provisioning.devices.cli import checked_key
from trunkline_provisioning.devices.outcome import DeviceError, without

# Paramiko logs what it also raises; a run's log has it in our words.
logging.getLogger(__name__).addHandler(logging.NullHandler())

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
#: As capabilities; the namespace of the messages is the same in both versions.
_FRAMING_1_0 = "urn:ietf:params:netconf:base:1.0"
_FRAMING_1_1 = "urn:ietf:params:netconf:base:1.1"
_CAPABILITY = "urn:ietf:params:netconf:capability:"
_END = b"]]>]]>"
#: A chunk's head as of RFC 6242 §4.2; `##` ends the message.
_CHUNK = re.compile(rb"\n#(?:([1-9][0-9]{0,9})|(#))\n")
#: An element that sends more than this for one question was asked without a filter, or is none.
_MOST = 64 * 1024 * 1024
#: Seconds without a first answer after which the element may be waiting for more of us; see `_first`.
_MOMENT = 1.0


@dataclass(frozen=True)
class Login:
    """Where the element is and how to get in. `timeout` is seconds for connecting and for each answer."""

    host: str
    port: int = 830
    username: str = ""
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    #: The element's public key as in known_hosts without its first column: `ssh-ed25519 AAAA…`.
    host_key: str = ""
    any_host_key: bool = False
    timeout: float = 10.0
    #: Texts that appear in no message, besides the password and the key.
    hide: tuple[str, ...] = field(default=(), repr=False)

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self.hide, self.password, self.private_key)


class Session:
    """An open session. Questions raise DeviceError where the element refuses, is silent or hangs up."""

    def __init__(self, channel: Any, login: Login) -> None:
        self._channel = channel
        self._login = login
        self._buffer = b""
        self._chunked = False
        #: Whether the line feed that the next message begins with was sent already.
        self._begun = False
        self._asked = 0
        self._capabilities: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        return self._login.place

    def greet(self) -> None:
        """Exchange capabilities; the newest framing that both know is used from then on (RFC 6242 §4.1)."""
        ours = "".join(f"<capability>{name}</capability>" for name in (_FRAMING_1_0, _FRAMING_1_1))
        self._send(f'<hello xmlns="{BASE}"><capabilities>{ours}</capabilities></hello>')
        hello = parsed(self._receive(), f"{self.place}'s hello")
        self._capabilities = frozenset(
            text_of(node) for node in hello.getElementsByTagNameNS(BASE, "capability")
        )
        if not self._capabilities:
            raise DeviceError(f"{self.place} speaks no NETCONF: its hello names no capability.")
        self._chunked = _FRAMING_1_1 in self._capabilities

    def can(self, name: str) -> bool:
        """Whether the element offers a capability of RFC 6241 §8, such as `candidate`, in any version."""
        return any(one.startswith(f"{_CAPABILITY}{name}:") for one in self._capabilities)

    def ask(self, question: str) -> minidom.Element:
        """The answer to one operation, given as XML in the base namespace; errors in words (RFC 6241 §4.3)."""
        self._asked += 1
        self._send(f'<rpc xmlns="{BASE}" message-id={quoteattr(str(self._asked))}>{question}</rpc>')
        reply = parsed(self._receive(), f"{self.place}'s answer")
        if (reply.namespaceURI, reply.localName) != (BASE, "rpc-reply"):
            raise DeviceError(f"{self.place} answered with <{reply.localName}>, not with an rpc-reply.")
        errors = [
            _error_in_words(node)
            for node in reply.getElementsByTagNameNS(BASE, "rpc-error")
            if _part(node, "error-severity") != "warning"
        ]
        if errors:
            raise DeviceError(without(f"{self.place} refused: {'; '.join(errors)}", self._login.secrets))
        if reply.getAttribute("message-id") != str(self._asked):
            raise DeviceError(f"{self.place} answered another question than the one it was asked.")
        return reply

    def _send(self, message: str) -> None:
        content = message.encode()
        with in_words(self._login):
            if self._chunked:
                begin = b"" if self._begun else b"\n"
                self._begun = False
                self._channel.sendall(b"%s#%d\n%s\n##\n" % (begin, len(content), content))
            else:
                self._channel.sendall(content + _END)

    def _receive(self) -> str:
        ends = time.monotonic() + self._login.timeout
        message = self._chunks(ends) if self._chunked else self._until_end(ends)
        try:
            return message.decode()
        except UnicodeDecodeError:
            raise DeviceError(f"{self.place} does not answer in UTF-8.") from None

    def _until_end(self, ends: float) -> bytes:
        while (at := self._buffer.find(_END)) < 0:
            self._more(ends)
        message, self._buffer = self._buffer[:at], self._buffer[at + len(_END) :]
        return message

    def _chunks(self, ends: float) -> bytes:
        chunks: list[bytes] = []
        while True:
            while (head := _CHUNK.match(self._buffer)) is None:
                # The longest head has thirteen bytes.
                if len(self._buffer) > 13:
                    raise DeviceError(f"{self.place} does not keep to NETCONF's chunks.")
                self._more(ends)
            if head[2]:
                self._buffer = self._buffer[head.end() :]
                return b"".join(chunks)
            end = head.end() + int(head[1])
            while len(self._buffer) < end:
                self._more(ends)
            chunks.append(self._buffer[head.end() : end])
            self._buffer = self._buffer[end:]
            if sum(map(len, chunks)) > _MOST:
                raise DeviceError(f"{self.place} sends too much; give a filter.")

    def _more(self, ends: float) -> None:
        if len(self._buffer) > _MOST:
            raise DeviceError(f"{self.place} sends too much; give a filter.")
        with in_words(self._login):
            received = self._first(ends) if self._asked == 1 and self._chunked else b""
            if not received:
                self._channel.settimeout(max(0.01, ends - time.monotonic()))
                received = self._channel.recv(65536)
        if not received:
            raise DeviceError(f"{self.place} hung up.")
        self._buffer += received

    def _first(self, ends: float) -> bytes:
        """What comes within a moment; when nothing does, the next message is begun with its line feed.

        Nothing tells when the element has read our hello: a busy one may read it and the first question in one piece. Yuma123
        2.13 (agt_ncxserver.c) then lays the question aside, since the hello decides about its framing, and looks at it again
        only when more arrives. A line feed is what the next message begins with (RFC 6242 §4.2), so sending it early is no
        fault to anybody.
        """
        moment = min(_MOMENT, ends - time.monotonic())
        if self._begun or moment <= 0:
            return b""
        self._channel.settimeout(moment)
        with suppress(TimeoutError):
            return bytes(self._channel.recv(65536))
        self._channel.sendall(b"\n")
        self._begun = True
        return b""


@contextmanager
def connected(login: Login) -> Iterator[Session]:
    """Sign in and greet. Raises DeviceError naming the place and what is wrong; no message holds a secret."""
    if not login.host_key and not login.any_host_key:
        raise DeviceError(
            f"The key of {login.place} is not named: give host_key, or any_host_key: true to trust whoever answers."
        )
    import paramiko

    client = paramiko.SSHClient()
    client.set_log_channel(__name__)
    client.set_missing_host_key_policy(
        paramiko.RejectPolicy() if login.host_key else _Anybody(),
    )
    try:
        with in_words(login):
            if login.host_key:
                _pin(client, login)
            client.connect(
                login.host,
                login.port,
                login.username,
                login.password or None,
                pkey=_private_key(login),
                allow_agent=False,
                look_for_keys=False,
                timeout=login.timeout,
                banner_timeout=login.timeout,
                auth_timeout=login.timeout,
                channel_timeout=login.timeout,
            )
            channel = client.get_transport().open_session(timeout=login.timeout)
            channel.settimeout(login.timeout)
        try:
            channel.invoke_subsystem("netconf")
        except (paramiko.SSHException, OSError, EOFError):
            raise DeviceError(f"{login.place} offers no NETCONF there.") from None
        session = Session(channel, login)
        session.greet()
        yield session
        # The work is done; an element that is too slow to say good-bye changes nothing about it.
        with suppress(DeviceError):
            session.ask("<close-session/>")
    finally:
        client.close()


class _Anybody:
    """Trusts whoever answers, without a word in the log."""

    def missing_host_key(self, _client: Any, _name: str, _key: Any) -> None:
        """Accept it."""


def _pin(client: Any, login: Login) -> None:
    import paramiko

    kind, data = checked_key(login.host_key).split()
    name = login.host if login.port == 22 else f"[{login.host}]:{login.port}"
    entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {kind} {data}")
    if entry is None or entry.key is None:
        raise DeviceError(f"host_key is of an unknown kind: {kind}.")
    client.get_host_keys().add(name, kind, entry.key)


def _private_key(login: Login) -> Any:
    if not login.private_key:
        return None
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(login.private_key.strip() + "\n"))
    raise DeviceError("private_key is no Ed25519, ECDSA or RSA key without a passphrase.")


@contextmanager
def in_words(login: Login) -> Iterator[None]:
    """Turn what paramiko and sockets raise into a DeviceError."""
    import paramiko

    place = login.place
    try:
        yield
    except DeviceError:
        raise
    except paramiko.AuthenticationException as error:
        # The one way in which paramiko tells that nobody answered.
        if str(error) == "Authentication timeout.":
            raise DeviceError(f"{place} does not answer within {login.timeout:g} s.") from None
        who = login.username or "nobody"
        raise DeviceError(f"{place} refused the user name or password of {who}.") from None
    except paramiko.BadHostKeyException:
        raise DeviceError(f"{place} has another host key than the playbook names.") from None
    except TimeoutError:
        raise DeviceError(f"{place} does not answer within {login.timeout:g} s.") from None
    except (paramiko.SSHException, OSError, EOFError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DeviceError(f"{place} does not answer: {without(first, login.secrets)}") from None


def parsed(text: str, what: str) -> minidom.Element:
    """The root of XML without a document type, which NETCONF forbids (RFC 6241 §3). Raises DeviceError naming `what`."""
    if "<!DOCTYPE" in text:
        raise DeviceError(f"{what} has a document type, which NETCONF forbids.")
    try:
        # Some elements begin with a line break, which may not stand before an XML declaration.
        root = minidom.parseString(text.strip()).documentElement  # noqa: S318 — without a document type there are no entities
    except ExpatError as error:
        raise DeviceError(f"{what} is no well-formed XML: {error}.") from None
    if root is None:
        raise DeviceError(f"{what} is empty.")
    return root


def text_of(node: minidom.Element) -> str:
    """The text directly inside an element, without blanks around it."""
    return "".join(
        one.data for one in node.childNodes if one.nodeType in (one.TEXT_NODE, one.CDATA_SECTION_NODE)
    ).strip()


def _part(error: minidom.Element, name: str) -> str:
    return next(
        (" ".join(text_of(node).split()) for node in error.getElementsByTagNameNS(BASE, name)),
        "",
    )


def _error_in_words(error: minidom.Element) -> str:
    words = _part(error, "error-tag") or "an error without a tag"
    where = _part(error, "error-path") or _part(error, "bad-element")
    message = _part(error, "error-message")
    return words + (f" at {where}" if where else "") + (f": {message}" if message else "")
