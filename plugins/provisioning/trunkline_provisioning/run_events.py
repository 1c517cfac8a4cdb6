"""What a run's events say in a job's log, and what they amount to at the end."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any, Literal

from trunkline.jobs.steps import Level
from trunkline_provisioning.check_mode import passed_over

Status = Literal["successful", "failed", "cancelled", "timed_out", "lost"]
_MASK = "•••"
_LONGEST_LINE = 400
#: As Ansible begins what it complains of; a traceback holds the word in other names.
_ERROR = re.compile(r"(?<![A-Z_])ERROR")
#: The last line of a traceback, of the kind that names a cause.
_FAULT = re.compile(r"[A-Z]\w*Error: ")
#: Of one task's difference.
_MOST_LINES = 40


@dataclass(frozen=True)
class Line:
    """One line for the log."""

    level: Level
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaybookResult:
    """How a run ended. `problem` says in words why it did not succeed."""

    status: Status
    outputs: Mapping[str, Any]
    problem: str = ""
    changed: int = 0
    #: Whether the fork server ran it, not the stock command.
    warm: bool = False

    @property
    def succeeded(self) -> bool:
        return self.status == "successful"


class Story:
    """Follows one run. `secrets` are masked in everything that leaves it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted(
            {form for value in secrets if value for form in forms(value)}, key=len, reverse=True
        )
        self._problem = ""
        self._stats: Mapping[str, Any] | None = None
        self._outputs: Mapping[str, Any] = {}
        self._noise: list[str] = []
        #: The last error of Ansible's own inside.
        self._fault = ""

    def tell(self, event: Mapping[str, Any]) -> Line | None:
        """The log line of one event, if it deserves one."""
        line = self._line(event)
        return Line(line.level, self.masked(line.text)[:_LONGEST_LINE], line.data) if line else None

    def masked(self, value: Any) -> Any:
        """The value with every secret in it replaced."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, _MASK)
            return value
        if isinstance(value, Mapping):
            return {self.masked(key): self.masked(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.masked(inner) for inner in value]
        return value

    def _line(self, event: Mapping[str, Any]) -> Line | None:
        kind, task = str(event["event"]), event.get("task", "")
        if kind in ("verbose", "error", "warning"):
            return self._remember(str(event.get("text", "")))
        if kind == "playbook_on_play_start":
            return Line("debug", f"Play “{event['play']}”")
        if kind in ("playbook_on_task_start", "playbook_on_handler_task_start"):
            return Line("debug", f"Task “{task}”")
        if kind == "playbook_on_stats":
            self._stats, self._outputs = event["stats"], self.masked(event["outputs"])
            return None
        if kind == "lost":
            return Line("warn", f"An event of the run could not be read: {event.get('text', '')}")
        return self._result_line(kind, task, event)

    def _result_line(self, kind: str, task: str, event: Mapping[str, Any]) -> Line | None:
        words, data = (
            _words(event),
            {"task": task, "host": event.get("host", ""), "seconds": event.get("seconds")},
        )
        if kind in ("runner_on_ok", "runner_item_on_ok"):
            word = "done" if event.get("hidden") else "changed" if event["changed"] else "ok"
            if event["changed"]:
                data["changed"] = True
                data["diff"] = self.masked(_difference(event))
            return Line(
                "debug" if kind.startswith("runner_item") else "ok", f"{_named(event)}: {word}{words}", data
            )
        if kind in ("runner_on_skipped", "runner_item_on_skipped"):
            unseen = passed_over(str(event["action"]), event["result"])
            return Line("debug", f"{_named(event)}: skipped", {**data, "unseen": unseen})
        if kind == "runner_retry":
            result = event["result"]
            tries = (
                f" (try {result.get('attempts')} of {result.get('retries')})" if result.get("retries") else ""
            )
            return Line("warn", f"{_named(event)}: tried again{tries}{words}", data)
        if kind in ("runner_on_failed", "runner_item_on_failed", "runner_on_unreachable"):
            if event.get("ignored"):
                return Line("warn", f"{_named(event)}: failed, which the playbook ignores{words}", data)
            word = "unreachable" if kind == "runner_on_unreachable" else "failed"
            text = f"{_named(event)}: {word}{words}"
            # An item's failure comes before its task's, which only says that not all went well.
            message = _message(event)
            problem = f"{_named(event)}: {message}" if message else text
            self._problem = self._problem or self.masked(problem)
            return Line("error", text, {**data, "at": event.get("path", "")})
        return None

    def _remember(self, text: str) -> Line | None:
        plain = " ".join(text.split())
        if not plain:
            return None
        self._noise = [*self._noise[-8:], plain]
        if _FAULT.match(plain):
            self._fault = plain
        return Line("debug", plain)

    def end(self, status: str, rc: int | None) -> PlaybookResult:
        """The verdict: only a run that says so in every way has succeeded. A rescued task has failed, for rescue hides it."""
        bad = {
            name: sum((self._stats or {}).get(name, {}).values()) for name in ("failures", "dark", "rescued")
        }
        if status == "successful" and rc == 0 and self._stats is not None and not any(bad.values()):
            changed = sum(self._stats.get("changed", {}).values())
            return PlaybookResult("successful", self._outputs, changed=changed)
        return PlaybookResult("failed", {}, self._explained(bad, rc))

    def _explained(self, bad: Mapping[str, int], rc: int | None) -> str:
        if self._problem:
            return (
                f"{self._problem} (rescued by the playbook, which still counts as failed)"
                if bad["rescued"]
                else self._problem
            )
        errors = [text for text in self._noise if _ERROR.search(text)] or [
            self._fault or " ".join(self._noise[-2:])
        ]
        how = "was killed" if rc is None else f"ended with status {rc} and said nothing"
        return self.masked(" ".join(errors)) or f"Ansible {how}."


def forms(secret: str) -> set[str]:
    """How a secret may be written: network elements change the case of hexadecimal keys."""
    return {secret, secret.lower(), secret.upper()}


def _named(event: Mapping[str, Any]) -> str:
    host, item = event.get("host", ""), event.get("item", "")
    place = f" on {host}" if host not in ("", "localhost") else ""
    return f"{event.get('task', '')}{place}" + (f" [{item}]" if item else "")


def _words(event: Mapping[str, Any]) -> str:
    seconds = event.get("seconds")
    took = f", {_time(seconds)}" if isinstance(seconds, int | float) and seconds else ""
    message = _message(event)
    return f"{took}: {message}" if message else took


def _message(event: Mapping[str, Any]) -> str:
    """What the task says about its result; nothing where no_log hides it."""
    if event.get("hidden"):
        return ""
    result = event.get("result", {})
    return " ".join(str(result.get("msg") or result.get("reason") or result.get("stderr") or "").split())


def _difference(event: Mapping[str, Any]) -> list[str]:
    """What a task changed or would change, as lines of a unified difference; nothing where it does not say."""
    text = event.get("result", {}).get("diff")
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        # Too long to have been kept whole.
        return []
    lines: list[str] = []
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, Mapping) and one.get("prepared"):
            lines += str(one["prepared"]).splitlines()
        elif isinstance(one, Mapping) and ("before" in one or "after" in one):
            before, after = _plain(one.get("before")), _plain(one.get("after"))
            lines += list(unified_diff(before, after, n=1, lineterm=""))[2:]
    return [line for line in lines if not line.startswith("@@")][:_MOST_LINES]


def _plain(value: Any) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True, default=str)
    return [] if value in (None, "") else text.splitlines()


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
