"""A real Redis (Debian's redis-server) and, for the processes that talk to it, Debian's Python client.

The client is no dependency of ours: `huey` and `limits` load it wherever it is installed, which costs a process that has no Redis
17 MB. So only the processes of a test that has one see it, in a folder on their path.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.services.loopback import PATIENCE, free_port
from tests.services.programs import PROGRAMS

_PACKAGES = Path("/usr/lib/python3/dist-packages")
#: The client and what it needs.
CLIENT = ("redis", "async_timeout", "deprecated", "wrapt")


class RedisServer:
    """One that keeps nothing on disk; `within` is the command that puts it elsewhere."""

    def __init__(self, home: Path, *, within: Sequence[str] = ()) -> None:
        self._home, self._within = home, within
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, host: str = "127.0.0.1") -> str:
        """Where it is for those that reach its host by that address."""
        return f"redis://{host}:{self._port}/0"

    @property
    def client(self) -> Path:
        """The folder that brings Python the client."""
        return self._home / "client"

    def start(self) -> None:
        """Start it, empty, and wait until it answers. Raises RuntimeError with its log where it does not."""
        program = [PROGRAMS["redis-server"].path() or "redis-server", "--save", "", "--protected-mode", "no"]
        # Elsewhere is a host of the test's own, which nobody else reaches.
        place = ["--bind", "0.0.0.0" if self._within else "127.0.0.1"]  # noqa: S104
        place += ["--port", str(self._port), "--unixsocket", self._socket, "--dir", str(self._home)]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen([*self._within, *program, *place], stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while self.ask("ping").strip() != "PONG":
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"redis-server does not start: {(self._home / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it; what it holds is lost."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def ask(self, *command: str) -> str:
        """What it says to a command, on whatever host this is asked; empty while it is away."""
        done = subprocess.run(["redis-cli", "-s", self._socket, *command], capture_output=True, text=True)
        return done.stdout

    @property
    def _socket(self) -> str:
        return str(self._home / "redis.sock")


@contextmanager
def redis_server(*, within: Sequence[str] = ()) -> Iterator[RedisServer]:
    """One that is not yet started; stopped and gone at the end.

    Raises:
        RuntimeError: it is not installed; the message holds the remedy.
    """
    if PROGRAMS["redis-server"].path() is None:
        raise RuntimeError(f"redis-server is not installed. {PROGRAMS['redis-server'].remedy}")
    with tempfile.TemporaryDirectory(prefix="trunkline-redis-") as name:
        server = RedisServer(Path(name), within=within)
        server.client.mkdir()
        for package in CLIENT:
            if (_PACKAGES / package).exists():
                (server.client / package).symlink_to(_PACKAGES / package)
        try:
            yield server
        finally:
            server.stop()
