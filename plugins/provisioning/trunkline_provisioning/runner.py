"""Running one playbook: variables in, log lines while it runs, a verdict and outputs out, and nothing left behind.

`run_playbook` is the only door. Behind it sits ansible-runner in a process of its own (`keeper`).
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from trunkline_provisioning.process_tree import kill_descendants
from trunkline_provisioning.run_events import Line, PlaybookResult, Story
from trunkline_provisioning.run_folder import RunFolder

#: The collections of this wheel.
COLLECTIONS = Path(__file__).parent

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 15.0


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
    programs = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
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


def run_playbook(
    run: PlaybookRun,
    *,
    log: Callable[[Line], None],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> PlaybookResult:
    """Run it to its end, or until it is cancelled or its time is up; then no process of it is alive and its folder is gone.

    `log` gets lines as they come, in this thread. Raises ValueError for a variable name that Ansible itself would obey.
    """
    story = Story(_texts(run.secrets))
    with RunFolder.make(run.variables, run.secrets) as folder:
        keeper = _Keeper(run, folder)
        try:
            status, rc = "lost", None
            for message in keeper.messages(is_cancelled, run.timeout.total_seconds()):
                if "result" in message:
                    status, rc = message["result"]["status"], message["result"]["rc"]
                elif line := story.tell(message["event"]):
                    log(line)
        finally:
            keeper.stop()
    if keeper.ended_by == "cancelled":
        return PlaybookResult("cancelled", {}, "Cancelled while the playbook ran.")
    if keeper.ended_by == "timed_out":
        return PlaybookResult(
            "timed_out", {}, f"The playbook did not end within {run.timeout.total_seconds():.0f} s."
        )
    if status == "lost":
        return PlaybookResult(
            "lost", {}, f"The run ended without a result. {story.masked(keeper.complaint)}".strip()
        )
    return story.end(status, rc)


class _Keeper:
    """The keeper process as its parent sees it."""

    def __init__(self, run: PlaybookRun, folder: RunFolder) -> None:
        #: Why it was stopped before its end: `cancelled`, `timed_out` or nothing.
        self.ended_by = ""
        self.complaint = ""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trunkline_provisioning.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(folder.path, run.collections),
            cwd=folder.path,
            text=True,
            start_new_session=True,
        )
        order = {
            "folder": str(folder.path),
            "project": str(run.playbook.parent),
            "playbook": run.playbook.name,
            "worker": os.getpid(),
            "check": run.check,
        }
        self._readers = [
            threading.Thread(target=target, daemon=True) for target in (self._read, self._read_complaint)
        ]
        for reader in self._readers:
            reader.start()
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None  # noqa: S101 — for the type checker
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 — for the type checker
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _read_complaint(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 — for the type checker
        for line in self._process.stderr:
            self.complaint = (self.complaint + line)[-2000:]

    def messages(self, is_cancelled: Callable[[], bool], seconds: float) -> Iterator[dict[str, Any]]:
        """What the keeper writes, until it ends or has to be stopped."""
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
            try:
                line = self._lines.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if not line:
                return
            yield json.loads(line)

    def stop(self) -> None:
        """End it with everything below it."""
        process = self._process
        if process.poll() is None and not self._ends_by_itself():
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                kill_descendants(process.pid)
                process.kill()
                process.wait()
        for reader in self._readers:
            reader.join(_GRACE_SECONDS)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _ends_by_itself(self) -> bool:
        if self.ended_by:
            return False
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return False
        return True


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
