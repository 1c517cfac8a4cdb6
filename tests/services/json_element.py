"""A simulated network element with a JSON interface: any path is a resource; it does a thing once per idempotency key."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "element-Token.77"


@dataclass
class JsonElement:
    """What it holds and what it was told. `broken` answers every change with 503, quoting what it got."""

    url: str = ""
    resources: dict[str, Any] = field(default_factory=dict)
    #: Method, path and idempotency key of each change.
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    broken: bool = False
    forgetful: bool = False
    #: Set by a test to make answers come after the client's patience.
    hold: threading.Event | None = None

    def change(self, method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
        """Status and answer of a change."""
        if self.broken:
            return 503, {"detail": f"cannot take {json.dumps(body)}"}
        if key and any(key == known for _, _, known in self.calls):
            return 200, self.resources.get(path, {})
        self.calls.append((method, path, key))
        if self.forgetful:
            return 200, body
        if method == "DELETE":
            return (204, None) if self.resources.pop(path, None) is not None else (404, None)
        held = self.resources.get(path)
        if method == "POST" and isinstance(body, dict) and "id" in body:
            path = f"{path}/{body['id']}"
        self.resources[path] = {**held, **body} if method == "PATCH" and held else (body or {})
        return 200 if held else 201, self.resources[path]


@contextmanager
def json_element() -> Iterator[JsonElement]:
    """Run it on a free port of the loopback interface; it asks for the token."""
    element = JsonElement()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self._answer(401, {"detail": "Who are you?"})
            if self.command == "GET":
                held = element.resources.get(self.path)
                return self._answer(404 if held is None else 200, held)
            status, answer = element.change(
                self.command, self.path, body, self.headers.get("Idempotency-Key", "")
            )
            if element.hold is not None:
                element.hold.wait(30)
            return self._answer(status, answer)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

        def _answer(self, status: int, body: Any) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that does not wait for the answer is no error of this server."""

    with Server(("127.0.0.1", 0), Handler) as server:
        element.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield element
        finally:
            server.shutdown()
