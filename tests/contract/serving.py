"""`trunkline serve` in a clean room, and a browser without a screen for it."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.contract.clean_room import CleanRoom
from tests.services.loopback import free_port


@contextmanager
def serving(room: CleanRoom) -> Iterator["Site"]:
    """Web and worker of the room's configuration, until the block ends."""
    port = free_port()
    site = Site(f"http://127.0.0.1:{port}")
    with (room.folder / "serve.log").open("wb") as log:
        command = [str(room.folder / ".venv/bin/trunkline"), "serve", "--port", str(port)]
        process = subprocess.Popen(command, cwd=room.folder, env=room.environment, stdout=log, stderr=log)
    try:
        eventually(lambda: httpx2.get(f"{site.address}/readyz").status_code == 200, why=lambda: _log(room))
        yield site
    finally:
        for visitor in site.visitors:
            visitor.http.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Site:
    """A running system and those who visit it."""

    address: str
    visitors: list["Visitor"] = field(default_factory=list)

    def signed_in(self, email: str, password: str) -> "Visitor":
        """Somebody who has signed in by the form."""
        visitor = Visitor(self.address)
        self.visitors.append(visitor)
        visitor.submit("/sign-in", {"email": email, "password": password})
        return visitor


def _log(room: CleanRoom) -> str:
    return (room.folder / "serve.log").read_text()


def eventually(is_so: Callable[[], Any], *, seconds: float = 90, why: Callable[[], str] = str) -> None:
    """Wait until something is so; fails the test with `why` when it does not become so."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if is_so():
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"it did not become so within {seconds:.0f} s\n{why()}")


class Visitor:
    """Somebody with cookies who fills in forms."""

    def __init__(self, address: str) -> None:
        self.http = httpx2.Client(base_url=address, follow_redirects=True, timeout=90)

    def get(self, path: str) -> str:
        """The page's HTML; fails the test when it is not there."""
        answer = self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text[-2000:]}"
        return answer.text

    def submit(self, path: str, fields: dict[str, str] | None = None, *, page: str = "") -> str:
        """Send a form with the token of `page` (default: the same address) and return the page that follows."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page or path))
        assert token is not None, f"{page or path} has no form"
        answer = self.http.post(path, data={"csrf_token": token[1], **(fields or {})})
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text[-2000:]}"
        return answer.text
