"""What the job's log and outputs need of ansible-runner's events, without bulk."""

import json
from typing import Any

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
    "diff",
    "false_condition",
    "skip_reason",
)


def essence(event: dict[str, Any]) -> dict[str, Any]:
    """The event without bulk; nothing that `no_log` hides."""
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
        "action": data.get("resolved_action") or data.get("task_action", ""),
        "stats": {name: data[name] for name in _STATS if name in data},
        "outputs": data.get("artifact_data") or {},
    }


_STATS = ("ok", "changed", "failures", "dark", "skipped", "rescued", "ignored")


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} … ({len(text)} characters)"
