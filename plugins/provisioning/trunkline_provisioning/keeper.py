"""The process that keeps one Ansible run: `python -m trunkline_provisioning.keeper`, started by `runner.run_playbook`.

It is single-threaded (ansible-runner forks), adopts whatever the run leaves behind, and on SIGTERM, or when the worker
dies, kills every one of its descendants, deletes the run's folder and ends. It reads one JSON line (the order) from its
input and writes one JSON object a line: the run's events, then the result.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

from trunkline_provisioning.process_tree import adopt_orphans, end_with_parent, kill_descendants
from trunkline_provisioning.run_folder import SECRETS, VARIABLES, RunFolder

_LONGEST_TEXT = 2_000
_KEPT_RESULT = (
    "msg",
    "stderr",
    "reason",
    "exception",
    "stdout",
    "changed",
    "attempts",
    "retries",
    "hlr",
    "censored",
)


class Keeper:
    """One run, from its order to its end."""

    def __init__(self, order: dict[str, Any], output: TextIO) -> None:
        self._order = order
        self._output = output
        self._folder = RunFolder(Path(order["folder"]))

    def run(self) -> None:
        """Play, tell the result, leave nothing running."""
        from ansible_runner import interface

        options = "--check --diff " if self._order["check"] else ""
        end = interface.run(
            private_data_dir=str(self._folder.path),
            project_dir=self._order["project"],
            playbook=self._order["playbook"],
            # As an argument: ansible-runner would write `inventory` to a file that the host_list plugin does not read.
            cmdline=f"{options}-i localhost, -e @{self._folder.path / VARIABLES} -e @{self._folder.path / SECRETS}",
            fact_cache_type="",
            suppress_env_files=True,
            quiet=True,
            event_handler=self._on_event,
            # Without one ansible-runner takes SIGTERM for itself.
            cancel_callback=lambda: False,
        )
        kill_descendants()
        self._tell({"result": {"status": end.status, "rc": end.rc}})

    def _on_event(self, event: dict[str, Any]) -> bool:
        # Whatever is raised here would make run() raise while the play goes on.
        try:
            if event.get("event") == "playbook_on_start":
                self._folder.forget_secrets()
            self._tell({"event": _essence(event)})
        except BrokenPipeError:
            # Nobody listens any more.
            self.stop()
        except Exception as error:  # inside ansible-runner, which would swallow it
            self._tell({"event": {"event": "lost", "text": type(error).__name__}})
        # No event files.
        return False

    def _tell(self, message: dict[str, Any]) -> None:
        self._output.write(json.dumps(message) + "\n")
        self._output.flush()

    def stop(self, *_: object) -> None:
        """Kill the run and end at once; the worker knows why."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        kill_descendants()
        self._folder.delete()
        os._exit(143)


def _essence(event: dict[str, Any]) -> dict[str, Any]:
    """What the job's log and outputs need of a runner event, without bulk."""
    data = event.get("event_data") or {}
    result = data.get("res") or {}
    if not isinstance(result, dict):
        result = {"msg": str(result)}
    hidden = bool(result.get("_ansible_no_log")) or "censored" in result
    item = result.get("_ansible_item_label", result.get("item"))
    return {
        "event": event.get("event", ""),
        "text": _short(event.get("stdout", "")) if not data.get("task") else "",
        "play": data.get("play", ""),
        "task": data.get("task", ""),
        "path": data.get("task_path", ""),
        "host": data.get("host", ""),
        "seconds": data.get("duration"),
        "ignored": bool(data.get("ignore_errors")),
        "hidden": hidden,
        "item": "" if hidden or item is None else _short(item),
        "result": {} if hidden else {name: _short(result[name]) for name in _KEPT_RESULT if name in result},
        "changed": bool(result.get("changed")),
        "stats": {name: data[name] for name in _STATS if name in data},
        "outputs": data.get("artifact_data") or {},
    }


_STATS = ("ok", "changed", "failures", "dark", "skipped", "rescued", "ignored")


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} … ({len(text)} characters)"


def main() -> None:
    """Take the order, keep the run."""
    # The protocol has the real output to itself; whatever else is printed goes to the error stream.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    os.umask(0o077)
    adopt_orphans()
    keeper = Keeper(order, output)
    signal.signal(signal.SIGTERM, keeper.stop)
    if not end_with_parent(order["worker"]):
        keeper.stop()
    try:
        keeper.run()
    except BrokenPipeError:
        keeper.stop()


if __name__ == "__main__":
    main()
