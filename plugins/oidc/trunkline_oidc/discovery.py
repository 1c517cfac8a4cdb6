"""What the identity provider says of itself (OpenID Connect Discovery 1.0), and its keys; both kept for a while."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline_oidc.settings import OidcSettings

if TYPE_CHECKING:
    from trunkline.app import App

_KEPT = 3600.0
#: Nobody is sent to a provider that answered longer ago than this: a browser there would say nothing of what to do.
LATELY = 15.0
#: Keys are fetched again at most this often: a stream of made-up key ids must not become one of requests.
_KEYS_AT_MOST_EVERY = 30.0
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass
class Metadata:
    """One provider: its document, its keys, and when each was fetched (monotonic seconds)."""

    document: Mapping[str, Any]
    fetched_at: float
    keys: Mapping[str, Any] = field(default_factory=dict)
    keys_at: float = float("-inf")

    def __getitem__(self, name: str) -> str:
        return str(self.document[name])

    def get(self, name: str) -> str:
        """An address or word of the document, or nothing."""
        return str(self.document.get(name) or "")


class Discovery:
    """Documents by issuer. One per application: `app.part(Discovery)`."""

    def __init__(self, app: "App") -> None:
        self._known: dict[str, Metadata] = {}
        self._lock = threading.Lock()

    def of(self, settings: OidcSettings, timeout: float | None = None, *, at_most: float = _KEPT) -> Metadata:
        """The provider's document, at most `at_most` seconds old, an hour if nothing is said.

        Raises Unavailable when it does not answer, or answers for another issuer.
        """
        with self._lock:
            known = self._known.get(settings.issuer)
        if known is not None and time.monotonic() - known.fetched_at < at_most:
            return known
        document = _fetch(f"{settings.issuer}/.well-known/openid-configuration", settings, timeout)
        if str(document.get("issuer", "")).rstrip("/") != settings.issuer:
            raise Unavailable(_("It says that it is {issuer}.", issuer=str(document.get("issuer"))[:200]))
        missing = [name for name in _NEEDED if not _is_address(document.get(name), settings)]
        if missing:
            raise Unavailable(_("Its document lacks {names}.", names=", ".join(missing)))
        found = Metadata(document, time.monotonic())
        if known is not None:
            found.keys, found.keys_at = known.keys, known.keys_at
        with self._lock:
            self._known[settings.issuer] = found
        return found

    def keys(self, settings: OidcSettings, *, fresh: bool = False) -> Mapping[str, Any]:
        """The provider's public keys (RFC 7517); `fresh` after a key that is not among them. Raises Unavailable."""
        known = self.of(settings)
        age = time.monotonic() - known.keys_at
        if age > _KEPT or (fresh and age > _KEYS_AT_MOST_EVERY):
            known.keys = _fetch(known["jwks_uri"], settings, None)
            known.keys_at = time.monotonic()
        return known.keys


def _is_address(value: object, settings: OidcSettings) -> bool:
    """A provider reached by https names no address without it."""
    parts = urlsplit(str(value or ""))
    return bool(parts.hostname) and parts.scheme in ("https", urlsplit(settings.issuer).scheme)


def _fetch(address: str, settings: OidcSettings, timeout: float | None) -> Mapping[str, Any]:
    import httpx2

    try:
        answer = httpx2.get(address, timeout=timeout or settings.timeout_seconds)
        answer.raise_for_status()
        found = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise Unavailable(f"{address}: {str(error)[:200] or type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Unavailable(_("{address} is no JSON object.", address=address))
    return found
