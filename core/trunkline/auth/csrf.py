"""CSRF tokens: a keyed digest of a secret that only the browser's own cookie or session knows."""

import hmac
from hashlib import sha256

from trunkline.secrets import derive


def token_for(secret: str) -> str:
    """The token for a session's `csrf_secret`, or for the anonymous cookie of somebody who is not signed in
    yet.
    """
    return hmac.new(derive("csrf"), secret.encode(), sha256).hexdigest()


def is_valid(secret: str, token: str) -> bool:
    """Whether `token` was made from `secret`, compared in constant time."""
    return bool(secret) and hmac.compare_digest(token_for(secret).encode(), token.encode())
