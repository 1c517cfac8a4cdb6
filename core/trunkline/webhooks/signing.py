"""Signatures by the Standard Webhooks specification 1.0, which receivers check with a ready-made library."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret: 32 random bytes in the form that receivers' libraries take."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(
    secrets_in_use: Sequence[str], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` for this body.

    One signature per secret: a receiver that knows any of them accepts the message. The time is signed too, so that an old
    message cannot be played again.
    """
    moment = str(int(at.timestamp()))
    signed = f"{message_id}.{moment}.".encode() + body
    signatures = " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets_in_use)
    return {"webhook-id": message_id, "webhook-timestamp": moment, "webhook-signature": signatures}


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
