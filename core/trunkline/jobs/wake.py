"""Waking workers. A wake-up carries no truth: losing one costs at most the sweeper's second."""

import logging
import sys
import threading
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import TextClause, text
from sqlalchemy.engine import make_url

from trunkline.db.engine import connection_settings
from trunkline.jobs.queue_tables import make_tables

if TYPE_CHECKING:
    from huey import Huey

    from trunkline.config import Config
    from trunkline.operation import Context

log = logging.getLogger(__name__)
QUEUE = "trunkline"
#: Seconds for which a Redis that does not answer is waited for; its own waiting for a wake-up is one.
_CONNECTS_WITHIN, _ANSWERS_WITHIN = 2, 5
_DRIVER = "psycopg"


class Waker(Protocol):
    """Tells workers that something is due."""

    def wake(self, ctx: "Context", task: str, *arguments: int) -> None:
        """Arrange that a worker looks as soon as the unit of work has committed."""

    def waiting(self) -> int:
        """How many wake-ups no worker has taken yet."""


def _load_huey(*, postgres: bool) -> None:
    """Import huey, without PostgreSQL's driver unless it is used: huey imports whichever drivers it finds, this one takes 9 MB.

    It does without one that it does not find.
    """
    hides = not postgres and _DRIVER not in sys.modules
    if hides:
        # As Python documents it, None there ends an import.
        sys.modules[_DRIVER] = None  # type: ignore[assignment]  # its stubs know modules only
    try:
        storage = import_module("huey.storage")
    finally:
        if hides:
            del sys.modules[_DRIVER]
    if postgres and getattr(storage, _DRIVER) is None:
        # This process loaded it for another database before.
        setattr(storage, _DRIVER, import_module(_DRIVER))


class Silent:
    """Wakes nobody; for tests and commands that leave everything to the sweeper."""

    def wake(self, ctx: "Context", task: str, *arguments: int) -> None:
        return None

    def waiting(self) -> int:
        return 0


class HueyWaker:
    """Wake-ups by huey: its SQLite file, PostgreSQL (inside the business transaction) or Redis by configuration."""

    def __init__(self, config: "Config") -> None:
        self.config = config
        self._huey: Huey | None = None
        self._tasks: dict[str, Any] = {}
        #: The first requests may come at once, each in a thread of its own; reentrant, as tasks need huey.
        self._making = threading.RLock()

    @property
    def huey(self) -> "Huey":
        """Where wake-ups are queued, made when it is first used: a process that wakes nobody need not load it."""
        with self._making:
            if self._huey is None:
                self._huey = self._make_huey()
            return self._huey

    def _make_huey(self) -> "Huey":
        on_postgres = self.config.database_url.startswith("postgresql")
        _load_huey(postgres=on_postgres)
        from huey import PostgresHuey, RedisHuey, SqliteHuey

        if self.config.redis:
            return RedisHuey(QUEUE, results=False, connection_pool=_redis_pool(self.config.redis))
        if on_postgres:
            dsn = self.config.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
            # Taking a wake-up need not wait for the disk: one that comes again after a crash finds nothing due.
            settings = connection_settings(make_url(dsn), "-c synchronous_commit=off")
            huey = PostgresHuey(QUEUE, results=False, dsn=dsn, create_tables=False, **settings)
            make_tables(huey.storage)
            return huey
        return SqliteHuey(QUEUE, results=False, filename=str(self.config.data / "huey.db"), timeout=15)

    @property
    def tasks(self) -> dict[str, Any]:
        """The tasks, registered by name so that producer and worker agree."""
        with self._making:
            if not self._tasks:
                from trunkline.jobs.tasks import register

                self._tasks = register(self.huey)
            return self._tasks

    def wake(self, ctx: "Context", task: str, *arguments: int) -> None:
        message = self.tasks[task].s(*arguments)
        # Loaded by now, and without what is not used.
        from huey import PostgresHuey

        if isinstance(self.huey, PostgresHuey):
            storage = self.huey.storage
            ctx.session.connection().execute(
                _call_worker(storage.table_task),
                {
                    "queue": storage.name,
                    "data": self.huey.serialize_task(message),
                    "channel": storage.channel,
                },
            )
        else:
            ctx.after_commit.append(lambda: self._enqueue(message))

    def _enqueue(self, message: Any) -> None:
        try:
            self.huey.enqueue(message)
        except (
            Exception
        ) as error:  # whatever its storage raises: what is committed is no failure of who asked for it
            log.warning("a wake-up was lost, and the sweeper will find what is due: %s", error)

    def waiting(self) -> int:
        return int(self.huey.pending_count())


def _redis_pool(url: str) -> Any:
    """Connections that notice a Redis that is gone or cut off, instead of waiting for it without end."""
    pool = import_module("redis").ConnectionPool
    return pool.from_url(
        url,
        socket_connect_timeout=_CONNECTS_WITHIN,
        socket_timeout=_ANSWERS_WITHIN,
        socket_keepalive=True,
    )


@lru_cache
def _call_worker(table: str) -> TextClause:
    """Queue a message and tell who listens, in one statement."""
    added = f"INSERT INTO {table} (queue, data, priority) VALUES (:queue, :data, 0)"  # noqa: S608 — a name of ours
    return text(f"WITH added AS ({added}) SELECT pg_notify(:channel, '')")


def job_is_due(ctx: "Context", job_id: int, run_at: datetime) -> None:
    """Wake a worker for a job, unless it is scheduled for later (the sweeper finds it then)."""
    if run_at <= ctx.app.clock():
        ctx.app.waker.wake(ctx, "run_job", job_id)


def events_are_due(ctx: "Context") -> None:
    """Wake a worker for deliveries, once per unit of work."""
    if not ctx.session.info.get("trunkline_events_woken"):
        ctx.session.info["trunkline_events_woken"] = True
        ctx.app.waker.wake(ctx, "deliver_events")


def webhook_is_due(ctx: "Context", webhook_id: int) -> None:
    """Wake a worker for what waits for one endpoint."""
    ctx.app.waker.wake(ctx, "send_webhooks", webhook_id)
