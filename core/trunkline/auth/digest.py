"""Secrets that travel outside and the digests that stay inside."""

import secrets
from hashlib import sha256

_TOKEN_BYTES = 32


def new_token() -> str:
    """256 random bits as URL-safe text; too long to guess, so a plain SHA-256 protects it at rest."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> str:
    """What the database keeps of a token: its SHA-256 in hex."""
    return sha256(token.encode()).hexdigest()
