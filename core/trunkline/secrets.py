"""Sealing of secret values (AES-256-GCM, NIST SP 800-38D). The key file lies outside the database and its backup."""

import base64
import os
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import HMAC
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trunkline.errors import ConfigError

_NONCE_BYTES = 12


@dataclass
class Keyring:
    """Keys by id; the last one seals, every one opens. `path` is the key file: one `id:base64` a line."""

    path: Path | None
    keys: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, *, create: bool = True) -> "Keyring":
        """Read the key file, making it (mode 0600) when absent. Raises ConfigError when unreadable or malformed."""
        try:
            if not path.exists() and create:
                _write_new_key_file(path)
            lines = path.read_text().split()
            keys = {key_id: base64.b64decode(text) for key_id, text in (line.split(":", 1) for line in lines)}
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"The key file {path} cannot be used: {error}.", remedy="Restore it from its own backup."
            ) from error
        if not keys:
            raise ConfigError(f"The key file {path} is empty.", remedy="Restore it from its own backup.")
        return cls(path, keys)

    @property
    def newest(self) -> tuple[str, bytes]:
        return next(reversed(self.keys.items()))

    def add(self) -> str:
        """Append a fresh key, which seals from now on; returns its id."""
        key_id = f"k{len(self.keys) + 1}"
        self.keys[key_id] = AESGCM.generate_key(256)
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(f"{key_id}:{base64.b64encode(self.keys[key_id]).decode()}\n")
        return key_id


def _write_new_key_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"k1:{base64.b64encode(AESGCM.generate_key(256)).decode()}\n")


_current: Keyring | None = None


def use(keyring: Keyring) -> None:
    """Make `keyring` the process's keyring."""
    global _current
    _current = keyring


@contextmanager
def temporary_keyring() -> Iterator[Keyring]:
    """A throw-away keyring, for tests and for building a demo."""
    global _current
    before, keyring = _current, Keyring(None, {"k1": AESGCM.generate_key(256)})
    _current = keyring
    try:
        yield keyring
    finally:
        _current = before


def _keyring() -> Keyring:
    if _current is None:
        raise ConfigError("No key file is loaded.", remedy="Start through `trunkline`, which loads it.")
    return _current


def seal(plain: str, *, bound_to: str) -> str:
    """Encrypt `plain`; the result opens only with the same `bound_to` (say `inventory_item:8955…:ki`)."""
    key_id, key = _keyring().newest
    nonce = random.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), bound_to.encode())
    return f"{key_id}${base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, bound_to: str) -> str:
    """Decrypt what `seal` made. Raises ConfigError when the key is missing or the value was moved or altered."""
    key_id, _, body = sealed.partition("$")
    key = _keyring().keys.get(key_id)
    if key is None:
        raise ConfigError(
            f"Key {key_id} is not in the key file.", remedy="Restore the key file from its backup."
        )
    raw = base64.b64decode(body)
    try:
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to.encode()).decode()
    except InvalidTag as error:
        raise ConfigError(f"A secret value bound to {bound_to} does not open.") from error


def fingerprint(plain: str, *, purpose: str) -> str:
    """Keyed digest for a uniqueness column beside a sealed value. Uses the oldest key, so it outlives rotation."""
    oldest = next(iter(_keyring().keys.values()))
    return HMAC(oldest, f"{purpose}\0{plain}".encode(), sha256).hexdigest()


def derive(purpose: str) -> bytes:
    """32 bytes for signing (`cursor`, `csrf` …), derived from the oldest key."""
    oldest = next(iter(_keyring().keys.values()))
    return HMAC(oldest, f"derive\0{purpose}".encode(), sha256).digest()
