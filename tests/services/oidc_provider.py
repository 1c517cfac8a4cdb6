"""A real identity provider (oidc-provider, certified by the OpenID Foundation) on a free loopback port."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.services.loopback import PATIENCE, free_port
from tests.services.programs import PROGRAMS

HOME = Path(__file__).with_name("oidc-provider")
CLIENT_ID, CLIENT_SECRET = "trunkline", "a-secret-between-the-two"
#: A client without a secret.
PUBLIC_CLIENT = "trunkline-public"


@dataclass
class IdentityProvider:
    """A running provider."""

    port: int
    command: list[str | Path]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    #: One browser at the provider, which stays signed in there.
    browser: httpx2.Client = field(default_factory=httpx2.Client)

    @property
    def issuer(self) -> str:
        """Its name and address."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start it. Raises RuntimeError when it does not come up, with its log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=HOME,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"oidc-provider does not start: {error}\n{self.log.read_text()}"
                    ) from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it; nobody answers from then on."""
        if self.process is not None:
            # The wheel's `node` is a script that starts the real one, so the whole group is told.
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=30)
            self.process = None

    def forget_browser(self) -> None:
        """The person at the provider takes another browser."""
        self.browser.close()
        self.browser = httpx2.Client()

    def visit(self, address: str, answer: dict[str, Any] | None = None) -> str:
        """Follow the provider's pages from `address`, answering its login page, to where it sends the browser back."""
        for _step in range(10):
            shown = self.browser.get(address)
            if "/login/" in address and answer is not None:
                shown = self.browser.post(address, data={"answer": json.dumps(answer)})
            place = shown.headers.get("location", "")
            if shown.status_code not in (302, 303) or not place:
                raise AssertionError(f"{address}: {shown.status_code} {shown.text[:500]}")
            address = str(shown.url.join(place))
            if not address.startswith(self.issuer):
                return address
        raise AssertionError(f"the provider goes round in circles: {address}")


@contextmanager
def identity_provider(callback: str, back: str) -> Iterator[IdentityProvider]:
    """Run a provider that sends people back to `callback`, and after signing out to `back`.

    Raises:
        RuntimeError: it cannot be installed or does not start; the message says why.
    """
    node = _install()
    client = {"redirect_uris": [callback], "post_logout_redirect_uris": [back]}
    clients = [
        {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **client},
        {"client_id": PUBLIC_CLIENT, "token_endpoint_auth_method": "none", **client},
    ]
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="trunkline-oidc-") as folder:
        command: list[str | Path] = [node, HOME / "provider.mjs", str(port), json.dumps(clients)]
        provider = IdentityProvider(port, command, Path(folder) / "log")
        provider.start()
        try:
            yield provider
        finally:
            provider.stop()
            provider.browser.close()


def _install() -> str:
    """Have npm install what the lock lists, once; returns the path of node."""
    # The one that `./run` brings comes first: it does so where the machine's is too old.
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or PROGRAMS["node"].path()
    if node is None:
        raise RuntimeError(f"node is not installed. {PROGRAMS['node'].remedy}")
    lock = (HOME / "package-lock.json").read_bytes()
    stamp = HOME / "node_modules" / ".trunkline"
    # Several test processes may come here at once.
    with (HOME / "package.json").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_bytes() != lock:
            npm = shutil.which("npm", path=str(Path(node).parent)) or shutil.which("npm")
            if npm is None:
                raise RuntimeError(f"npm is not installed. {PROGRAMS['node'].remedy}")
            done = subprocess.run(
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=HOME,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )
            if done.returncode:
                raise RuntimeError(f"npm could not install oidc-provider: {done.stderr}")
            stamp.write_bytes(lock)
    return node
