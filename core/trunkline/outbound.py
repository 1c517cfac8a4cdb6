"""Calls to addresses that somebody typed: webhooks, geocoding and the like, without reaching what lies behind our own walls.

Every outgoing HTTP call to an address that an operator, a customer or another system gave goes through `send`. The name is
resolved once and the connection goes to the address that was checked, so a name that changes its mind in between (DNS
rebinding) gains nothing. Redirects are not followed, nothing is decompressed, and time and size have an end.
"""

import logging
import re
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

from trunkline.auth.networks import lies_in
from trunkline.config import Config
from trunkline.errors import Refused, Unavailable
from trunkline.i18n import gettext

if TYPE_CHECKING:
    import ssl

_ = gettext
log = logging.getLogger(__name__)

_PORTS = {"http": 80, "https": 443}
#: Not everybody's, although `is_global` of some Python versions (or the registries) take them for it: protocol
#: assignments with a cloud's metadata (RFC 6890), 6to4 relays (RFC 7526), local NAT64 (RFC 8215), Azure's host.
_CLOSED: Final = tuple(
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "64:ff9b:1::/48", "168.63.129.16/32")
)
_NAT64: Final = ip_network("64:ff9b::/96")
#: RFC 9110, 5.6.2.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: How a message ends and where it goes is ours to say.
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te"})

_Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in small letters; `body` as it was sent, in bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_url(config: Config, url: str, *, field: str = "url") -> str:
    """The URL, if calls to it can be allowed as far as it says itself; for forms, before anything is resolved or called.

    Raises Refused with `field` for another scheme than http and https, for a user or password in it, and for an address
    in a closed network.
    """
    parts = _parts(url, field)
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return url
    if not _is_open(config, address):
        raise _closed(field)
    return url


def send(
    config: Config,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    seconds: float = 10.0,
    largest: int = 256_000,
    field: str = "url",
) -> Answer:
    """Call `url` and return the answer, whatever its status; a redirect is an answer like any other.

    `seconds` is the time for everything together, `largest` the most bytes of an answer's body. Raises Refused with `field`
    when the URL or the address behind its name is not allowed, Unavailable when nobody answers, in time, with HTTP.
    """
    import httpcore2

    parts = _parts(url, field)
    _check_headers(headers or {})
    own = {"Host": parts.netloc, "User-Agent": "Trunkline", "Content-Length": str(len(body))}
    sent = own | dict(headers or {})
    backend = _backend(config, time.monotonic() + seconds, field)
    try:
        with (
            httpcore2.ConnectionPool(ssl_context=_trusted(), network_backend=backend) as pool,
            pool.stream(
                method, url, headers=list(sent.items()), content=body, extensions=_timeouts(seconds)
            ) as answer,
        ):
            return Answer(answer.status, _read_headers(answer.headers), _read(answer.iter_stream(), largest))
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError) as error:
        log.info("call to %s failed: %r", parts.hostname, error)
        raise Unavailable(
            _("{host} does not answer as it should.", host=parts.hostname or ""),
            field=field,
            remedy=_("Check the address and whether the other side is running."),
        ) from error


def _parts(url: str, field: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Refused(
            _("This is no address that can be called."),
            field=field,
            remedy=_("Write it as in https://example.com/path, without letters beyond a–z."),
        )
    if "@" in parts.netloc:
        raise Refused(
            _("An address must not hold a user or password."),
            field=field,
            remedy=_("Leave out what stands before the @."),
        )
    return parts


def _closed(field: str) -> Refused:
    return Refused(
        _("This address lies in a network that is closed to calls from here."),
        field=field,
        remedy=_("Use a public address, or let the operator name the network in outbound_networks."),
    )


def _is_open(config: Config, address: _Address) -> bool:
    """Whether calls to an address are allowed: it is everybody's, or in a network that the operator opened."""
    meant = _meant(address)
    if lies_in(str(meant), config.outbound_networks):
        return True
    return meant.is_global and not meant.is_multicast and not any(meant in network for network in _CLOSED)


def _meant(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    return within or address


def _resolved(config: Config, host: str, port: int, field: str) -> list[str]:
    """Every address of a name, all of them allowed."""
    found = list(
        dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    )
    for text in found:
        if not _is_open(config, ip_address(text.partition("%")[0])):
            log.warning("call to %s refused: its address %s is closed", host, text)
            raise _closed(field)
    return found


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise Refused(_("The header “{name}” cannot be sent.", name=name[:60]), remedy=_("Leave it out."))
        if not value.isascii() or not value.isprintable():
            raise Refused(
                _("The header “{name}” holds signs that no header may hold.", name=name),
                remedy=_("Write it in one line, without letters beyond a–z."),
            )


@cache
def _trusted() -> "ssl.SSLContext":
    import httpx2

    return httpx2.create_ssl_context()


def _timeouts(seconds: float) -> dict[str, Any]:
    return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)}


def _read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _read(chunks: Iterable[bytes], largest: int) -> bytes:
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > largest:
            raise Unavailable(
                _("The answer is larger than {n} bytes.", n=largest),
                remedy=_("Check whether this is the right address."),
            )
    return bytes(read)


def _backend(config: Config, deadline: float, field: str) -> Any:
    """httpcore2's way into the network, through our checks. Made here, so that starting does not load the client."""
    import httpcore2

    class Bounded(httpcore2.NetworkStream):
        """A connection whose every read and write ends with the time of the whole call."""

        def __init__(self, stream: httpcore2.NetworkStream) -> None:
            self.stream = stream

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self.stream.read(max_bytes, _left(deadline))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self.stream.write(buffer, _left(deadline))

        def close(self) -> None:
            self.stream.close()

        def start_tls(
            self,
            ssl_context: "ssl.SSLContext",
            server_hostname: str | None = None,
            timeout: float | None = None,
        ) -> httpcore2.NetworkStream:
            return Bounded(self.stream.start_tls(ssl_context, server_hostname, _left(deadline)))

        def get_extra_info(self, info: str) -> Any:
            return self.stream.get_extra_info(info)

    class Checked(httpcore2.NetworkBackend):
        """Connects to the addresses that were checked, not to the name."""

        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Any = None,
        ) -> httpcore2.NetworkStream:
            refusal: Exception = httpcore2.ConnectError(f"{host} has no address")
            for address in _resolved(config, host, port, field):
                try:
                    return Bounded(httpcore2.SyncBackend().connect_tcp(address, port, _left(deadline)))
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                    refusal = error
            raise refusal

    return Checked()


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError behind it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the whole call is over")
    return left
