"""A PostgreSQL cluster of the test run's own: empty, on loopback, gone afterwards."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.services.loopback import PATIENCE, free_port
from tests.services.programs import PROGRAMS

#: Durability is what a test run does not need; a power cut loses nothing that matters. Nor are there replicas to write for,
#: or databases that live long enough to be tidied up: without both, one is copied and dropped for a third of the CPU.
SETTINGS = {
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
}
#: Bytes: the log may grow to the size above, and a few dozen databases of 20 MB stand at a time.
_PLENTY = 4 * 2**30


class Cluster:
    """A fresh cluster in `home`, as the user that may run it; `within` is the command that puts its server elsewhere."""

    def __init__(self, home: Path, initdb: str, *, within: Sequence[str | Path] = ()) -> None:
        self.home, self.port = home, free_port()
        self._programs, self._within = Path(initdb).parent, within
        self._server: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_urlsafe(16)
        (home / "password").write_text(self._password)
        # PostgreSQL refuses to run as root.
        self._owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self._owner:
            for path in (home, home / "password"):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        self._make()

    def url(self, host: str | Path = "127.0.0.1", database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database for the superuser; a path as `host` is the folder of the server's socket."""
        address = str(host) if not isinstance(host, Path) else ""
        plain = f"postgresql+psycopg://trunkline:{self._password}@{address}:{self.port}/{database}"
        return plain if address else f"{plain}?host={host}"

    def start(self, **settings: str) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its log where it does not."""
        options = [f"--{name}={value}" for name, value in {**SETTINGS, **settings}.items()]
        program = (
            self._programs / "postgres",
            "-D",
            self.home / "data",
            "-k",
            self.home,
            "-p",
            str(self.port),
        )
        self._server = self._run([*self._within, *self._as_owner(), *program, *options])
        self._wait_until_it_answers()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server; by default fast, without waiting for clients."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(timeout=30)
            self._server = None

    def _as_owner(self) -> list[str]:
        if self._owner is None:
            return []
        user, group = str(self._owner.pw_uid), str(self._owner.pw_gid)
        return ["setpriv", "--reuid", user, "--regid", group, "--clear-groups"]

    def _run(self, command: Sequence[str | Path]) -> "subprocess.Popen[bytes]":
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.home, stdout=log, stderr=log)

    def _make(self) -> None:
        options = ("-D", self.home / "data", "-U", "trunkline", "--pwfile", self.home / "password")
        kind = ("-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync")
        made = self._run([*self._as_owner(), self._programs / "initdb", *options, *kind])
        if made.wait():
            raise RuntimeError(f"initdb failed: {(self.home / 'log').read_text()}")
        with (self.home / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet scram-sha-256\n")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + PATIENCE
        url = self.url(self.home).replace("+psycopg", "")
        while True:
            try:
                psycopg.connect(url, connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if self._server is None or self._server.poll() is not None or time.monotonic() > deadline:
                    log = (self.home / "log").read_text()
                    raise RuntimeError(f"PostgreSQL does not start: {error}\n{log}") from error
                time.sleep(0.05)
            else:
                return


def _place() -> str | None:
    """Memory, where there is plenty: hundreds of databases are copied and dropped, a thousand files each."""
    memory = Path("/dev/shm")  # noqa: S108 — mkdtemp makes it private
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= _PLENTY:
        return str(memory)
    # Its user cannot enter a temporary folder inside root's home.
    return "/tmp" if os.geteuid() == 0 else None  # noqa: S108 — as above


@contextmanager
def cluster(*, within: Sequence[str | Path] = ()) -> Iterator[Cluster]:
    """A cluster that is not yet started; stopped and gone at the end.

    Raises:
        RuntimeError: PostgreSQL is not installed; the message holds the remedy.
    """
    initdb = PROGRAMS["initdb"].path()
    if initdb is None:
        raise RuntimeError(f"PostgreSQL is not installed. {PROGRAMS['initdb'].remedy}")
    home = Path(tempfile.mkdtemp(prefix="trunkline-postgres-", dir=_place()))
    try:
        made = Cluster(home, initdb, within=within)
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def private_cluster() -> Iterator[str]:
    """Run a fresh cluster and yield its SQLAlchemy URL (the superuser, database `postgres`).

    Raises:
        RuntimeError: PostgreSQL is not installed or does not start; the message holds its log.
    """
    with cluster() as made:
        made.start()
        yield made.url()
