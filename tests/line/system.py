"""A whole Trunkline as an operator runs it: the command line, `serve`, its web and worker processes, an empty database."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.line import commands
from tests.services.loopback import free_port

ADMINISTRATOR = "admin@conectasul.example"
PASSWORD = "araucaria-violeta-77"
_STARTS_WITHIN = 120.0

T = TypeVar("T")


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'trunkline.db'}"
        return
    server = os.environ["TRUNKLINE_TEST_POSTGRES"]
    name = f"line_{secrets.token_hex(6)}"
    plain = server.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass
class System:
    """One installation in a folder of its own."""

    folder: Path
    database: str
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        """What serve and its processes wrote."""
        path = self.folder / "serve.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def write_config(self) -> None:
        lines = [
            f'data = "{self.data}"',
            f'database = "{self.database}"',
            f"port = {self.port}",
            'operator_name = "Conecta Sul"',
            'time_zone = "America/Sao_Paulo"',
            *(f"{name} = {value}" for name, value in self.settings.items()),
        ]
        (self.folder / "trunkline.toml").write_text("\n".join(lines) + "\n")

    def command(self, *arguments: str) -> list[str]:
        """The command line as the operator types it."""
        return [sys.executable, "-m", "trunkline.cli", *arguments]

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run a command to its end; fails unless it ends with `status`. Returns what it printed."""
        environment = {**os.environ, "TRUNKLINE_NEW_PASSWORD": PASSWORD}
        ended, output = commands.run(arguments, self.folder, environment)
        assert ended == status, f"{arguments}: {ended}\n{output}"
        return output

    def start(self, *options: str) -> None:
        """Start `serve` and wait until it answers."""
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command("serve", *options), cwd=self.folder, stdout=log, stderr=log
            )
        wait_for(self._answers, "the first page", within=_STARTS_WITHIN, explain=lambda: self.log)

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"serve ended with {self.process.returncode}:\n{self.log}")
        try:
            with urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """Stop as the operator does, with Ctrl-C."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=120)

    def worker_pids(self) -> list[int]:
        """The worker processes under this serve."""
        assert self.process is not None
        pid, found = self.process.pid, []
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            # One that is just ending is no worker any more.
            with suppress(OSError):
                if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                    found.append(int(child))
        return found

    def mails(self) -> list[EmailMessage]:
        """Every mail that the spool holds, oldest first."""
        found = sorted(self.data.rglob("*.eml"), key=lambda path: path.stat().st_mtime)
        return [BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in found]

    def link_in_mail_to(self, address: str) -> str:
        """The link to choose a password in the newest mail to somebody that has one, as a path."""

        def newest() -> str | None:
            for mail in reversed(self.mails()):
                body = mail.get_body(("plain",))
                text = body.get_content() if body is not None else ""
                link = re.search(r"http\S+/set-password/\S+", text)
                if address in str(mail["To"]) and link is not None:
                    return link.group()
            return None

        return wait_for(newest, f"an invitation to {address}").removeprefix(self.url)


def wait_for(
    ready: Callable[[], T | None],
    what: str,
    *,
    within: float = 90.0,
    explain: Callable[[], str] = lambda: "",
) -> T:
    """What `ready` gives as soon as it gives something; fails when that takes too long."""
    deadline, pause = time.monotonic() + within, 0.1
    while time.monotonic() < deadline:
        found = ready()
        if found:
            return found
        time.sleep(pause)
        # Asking takes the time of the very processes that are waited for.
        pause = min(pause * 1.2, 0.5)
    pytest.fail(f"{what} did not come within {within:.0f} s. {explain()}")


@contextmanager
def installed(kind: str, folder: Path, **settings: str) -> Iterator[System]:
    """An installation on an empty database, with one administrator made on the command line; not yet served."""
    folder.mkdir(parents=True, exist_ok=True)
    with empty_database(kind, folder) as database:
        system = System(folder, database, free_port(), settings=settings)
        system.write_config()
        system.run("migrate")
        system.run("user", "create", ADMINISTRATOR, "--name", "Helena Vargas", "--role", "administrator")
        try:
            yield system
        finally:
            system.stop()
