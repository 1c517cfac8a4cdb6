"""A PostgreSQL cluster of the test run's own: empty, on loopback, gone afterwards."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.services.loopback import free_port
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


@contextmanager
def private_cluster() -> Iterator[str]:
    """Run a fresh cluster and yield its SQLAlchemy URL (the superuser, database `postgres`).

    Raises:
        RuntimeError: PostgreSQL is not installed or does not start; the message holds its log.
    """
    initdb = PROGRAMS["initdb"].path()
    if initdb is None:
        raise RuntimeError(f"PostgreSQL is not installed. {PROGRAMS['initdb'].remedy}")
    # PostgreSQL refuses to run as root, and its user cannot enter a temporary folder inside root's home.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="trunkline-postgres-", dir="/tmp" if owner else None))  # noqa: S108 — mkdtemp makes it private
    password = secrets.token_urlsafe(16)
    (home / "password").write_text(password)
    if owner:
        for path in (home, home / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    user, group, groups = (owner.pw_uid, owner.pw_gid, list[int]()) if owner else (None, None, None)
    server: subprocess.Popen[bytes] | None = None
    try:
        made = subprocess.run(
            [
                *(initdb, "-D", home / "data", "-U", "trunkline", "--pwfile", home / "password"),
                *("-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            cwd=home,
            capture_output=True,
            text=True,
            user=user,
            group=group,
            extra_groups=groups,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        port = free_port()
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    Path(initdb).parent / "postgres",
                    "-D",
                    home / "data",
                    "-k",
                    home,
                    "-p",
                    str(port),
                    *options,
                ],
                cwd=home,
                stdout=log,
                stderr=log,
                user=user,
                group=group,
                extra_groups=groups,
            )
        address = f"trunkline:{password}@127.0.0.1:{port}/postgres"
        _wait_until_it_answers(f"postgresql://{address}", server, home / "log")
        yield f"postgresql+psycopg://{address}"
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # "fast shutdown": do not wait for clients
            server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {error}\n{log.read_text()}") from error
            time.sleep(0.05)
        else:
            return
