"""Connections and transactions on SQLite and PostgreSQL, synchronous throughout."""

import fcntl
import itertools
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from trunkline.db.types import from_json, from_json_bytes
from trunkline.errors import ConfigError

_BUSY_TIMEOUT_MS = 15_000
#: What is raised when the database is away or stays locked, or no connection is left. BEGIN is said to SQLite's driver itself.
NO_DATABASE = (OperationalError, InterfaceError, PoolTimeout, sqlite3.OperationalError)
#: Seconds after which it is worth another try.
RETRY_AFTER = 5

#: What PostgreSQL's two ends do about a network that is cut without a word, in seconds: each gives the other up well before a
#: lease runs out. Else the server would hold the locks of a worker that is cut off for hours, and the worker would hang as long.
_IDLE, _INTERVAL, _COUNT, _UNANSWERED, _CONNECTS_WITHIN = 5, 2, 3, 11, 10


def connection_settings(url: URL, *options: str) -> dict[str, Any]:
    """What connections to PostgreSQL are made with, besides what `url` itself says; `options` go to the server as well."""
    ours = {
        "connect_timeout": _CONNECTS_WITHIN,
        "keepalives_idle": _IDLE,
        "keepalives_interval": _INTERVAL,
        "keepalives_count": _COUNT,
        "tcp_user_timeout": _UNANSWERED * 1000,
        "options": " ".join(
            (
                f"-c tcp_keepalives_idle={_IDLE} -c tcp_keepalives_interval={_INTERVAL}",
                f"-c tcp_keepalives_count={_COUNT} -c tcp_user_timeout={_UNANSWERED * 1000}",
                # Compiling what reads a page of rows takes longer than reading it.
                "-c jit=off",
                *options,
            )
        ),
    }
    return {name: value for name, value in ours.items() if name not in url.query}


class ReadingSession(Session):
    """A session on a connection that is there already: a page's small reads are run on that, and most need nothing else of it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, autoflush=False)
        self._open = connection

    def connection(self, bind_arguments: Any = None, execution_options: Any = None) -> Connection:
        """The connection, in a transaction."""
        if bind_arguments or execution_options:
            return super().connection(bind_arguments, execution_options)
        if not self._open.in_transaction():
            self._open.begin()
        return self._open

    def close(self) -> None:
        """Let go of what was loaded, and of the transaction. Most pages loaded nothing through it."""
        if self._transaction is not None or self.identity_map or self._new:
            super().close()


class Database:
    """One database. `read()` and `write()` give a session in one transaction; `write()` commits at its end.

    On SQLite a writing transaction first takes a file lock, then BEGIN IMMEDIATE: waiting writers queue fairly instead of
    starving each other in SQLite's own busy loop.
    """

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if not self.is_sqlite and self.url.get_backend_name() != "postgresql":
            raise ConfigError(
                f"Database {self.url.get_backend_name()} is not supported.",
                field="database",
                remedy="Use sqlite:///FILE or postgresql+psycopg://…",
            )
        self.engine = self._make_engine(pool_size)
        # Only SQLite is told so, and what is said for it costs every statement something.
        self._writing_engine = (
            self.engine.execution_options(trunkline_write=True) if self.is_sqlite else self.engine
        )
        self._write_lock = Path(f"{self.url.database}.write.lock") if self.is_sqlite else None
        self._writing = threading.local()
        #: Another number after each commit of this process: whoever remembers what was read looks whether it changed.
        self.commits = 0
        self._numbers = itertools.count(1)
        # Listened for from the beginning: SQLAlchemy breaks off a commit during which a listener is added.
        event.listen(self.engine, "commit", self._count_commit)
        event.listen(self.engine, "handle_error", _say_when_away)

    def _count_commit(self, connection: Connection) -> None:
        self.commits = next(self._numbers)

    def _make_engine(self, pool_size: int) -> Engine:
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 30}
        # The connection that was used last knows most of what is asked.
        options["pool_use_lifo"] = True
        if not self.is_sqlite:
            # The driver of a database that most installations do not have.
            from trunkline.db import planning

            self._openings = planning.Openings()
            settings = connection_settings(self.url)
            options["json_deserializer"] = from_json_bytes
            engine = create_engine(self.url, connect_args=settings, **options)
            event.listen(engine, "connect", planning.keep_fixed)
            event.listen(engine, "checkout", self._openings.begin)
            event.listen(engine, "set_connection_execution_options", planning.leave)
            event.listen(engine, "rollback", planning.roll_back_quietly)
            return engine
        options["json_deserializer"] = from_json
        engine = create_engine(self.url, connect_args={"check_same_thread": False}, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def read(self, kind: str = "", words: Sequence[object] = ()) -> Iterator[Session]:
        """A session whose changes are thrown away.

        Units of work of one `kind` ask much the same about their `words`, and change nothing.
        """
        with self._opened(kind, words) as connection, ReadingSession(connection) as session:
            yield session

    def _opened(self, kind: str, words: Sequence[object]) -> Connection:
        if not kind or self.is_sqlite:
            return self.engine.connect()
        with self._openings.of_kind(kind, words):
            return self.engine.connect()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one writing transaction: committed at the end of the block, rolled back on any exception."""
        with self._exclusive(), Session(self._writing_engine) as session:
            session.expire_on_commit = False
            yield session
            session.commit()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if getattr(self._writing, "now", False):
            raise RuntimeError("a unit of work is already open in this thread; pass its context on instead")
        self._writing.now = True
        try:
            if self._write_lock is None:
                yield
                return
            descriptor = os.open(self._write_lock, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        finally:
            self._writing.now = False

    def keep_statements(self) -> None:
        """Have PostgreSQL keep the plan of all that is asked often, as a worker does; to be called before the first use.

        Elsewhere it keeps only those of what is written out once (`Prepared`).
        """
        if not self.is_sqlite:
            from trunkline.db import planning

            event.listen(self.engine, "connect", planning.keep_all)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _say_when_away(context: ExceptionContext) -> None:
    """A database that lets nobody in is as far away as one that breaks off; by itself SQLAlchemy says so of the latter only."""
    if context.connection is None and isinstance(context.sqlalchemy_exception, OperationalError):
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, record: object) -> None:
    # The driver must not begin transactions of its own; `_begin_sqlite` does.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("trunkline_write", False)
    # With every request; SQLAlchemy's own way takes many times as long.
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writing else "BEGIN")
