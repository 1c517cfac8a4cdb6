"""Counts in Redis, which every process on every host sees; while it is away, in what stands in for it."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from limits.errors import ConfigurationError
from limits.storage import Storage, storage_from_string

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
T = TypeVar("T")
#: Seconds that somebody waits for a Redis that does not answer, and for which it is left alone afterwards.
_PATIENCE, _PAUSE = 2.0, 10.0


def counts(app: "App", stand_in: Storage) -> Storage:
    """Where `app` counts: in the Redis of the configuration, and in `stand_in` without one or while it is away."""
    if not app.config.redis:
        return stand_in
    try:
        redis = storage_from_string(
            app.config.redis, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        )
    except ConfigurationError as error:
        log.warning("nothing is counted in Redis: %s", error)
        return stand_in
    return SharedCounts(redis, stand_in) if isinstance(redis, Storage) else stand_in


class SharedCounts(Storage):
    """Counts in `shared`, and in `stand_in` from when that breaks until it answers again."""

    STORAGE_SCHEME = None

    def __init__(self, shared: Storage, stand_in: Storage) -> None:
        super().__init__()
        self._shared, self._stand_in = shared, stand_in
        self._away_until = float("-inf")

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What the stand-in raises."""
        return self._stand_in.base_exceptions

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more under `key`, whose count lives `expiry` seconds from its beginning; returns the count."""
        return self._of(lambda storage: storage.incr(key, expiry, amount=amount))

    def get(self, key: str) -> int:
        """The count under `key`; 0 when there is none or its time is over."""
        return self._of(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        """When the count under `key` is forgotten, in seconds since 1970; now when there is none."""
        return self._of(lambda storage: storage.get_expiry(key))

    def check(self) -> bool:
        """Whether anything can be counted."""
        return self._of(lambda storage: storage.check())

    def reset(self) -> int | None:
        """Forget every count."""
        return self._of(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        """Forget the count under `key`."""
        self._of(lambda storage: storage.clear(key))

    def _of(self, ask: Callable[[Storage], T]) -> T:
        if time.monotonic() >= self._away_until:
            try:
                return ask(self._shared)
            except Exception as error:  # whatever a broken Redis raises: counting must not stop the work
                self._away_until = time.monotonic() + _PAUSE
                log.warning("Redis does not answer, so this host counts for itself: %s", error)
        return ask(self._stand_in)
