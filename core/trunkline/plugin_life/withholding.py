"""What of an error or traceback is kept: as much as says what went wrong, and no secret."""

import re

from trunkline.activity.recording import MASK

_MOST_OF_AN_ERROR, _MOST_OF_A_TRACEBACK = 1_000, 16_000
#: The values of a failed statement: whatever somebody entered.
_PARAMETERS = re.compile(r"\[parameters: .*?\](?=\n\(Background|\s*\Z)", re.DOTALL)
#: The detail in which PostgreSQL repeats values of a row, as `Key (email)=(ana@example.com) already exists.`
_ROW = re.compile(r"(?m)^(DETAIL: ).*$")
#: The password in an address such as `postgresql://name:password@host`.
_IN_ADDRESS = re.compile(r"(://[^/\s:@]*:)[^@\s/]+(?=@)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_NAMED = re.compile(
    r"(?i)([\w-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|authorization|credential)[\w-]*"
    r"[\"']?\s*[:=]\s*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;)}\]&]+)"
)


def without_secrets(text: str) -> str:
    """The text with values of statements, passwords in addresses, and whatever follows the name of a secret masked."""
    text = _PARAMETERS.sub(f"[parameters: {MASK}]", text)
    text = _ROW.sub(rf"\1{MASK}", text)
    text = _IN_ADDRESS.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    return _NAMED.sub(rf"\1{MASK}", text)


def kept_error(text: str) -> str:
    """An error's message as a row can hold it."""
    return _storable(without_secrets(text))[:_MOST_OF_AN_ERROR]


def kept_traceback(text: str) -> str:
    """A traceback as a row can hold it; of a long one the end, which says what went wrong."""
    return _storable(without_secrets(text))[-_MOST_OF_A_TRACEBACK:]


def _storable(text: str) -> str:
    # PostgreSQL takes no NUL, and no database half a pair of surrogates.
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
