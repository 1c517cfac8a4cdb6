"""Calls to addresses that somebody typed reach nothing that is not everybody's."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from trunkline.config import Config
from trunkline.errors import ConfigError, Refused, Unavailable
from trunkline.outbound import check_url, send

CLOSED = Config()
OPEN = Config(outbound_networks=("127.0.0.0/8",))


class _Answers(BaseHTTPRequestHandler):
    """Some other system: echoes, redirects, talks without end, or drips."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append(f"{self.command} {self.path} {self.headers['Host']}")  # type: ignore[attr-defined]  # the test's own attribute of the server
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        if self.path == "/large":
            self.wfile.write(b"x" * 5000)
        elif self.path == "/drip":
            self._drip()
        else:
            self.wfile.write(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.close_connection = True

    do_POST = do_GET

    def _drip(self) -> None:
        try:
            while not self.server.over.wait(0.05):  # type: ignore[attr-defined]  # the test's own attribute of the server
                self.wfile.write(b".")
        except OSError:
            return

    def log_message(self, *_arguments: Any) -> None:
        """Nothing on the tests' output."""


@pytest.fixture
def other() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    server.seen, server.over = [], threading.Event()  # type: ignore[attr-defined]  # the test's own attribute of the server
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.over.set()  # type: ignore[attr-defined]  # the test's own attribute of the server
    server.shutdown()
    server.server_close()


def _at(other: ThreadingHTTPServer, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{other.server_port}{path}"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0.0.0.0",  # noqa: S104 — refused is what it has to be
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.100.100.200",
        "169.254.169.254",
        "192.0.0.192",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
        "localhost",
    ],
)
def test_no_spelling_of_a_closed_address_is_called(host: str) -> None:
    with pytest.raises(Refused, match="closed") as refused:
        send(CLOSED, "GET", f"http://{host}:9/", seconds=2)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "//example.com/",
        "example.com",
        "http://",
        "http://user:word@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com/\r\nX: y",
        "http://exa mple.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_plain_http_address_is_refused_on_the_form(url: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(CLOSED, url, field="address")
    assert refused.value.field == "address"
    with pytest.raises(Refused):
        send(CLOSED, "GET", url)


def test_a_form_takes_names_and_public_addresses_without_asking_anybody() -> None:
    for url in (
        "https://hooks.example.com/x?y=1",
        "http://93.184.216.34:8080/",
        "https://[2606:4700::1111]/",
    ):
        assert check_url(CLOSED, url) == url
    with pytest.raises(Refused, match="closed"):
        check_url(CLOSED, "http://192.168.0.1/")


def test_a_network_that_the_operator_opened_is_called(other: ThreadingHTTPServer) -> None:
    answer = send(OPEN, "POST", _at(other, "/hook"), headers={"X-Kind": "test"}, body=b"hello")
    assert (answer.status, answer.body) == (200, b"hello")
    with pytest.raises(ConfigError, match="host bits"):
        Config.load(outbound_networks=("127.0.0.1/8",))


def test_one_closed_address_among_a_names_addresses_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolves(monkeypatch, ["93.184.216.34", "10.0.0.5"])
    with pytest.raises(Refused, match="closed"):
        send(CLOSED, "GET", "https://two-faced.example/")


def test_the_connection_goes_to_the_address_that_was_checked(
    other: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second answer of the name would lead elsewhere, and is never asked for."""
    asked = _resolves(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    answer = send(OPEN, "GET", _at(other, "/pinned", "rebinding.example"))
    assert answer.status == 200
    assert asked == ["rebinding.example"]
    assert other.seen == [f"GET /pinned rebinding.example:{other.server_port}"]  # type: ignore[attr-defined]  # the test's own attribute of the server


def test_a_redirect_is_an_answer_and_not_followed(other: ThreadingHTTPServer) -> None:
    answer = send(OPEN, "GET", _at(other, "/redirect"))
    assert (answer.status, answer.headers["location"]) == (302, "/secret")
    assert len(other.seen) == 1  # type: ignore[attr-defined]  # the test's own attribute of the server


def test_an_answer_has_an_end_in_bytes_and_in_time(other: ThreadingHTTPServer) -> None:
    with pytest.raises(Unavailable, match="larger than 4096 bytes"):
        send(OPEN, "GET", _at(other, "/large"), largest=4096)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer as it should"):
        send(OPEN, "GET", _at(other, "/drip"), seconds=0.5)
    assert time.monotonic() - began < 60


def test_nobody_there_is_said_without_details() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable) as unavailable:
            send(OPEN, "GET", f"http://127.0.0.1:{taken.getsockname()[1]}/", seconds=2)
    assert "Errno" not in str(unavailable.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "b\r\nX-Evil: 1"),
        ("X\r\nEvil", "1"),
        ("Content-Length", "3"),
        ("Host", "evil.example"),
        ("", "x"),
    ],
)
def test_headers_cannot_be_smuggled(name: str, value: str) -> None:
    with pytest.raises(Refused, match="header"):
        send(OPEN, "POST", "http://127.0.0.1:9/", headers={name: value}, body=b"abcd")


def _resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names resolve to these, one answer after the other; gives the list of names asked for. Addresses stay themselves."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: Any, **options: Any) -> Any:
        if host.replace(".", "").isdigit():
            return real(host, port, *arguments, **options)
        asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in answers[min(len(asked), len(answers)) - 1]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked
