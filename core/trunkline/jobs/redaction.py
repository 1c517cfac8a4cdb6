"""Keeping secrets out of what a job's log holds."""

from collections.abc import Mapping, Set
from typing import Any

from trunkline.activity.recording import MASK


def redacted(value: Any, secrets: Set[str]) -> Any:
    """The value as JSON can hold it, with every secret in its texts masked.

    A number is masked only where it is a secret itself: a PIN's digits in the middle of a duration are no secret.
    """
    if isinstance(value, Mapping):
        return {redacted(str(key), secrets): redacted(inner, secrets) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner, secrets) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return MASK if str(value) in secrets else value
    text = str(value)
    # The longest first, so that no rest of it stays when a shorter one is a part of it.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
