"""What work on a network element amounts to, and how secrets stay out of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MASK = "•••"
_SECRET_NAME = re.compile(
    r"(?i)pass|secret|token|credential|community|psk|wpa|^ki$|^opc?$|^k$|pin\d*$|puk\d*$|(^|[_-])key$"
)


class DeviceError(Exception):
    """The element cannot be reached, refuses, or does not become as wanted. The message holds no secret."""


@dataclass(frozen=True)
class Outcome:
    """What was found and done. `before` and `after` are what a person may read of it; they hold no secrets."""

    changed: bool
    message: str
    before: Any = None
    after: Any = None
    #: Further values for the playbook's `register`.
    facts: Mapping[str, Any] = field(default_factory=dict)


def is_secret_name(name: str) -> bool:
    """Whether a value under this name is never shown."""
    return bool(_SECRET_NAME.search(name))


def masked(value: Any, hidden: Iterable[str] = ()) -> Any:
    """The value without what lies under names that sound secret, or under one of `hidden`."""
    names = frozenset(hidden)
    if isinstance(value, Mapping):
        return {
            key: MASK if inner and (key in names or is_secret_name(str(key))) else masked(inner, names)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(inner, names) for inner in value]
    return value


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with each of the secrets replaced; elements like to quote what they refuse."""
    for secret in sorted({secret for secret in secrets if len(secret) >= 3}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def secrets_in(value: Any, hidden: Iterable[str] = ()) -> set[str]:
    """The texts that `masked` would hide."""
    names = frozenset(hidden)
    if isinstance(value, Mapping):
        found: set[str] = set()
        for key, inner in value.items():
            if key in names or is_secret_name(str(key)):
                found |= _texts(inner)
            else:
                found |= secrets_in(inner, names)
        return found
    if isinstance(value, list | tuple):
        return {text for inner in value for text in secrets_in(inner, names)}
    return set()


def _texts(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {text for inner in value.values() for text in _texts(inner)}
    if isinstance(value, list | tuple):
        return {text for inner in value for text in _texts(inner)}
    return {str(value)} if value not in (None, "", True, False) else set()
