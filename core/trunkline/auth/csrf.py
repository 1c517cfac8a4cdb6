"""CSRF tokens: a keyed digest of a secret that only the browser's own cookie or session knows.

Each page carries it masked by other random bytes: pages are sent compressed, and from the lengths of many of them somebody who
listens could guess what stands in all of them (BREACH, CVE-2013-3587).
"""

import hmac
from hashlib import sha256
from secrets import token_bytes

from trunkline.secrets import derive

_LENGTH = sha256().digest_size


def token_for(secret: str) -> str:
    """A token for a session's `csrf_secret`, or for the anonymous cookie of somebody who is not signed in
    yet. Another one each time; all of them are valid.
    """
    mask = token_bytes(_LENGTH)
    return (mask + _masked(_digest(secret), mask)).hex()


def is_valid(secret: str, token: str) -> bool:
    """Whether `token` was made from `secret`, compared in constant time."""
    try:
        given = bytes.fromhex(token)
    except ValueError:
        return False
    if not secret or len(given) != 2 * _LENGTH:
        return False
    return hmac.compare_digest(_digest(secret), _masked(given[_LENGTH:], given[:_LENGTH]))


def _digest(secret: str) -> bytes:
    return hmac.new(derive("csrf"), secret.encode(), sha256).digest()


def _masked(value: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(value, mask, strict=True))
