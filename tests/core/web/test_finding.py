"""Which route answers an address does not depend on how it is found."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.types import Message

from trunkline.web.finding import ByFirstWord


def _says(name: str) -> Callable[[Request], Response]:
    return lambda request: PlainTextResponse(f"{name} {request.path_params}")


_ROUTES = [
    Route("/", _says("start")),
    Route("/customers", _says("list")),
    Route("/customers/new", _says("new form")),
    Route("/customers/new", _says("new"), methods=["POST"]),
    Route("/customers/{number}", _says("customer")),
    Route("/customers/{number}/{tab}", _says("tab")),
    Route("/files/new", _says("new file")),
    Route("/files/{place:path}", _says("file")),
    Route("/{anything}/about", _says("about")),
    Mount("/api/v1", Router([Route("/customers/{number}", _says("program"))])),
]


def _answer(router: Router, method: str, path: str) -> tuple[int, bytes]:
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    # In a thread of its own: that of the tests may have a loop already, a browser's.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, router(scope, receive, send)).result()
    return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/customers",
        "/customers/",
        "/customers/new",
        "/customers/C1",
        "/customers/C1/more",
        "/customers/C1/more/still",
        "/files/new",
        "/files/old",
        "/files/2026/11/new",
        "/customers/about",
        "/nothing/about",
        "/nothing",
        "/api/v1/customers/C1",
        "/api/v1",
    ],
)
def test_an_address_is_answered_as_by_asking_every_route_in_turn(method: str, path: str) -> None:
    assert _answer(ByFirstWord(_ROUTES), method, path) == _answer(Router(_ROUTES), method, path)
