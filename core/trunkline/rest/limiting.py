"""How many requests of one program are answered in a minute, and the headers that tell it (draft-ietf-httpapi-ratelimit-headers).

Each web process counts for itself; with Redis, as long as it answers, all count together.
"""

import logging
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.counts import counts
from trunkline.errors import TooManyRequests
from trunkline.i18n import gettext
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext
log = logging.getLogger(__name__)
_WINDOW = 60
#: Seconds for which the setting is believed.
_BELIEVED = 10.0
_SWEPT_ABOVE = 10_000


@dataclass(frozen=True)
class Budget:
    """What is left to a program: requests until the window ends, in so many seconds. Below 0 one too many came."""

    limit: int
    left: int
    seconds: int


class _Counts(Storage):
    """Counts in this process. The package's own starts a thread for nearly every request, which costs more than the rest."""

    STORAGE_SCHEME = None

    def __init__(self, app: "App") -> None:
        super().__init__()
        self._clock = app.clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Nothing that could break."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more under `key`, whose count lives `expiry` seconds from its beginning; returns the count."""
        now = self._now()
        with self._lock:
            count, until = self._kept.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
                if len(self._kept) > _SWEPT_ABOVE:
                    self._kept = {name: one for name, one in self._kept.items() if one[1] > now}
            self._kept[key] = (count + amount, until)
            return count + amount

    def get(self, key: str) -> int:
        """The count under `key`; 0 when there is none or its time is over."""
        count, until = self._kept.get(key, (0, 0.0))
        return count if until > self._now() else 0

    def get_expiry(self, key: str) -> float:
        """When the count under `key` is forgotten, in seconds since 1970; now when there is none."""
        return max(self._kept.get(key, (0, 0.0))[1], self._now())

    def check(self) -> bool:
        """Always there."""
        return True

    def reset(self) -> int:
        """Forget every count."""
        with self._lock:
            forgotten, self._kept = len(self._kept), {}
        return forgotten

    def clear(self, key: str) -> None:
        """Forget the count under `key`."""
        with self._lock:
            self._kept.pop(key, None)

    def _now(self) -> float:
        return self._clock().timestamp()


class RequestLimit:
    """Counts requests by whom they come from. One per application: `app.part(RequestLimit)`."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._storage = counts(app, _Counts(app))
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._item: RateLimitItemPerMinute | None = None
        self._asked_at = float("-inf")

    def count(self, name: str) -> Budget | None:
        """Count one request; None when nothing limits them."""
        item = self._limit()
        if item is None:
            return None
        fits = self._limiter.hit(item, name)
        stats = self._limiter.get_window_stats(item, name)
        seconds = math.ceil(stats.reset_time - self._app.clock().timestamp())
        return Budget(item.amount, stats.remaining if fits else -1, max(1, min(seconds, _WINDOW)))

    def _limit(self) -> RateLimitItemPerMinute | None:
        if time.monotonic() - self._asked_at > _BELIEVED:
            with self._app.reading() as ctx:
                amount = ctx.settings(CoreSettings).requests_per_minute
            self._item = RateLimitItemPerMinute(amount, namespace="rest") if amount else None
            self._asked_at = time.monotonic()
        return self._item


def check(scope: Scope, budget: Budget | None) -> None:
    """Have the answer tell the budget. Raises TooManyRequests when it is used up."""
    if budget is None:
        return
    scope.setdefault("state", {})["budget"] = budget
    if budget.left < 0:
        raise TooManyRequests(
            _("These were more than {n} requests in a minute.", n=budget.limit),
            remedy=_("Go on in {n} seconds.", n=budget.seconds),
        )


class TellBudget:
    """Adds the headers RateLimit, RateLimit-Policy and, where it was used up, Retry-After (RFC 9110, 10.2.3)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def telling(message: Message) -> None:
            budget = scope.get("state", {}).get("budget")
            if message["type"] == "http.response.start" and isinstance(budget, Budget):
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = f'"default";q={budget.limit};w={_WINDOW}'
                headers["RateLimit"] = f'"default";r={max(budget.left, 0)};t={budget.seconds}'
                if budget.left < 0:
                    headers["Retry-After"] = str(budget.seconds)
            await send(message)

        await self.app(scope, receive, telling)
