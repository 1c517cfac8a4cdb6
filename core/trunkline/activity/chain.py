"""The arithmetic of sealing: what is digested, with which keys, and how one seal hangs on another. No database here."""

import hmac
import json
import secrets as random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from trunkline import secrets

#: What an entry's digest covers. A column that comes later belongs to a second format, or old digests would no longer fit.
FIELDS = (
    "id",
    "at",
    "operation",
    "actor_kind",
    "actor_id",
    "actor",
    "on_behalf_of_id",
    "on_behalf_of",
    "address",
    "request_id",
    "subject_kind",
    "subject_id",
    "subject",
    "customer_id",
    "changes",
    "details",
)
#: What a seal's chain value covers, besides the format's name.
SEAL_FIELDS = (
    "number",
    "at",
    "entries",
    "count",
    "reached_id",
    "newest_id",
    "first_at",
    "last_at",
    "root",
    "previous",
    "key_id",
)
_SEGMENT_FIELDS = ("at", "first_seal", "last_seal", "count", "file_name", "file_digest")
#: What the proof of an erasure covers.
ERASURE_FIELDS = ("entry_id", "at", "was", "salt", "digest")
_SALT_BYTES = 16
# Made once: making one takes as long as using it.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, check_circular=False)
#: What the first seal hangs on.
BEGINNING = "0" * 64


class Sealer:
    """The keys of the chain, derived from the key file, which lies outside the database (RFC 2104, HMAC-SHA-256)."""

    def __init__(self) -> None:
        self._entry_key = secrets.derive("activity.entry.1")
        self._seal_key = secrets.derive("activity.seal.1")
        #: Says which key file sealed, without telling anything of the key.
        self.key_id = hmac.digest(self._seal_key, b"key-id", "sha256").hex()[:16]

    def digest(self, entry: Mapping[Any, Any], salt: str) -> str:
        """The digest of an entry as `payload` gives it, under its salt."""
        return hmac.digest(self._entry_key, bytes.fromhex(salt) + _canonical(entry), "sha256").hex()

    def chain(self, seal: Mapping[Any, Any]) -> str:
        """The chain value of a seal's other fields."""
        return self._signed("seal", {name: plain(seal[name]) for name in SEAL_FIELDS})

    def proof(self, segment: Mapping[Any, Any]) -> str:
        """What makes a row of removed seals believable."""
        return self._signed("segment", {name: plain(segment[name]) for name in _SEGMENT_FIELDS})

    def erasure(self, fields: Mapping[Any, Any]) -> str:
        """What makes an erasure of an entry's personal values believable."""
        return self._signed("erasure", {name: plain(fields[name]) for name in ERASURE_FIELDS})

    def fits(
        self, entry: Mapping[Any, Any], salt: str, digest: str, erased: Mapping[Any, Any] | None = None
    ) -> bool:
        """Whether an entry is what was sealed as `digest`, or what an erasure, a proven one, has left of it."""
        if erased is not None:
            if (
                erased["entry_id"] != entry["id"]
                or erased["was"] != digest
                or erased["proof"] != self.erasure(erased)
            ):
                return False
            salt, digest = erased["salt"], erased["digest"]
        try:
            return self.digest(entry, salt) == digest
        except ValueError:
            # The salt is no hexadecimal any more.
            return False

    def ending(self, digest: str) -> str:
        """What the last line of an exported segment proves: that the lines before it are all there."""
        return self._signed("file", {"sha256": digest})

    def _signed(self, kind: str, fields: Mapping[str, Any]) -> str:
        return hmac.digest(self._seal_key, f"{kind}\0".encode() + _canonical(fields), "sha256").hex()


def payload(row: Mapping[Any, Any]) -> dict[str, Any]:
    """An entry as it is digested and exported: its fields as JSON values."""
    found = {name: row[name] for name in FIELDS}
    found["at"] = plain(found["at"])
    return found


def plain(value: Any) -> Any:
    """A time as UTC text with microseconds, anything else as it is."""
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _canonical(fields: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(fields).encode()


def salts(count: int) -> list[str]:
    """So many fresh salts."""
    raw = random.token_bytes(_SALT_BYTES * count).hex()
    width = _SALT_BYTES * 2
    return [raw[at : at + width] for at in range(0, len(raw), width)]


def root(digests: Iterable[tuple[int, str]]) -> str:
    """One digest over the digests of a batch, which are (key, digest) in order of keys."""
    return sha256("".join(f"{key}:{digest}\n" for key, digest in digests).encode()).hexdigest()


def as_ranges(keys: Sequence[int]) -> str:
    """Ascending keys in short: `1-3,7`."""
    parts: list[list[int]] = []
    for key in keys:
        if parts and key == parts[-1][1] + 1:
            parts[-1][1] = key
        else:
            parts.append([key, key])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def from_ranges(text: str) -> set[int]:
    """The keys that `as_ranges` wrote; an empty set for what it cannot have written."""
    keys: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            return set()
        # An altered range must not fill the memory.
        if int(last or first) - int(first) > 1_000_000:
            return set()
        keys.update(range(int(first), int(last or first) + 1))
    return keys
