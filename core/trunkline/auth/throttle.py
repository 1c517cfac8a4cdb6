"""Brakes on guessing passwords: per account and per network address, counted over a quarter of an hour.

Counts live in this process, or in Redis when the configuration names one; without it each web process counts
for itself.
"""

import logging
from typing import TYPE_CHECKING

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import ConfigurationError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from trunkline.auth.digest import digest
from trunkline.errors import TooManyRequests
from trunkline.i18n import ngettext

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
_WINDOW_MINUTES = 15
_LINKS_PER_ACCOUNT = 5
_LINKS_PER_ADDRESS = 30


class SignInThrottle:
    """Counts attempts. One per application: `app.part(SignInThrottle)`."""

    def __init__(self, app: "App") -> None:
        self._limiter = MovingWindowRateLimiter(_storage(app.config.redis))

    def admit(self, email: str, address: str, *, per_account: int, per_address: int) -> None:
        """Count an attempt for the account. Raises TooManyRequests when it or the address has had too many."""
        if not self._limiter.test(_limit(per_address), "address", address):
            raise self._closed(_limit(per_address), "address", address)
        if not self._limiter.hit(_limit(per_account), "account", digest(email)):
            raise self._closed(_limit(per_account), "account", digest(email))

    def failed(self, address: str, *, per_address: int) -> None:
        """Count a wrong password for the address. Right ones do not count: an office shares one address."""
        self._limiter.hit(_limit(per_address), "address", address)

    def succeeded(self, email: str, *, per_account: int) -> None:
        """Forget the attempts of an account whose password was right."""
        self._limiter.clear(_limit(per_account), "account", digest(email))

    def admit_link(self, email: str, address: str) -> bool:
        """Count a request for a password link; False when the account or the address asked too often."""
        return self._limiter.hit(_limit(_LINKS_PER_ADDRESS), "link-address", address) and self._limiter.hit(
            _limit(_LINKS_PER_ACCOUNT), "link-account", digest(email)
        )

    def _closed(self, limit: RateLimitItem, kind: str, key: str) -> TooManyRequests:
        reset = self._limiter.get_window_stats(limit, kind, key).reset_time
        return TooManyRequests(*_wait(reset))


def _limit(times: int) -> RateLimitItem:
    return RateLimitItemPerMinute(times, _WINDOW_MINUTES, namespace="sign-in")


def _wait(reset: float) -> tuple[str]:
    # limits counts by the machine's clock, whatever clock the application was given.
    import time

    minutes = max(1, -int(-(reset - time.time()) // 60))
    return (
        ngettext(
            "Too many attempts. Try again in {n} minute.",
            "Too many attempts. Try again in {n} minutes.",
            minutes,
        ),
    )


def _storage(redis: str) -> Storage:
    if not redis:
        return MemoryStorage()
    try:
        found = storage_from_string(redis)
    except ConfigurationError as error:
        log.warning("sign-in attempts are counted per process: %s", error)
        return MemoryStorage()
    return found if isinstance(found, Storage) else MemoryStorage()
