"""What is sent packed, to whom, and what stays as it is."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from trunkline.auth import csrf
from trunkline.testing import Browser
from trunkline.web.app import HashedStatic
from trunkline.web.compression import Compressed

pytestmark = pytest.mark.plugins()

LONG = "The quick brown fox jumps over the lazy dog. " * 100


def _answering(answer: Callable[[], Response]) -> TestClient:
    def handle(_request: object) -> Response:
        return answer()

    return TestClient(Compressed(Starlette(routes=[Route("/", handle)])))


def _as_sent(client: TestClient, accepts: str, path: str = "/") -> tuple[dict[str, str], bytes]:
    """Headers and bytes as they travel."""
    with client.stream("GET", path, headers={"Accept-Encoding": accepts}) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, b"".join(answer.iter_raw())


@pytest.mark.parametrize("accepts", ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.5", "*"])
def test_a_long_text_travels_packed_to_who_takes_that(accepts: str) -> None:
    headers, sent = _as_sent(_answering(lambda: PlainTextResponse(LONG)), accepts)
    assert gzip.decompress(sent).decode() == LONG
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(sent) < len(LONG) / 10
    assert "accept-encoding" in headers["vary"].lower()


@pytest.mark.parametrize("accepts", ["", "identity", "br", "gzip;q=0", "gzip;q=0.000"])
def test_nobody_gets_what_they_do_not_take(accepts: str) -> None:
    headers, sent = _as_sent(_answering(lambda: PlainTextResponse(LONG)), accepts)
    assert sent.decode() == LONG
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    "answer",
    [
        lambda: PlainTextResponse("Short."),
        lambda: Response(LONG, media_type="application/pdf"),
        lambda: Response(LONG, media_type="text/plain", headers={"Content-Encoding": "br"}),
        lambda: StreamingResponse(iter([LONG.encode()]), media_type="text/event-stream"),
        lambda: StreamingResponse(iter([LONG.encode()]), media_type="text/plain"),
    ],
    ids=["short", "packed already", "encoded already", "events", "a stream"],
)
def test_what_gains_nothing_or_must_not_wait_goes_as_it_is(answer: Callable[[], Response]) -> None:
    headers, sent = _as_sent(_answering(answer), "gzip")
    assert headers.get("content-encoding") != "gzip"
    assert sent in (LONG.encode(), b"Short.")


def test_a_file_changed_on_the_disk_is_packed_anew(tmp_path: Path) -> None:
    client = TestClient(Starlette(routes=[Mount("/static", HashedStatic(directory=tmp_path))]))
    sheet = tmp_path / "app.css"
    for color, at in (("red", 1_000_000_000), ("blue", 1_000_000_060)):
        text = f"body {{ color: {color} }} " * 200
        sheet.write_text(text)
        os.utime(sheet, (at, at))
        headers, sent = _as_sent(client, "gzip", "/static/app.css?v=1")
        assert gzip.decompress(sent).decode() == text
        assert headers["content-type"].startswith("text/css")
        assert "immutable" in headers["cache-control"]
        assert "accept-encoding" in headers["vary"].lower()
        plain, whole = _as_sent(client, "identity", "/static/app.css?v=1")
        assert (whole.decode(), "accept-encoding" in plain["vary"].lower()) == (text, True)


def test_pages_of_the_console_travel_packed(staff: Callable[..., Browser]) -> None:
    headers, sent = _as_sent(staff(), "gzip", "/users")
    assert headers["content-encoding"] == "gzip"
    assert b"<h1" in gzip.decompress(sent)
    assert "hx-request" in headers["vary"].lower()
    assert "accept-encoding" in headers["vary"].lower()


def test_no_two_pages_carry_the_same_token(staff: Callable[..., Browser]) -> None:
    """Or who listens could guess it from how long packed pages are."""
    boss = staff()
    first, second = boss.csrf("/profile"), boss.csrf("/profile")
    assert first != second
    for token in (first, second):
        answer = boss.post("/profile", data={"csrf_token": token, "name": "Ana", "language": "en"})
        assert answer.status_code != 403


@pytest.mark.parametrize("token", ["", "zz", "00" * 64, "ab" * 32, "é"])
def test_a_made_up_token_is_none(token: str) -> None:
    assert csrf.is_valid("secret", csrf.token_for("secret"))
    assert not csrf.is_valid("other", csrf.token_for("secret"))
    assert not csrf.is_valid("secret", token)
    assert not csrf.is_valid("", csrf.token_for(""))
