"""Small signed values that travel through a page and come back, such as the query behind "select all that match"."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping

from trunkline.errors import Refused
from trunkline.i18n import gettext

_ = gettext

_key = secrets.token_bytes(32)


def set_signing_key(key: bytes) -> None:
    """The installation's key, so that every process accepts what another signed. Until then each process has its own."""
    global _key
    _key = key


def sign(purpose: str, values: Mapping[str, str]) -> str:
    """The values as text that only this installation can have written."""
    body = base64.urlsafe_b64encode(json.dumps(dict(values), sort_keys=True).encode()).decode().rstrip("=")
    return f"{body}.{_mac(purpose, body)}"


def verify(purpose: str, text: str) -> dict[str, str]:
    """The signed values. Raises Refused when they were altered or signed for another purpose."""
    body, _dot, mac = text.partition(".")
    if not hmac.compare_digest(mac, _mac(purpose, body)):
        raise Refused(
            _("The selection is out of date."), remedy=_("Reload the list and select the rows again.")
        )
    loaded: dict[str, str] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return loaded


def _mac(purpose: str, body: str) -> str:
    return hmac.new(_key, f"{purpose}:{body}".encode(), hashlib.sha256).hexdigest()[:32]
