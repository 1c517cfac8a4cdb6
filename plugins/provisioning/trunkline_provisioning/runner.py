"""Running one playbook: variables in, log lines while it runs, a verdict and outputs out, and nothing left behind.

`run_playbook` is the only door. Behind it sits ansible-runner in a process of its own (`keeper`).
"""

import json
import logging
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from trunkline.plugin import ServiceProcess
from trunkline_provisioning.fork_server import Place, command, place_of
from trunkline_provisioning.process_tree import descendants, kill_all
from trunkline_provisioning.run_events import Line, PlaybookResult, Story
from trunkline_provisioning.run_folder import COMPLAINT, RunFolder

#: The collections of this wheel.
COLLECTIONS = Path(__file__).parent

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 15.0
#: How long the fork server may take to fork.
_SERVER_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlaybookRun:
    """What to run, and with what. `variables` and `secrets` are data: no text in them is ever read as a template."""

    playbook: Path
    variables: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    timeout: timedelta = timedelta(minutes=10)
    #: Folders that hold `ansible_collections`, besides this wheel's.
    collections: tuple[Path, ...] = ()
    #: Only look what would change: Ansible's check mode, with differences.
    check: bool = False


def environment(home: Path, collections: tuple[Path, ...] = ()) -> dict[str, str]:
    """What a run may know of its surroundings: programs, language, its own folder. Nothing is inherited."""
    programs = [
        str(Path(sys.executable).parent),
        "/usr/local/bin",
        "/usr/bin",
        "/bin",
        "/usr/sbin",
        "/sbin",
    ]
    return {
        "PATH": ":".join(programs),
        "HOME": str(home / "home"),
        "TMPDIR": str(home / "tmp"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        # So that action plugins import the same packages as this process, also from a source tree.
        "PYTHONPATH": ":".join(path for path in sys.path if path and Path(path).is_dir()),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_HOME": str(home / "home"),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(home / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": ":".join(str(path) for path in (*collections, COLLECTIONS)),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_INVENTORY_ENABLED": "host_list",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }


def service(data: Path, collections: tuple[Path, ...] = ()) -> ServiceProcess:
    """The fork server of this worker. Until it is warm the stock command runs the playbooks, so nothing waits for it."""
    place = place_of(data, os.getpid())
    place.make()
    place.want_collections((*collections, COLLECTIONS))
    for name in ("home", "tmp"):
        (place.folder / name).mkdir(mode=0o700, exist_ok=True)
    (place.folder / "ansible.cfg").touch(mode=0o600)
    return ServiceProcess(
        "provisioning.fork_server",
        command(place),
        ready=lambda: True,
        folder=place.folder,
        log_file=place.folder / "log",
        environment=environment(place.folder, collections),
    )


def run_playbook(
    run: PlaybookRun,
    *,
    log: Callable[[Line], None],
    look: Callable[[], float] = lambda: math.inf,
    is_cancelled: Callable[[], bool] = lambda: False,
    server: Place | None = None,
) -> PlaybookResult:
    """Run it to its end, or until it is cancelled or its time is up; then no process of it is alive and its folder is gone.

    `log` gets lines as they come, in this thread. `look` is called after each of them, and when the seconds that it returns are
    over. The fork `server` runs it warm; without one, or while it is away, the stock command runs it. Raises ValueError for a
    variable name that Ansible itself would obey.
    """
    story = Story(_texts(run.secrets))
    with RunFolder.make(run.variables, run.secrets) as folder:
        keeper = _Keeper(run, folder, server)
        try:
            status, rc, complaint = "lost", None, ""
            for message in keeper.messages(look, is_cancelled, run.timeout.total_seconds()):
                if "complaint" in message:
                    complaint = message["complaint"]
                elif "result" in message:
                    status, rc = message["result"]["status"], message["result"]["rc"]
                elif line := story.tell(message["event"]):
                    log(line)
        finally:
            keeper.stop()
        if keeper.ended_by == "cancelled":
            return PlaybookResult("cancelled", {}, "Cancelled while the playbook ran.")
        if keeper.ended_by == "timed_out":
            seconds = run.timeout.total_seconds()
            return PlaybookResult("timed_out", {}, f"The playbook did not end within {seconds:.0f} s.")
        if status == "lost":
            words = f"The run ended without a result. {story.masked(complaint or keeper.complaint)}"
            return PlaybookResult("lost", {}, words.strip())
        return replace(story.end(status, rc), warm=keeper.is_warm)


class _Keeper:
    """The keeper process as the worker sees it: a connection, whose end means that nothing of the run is alive."""

    def __init__(self, run: PlaybookRun, folder: RunFolder, server: Place | None) -> None:
        #: Why it was stopped before its end: `cancelled`, `timed_out` or nothing.
        self.ended_by = ""
        self._folder = folder
        self._pid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""
        known = environment(folder.path, run.collections)
        order: dict[str, Any] = {
            "folder": str(folder.path),
            "project": str(run.playbook.parent),
            "playbook": run.playbook.name,
            "worker": os.getpid(),
            "check": run.check,
            "collections": [str(path) for path in (*run.collections, COLLECTIONS)],
            "environment": known,
        }
        #: Whether the fork server took the run.
        self.is_warm = server is not None and self._ask(server, order)
        if not self.is_warm:
            self._start(order, known)

    def _ask(self, server: Place, order: Mapping[str, Any]) -> bool:
        """Have the fork server keep the run; False when it is away or out of date."""
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.settimeout(_SERVER_SECONDS)
        try:
            self._connection.connect(str(server.socket))
            self._order(order)
            return self._introduced()
        except OSError:
            self._connection.close()
            return False

    def _start(self, order: Mapping[str, Any], known: Mapping[str, str]) -> None:
        self._connection, theirs = socket.socketpair()
        with theirs, (self._folder.path / COMPLAINT).open("ab") as complaint:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "trunkline_provisioning.keeper"],
                stdin=theirs.fileno(),
                stdout=complaint,
                stderr=complaint,
                env=known,
                cwd=self._folder.path,
                start_new_session=True,
            )
        with suppress(OSError):
            self._order(order)

    def _order(self, order: Mapping[str, Any]) -> None:
        self._connection.sendall(json.dumps(order).encode() + b"\n")

    def _introduced(self) -> bool:
        line = self._line(time.monotonic() + _SERVER_SECONDS)
        if line:
            self._pid = json.loads(line)["keeper"]
            self._connection.sendall(b"\n")
            return True
        self._connection.close()
        return False

    def _line(self, deadline: float) -> bytes | None:
        """The next line; empty at the end, None when none has come in time."""
        while b"\n" not in self._read:
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                part = self._connection.recv(65536)
            except TimeoutError:
                return None
            except ConnectionResetError:
                return b""
            if not part:
                return b""
            self._read += part
        line, _newline, self._read = self._read.partition(b"\n")
        return line

    @property
    def complaint(self) -> str:
        """What the keeper or ansible-runner said when it failed."""
        with suppress(OSError):
            return (self._folder.path / COMPLAINT).read_text(errors="replace")[-2000:]
        return ""

    def messages(
        self, look: Callable[[], float], is_cancelled: Callable[[], bool], seconds: float
    ) -> Iterator[dict[str, Any]]:
        """What the keeper tells, until it ends or has to be stopped."""
        deadline = time.monotonic() + seconds
        next_look = 0.0
        while True:
            now = time.monotonic()
            if now >= next_look:
                # Asking may cost a query, so not before every line.
                self.ended_by = "cancelled" if is_cancelled() else "timed_out" if now > deadline else ""
                if self.ended_by:
                    return
                next_look = now + _LOOK_SECONDS
            line = self._line(min(next_look, time.monotonic() + look()))
            if line == b"":
                return
            if line is not None:
                message = json.loads(line)
                if "keeper" in message:
                    self._pid = message["keeper"]
                else:
                    yield message

    def stop(self) -> None:
        """End it with everything below it; it has mostly ended by itself."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _GRACE_SECONDS
        while (line := self._line(deadline)) and time.monotonic() < deadline:
            continue
        if line != b"" and self._pid is not None:
            log.error("the keeper %s of a run did not end; it is killed", self._pid)
            kill_all([*descendants(self._pid), self._pid])
        self._connection.close()
        if self._process is not None:
            try:
                self._process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _texts(value: Any) -> Iterator[str]:
    """Every text inside nested values."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
