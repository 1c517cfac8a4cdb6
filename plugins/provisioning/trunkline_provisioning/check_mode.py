"""What Ansible's check mode passes over, so that nobody can know before what it would do."""

from collections.abc import Mapping
from typing import Any

_BUILTIN = "ansible.builtin."
#: Actions of ansible-core 2.19 that check mode always skips.
BLIND = frozenset(
    {
        "async_status",
        "command",
        "expect",
        "fetch",
        "raw",
        "script",
        "shell",
        "uri",
        "wait_for",
        "wait_for_connection",
    }
)
#: Whose actions all look in check mode, but for those above.
_SEEING = (_BUILTIN, "trunkline.telecom.")
#: One of these has the item of a loop that its own condition skipped.
_REASONS = frozenset({"false_condition", "skip_reason"})


def is_blind(action: str) -> bool:
    """Whether check mode skips this action, whatever it would do."""
    return action.removeprefix(_BUILTIN) in BLIND


def passed_over(action: str, result: Mapping[str, Any]) -> bool:
    """Whether a skipped task may have been skipped by check mode. `action`: its full name.

    Only of an item is the reason known. Of other tasks the action decides: what looks in check mode was skipped by its condition.
    """
    if _REASONS.intersection(result):
        return False
    return is_blind(action) or not action.startswith(_SEEING)
