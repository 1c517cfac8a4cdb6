"""Looking for something no longer than a moment: an answer too late for who types on is no use, and costs the others."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

R = TypeVar("R")
#: SQLite asks after so many of its instructions whether to go on.
_INSTRUCTIONS = 2_000
_SET = text("SELECT set_config('statement_timeout', :value, true)")
_BACK = "ROLLBACK TO SAVEPOINT haste"
_TRIES = 20


def within(session: Session, seconds: float, look: Callable[[], R]) -> R | None:
    """What `look` gives, or None when the database took longer. `look` only reads.

    SQLite works in this thread, so its time is that of the processor; PostgreSQL's is that of the clock.
    """
    ask = _on_sqlite if session.connection().dialect.name == "sqlite" else _on_postgres
    try:
        return ask(session, seconds, look)
    except OperationalError as error:
        if _was_cut_short(error):
            return None
        raise


def _on_sqlite(session: Session, seconds: float, look: Callable[[], R]) -> R:
    connection: Any = session.connection().connection.driver_connection
    end = time.thread_time() + seconds
    connection.set_progress_handler(lambda: time.thread_time() > end, _INSTRUCTIONS)
    try:
        return look()
    finally:
        connection.set_progress_handler(None, 0)


def _on_postgres(session: Session, seconds: float, look: Callable[[], R]) -> R:
    connection = session.connection()
    # A statement that is cut short spoils its transaction, but not the one around a savepoint.
    connection.exec_driver_sql("SAVEPOINT haste")
    try:
        connection.execute(_SET, {"value": f"{round(seconds * 1000)}ms"})
        return look()
    finally:
        # Whatever came of it: nothing was written, and going back ends the limit as well.
        _go_back(connection)
        connection.exec_driver_sql("RELEASE SAVEPOINT haste")


def _go_back(connection: Connection) -> None:
    """The limit holds for this statement, too: where the machine is busy even that may be cut short, and is said again."""
    for _once in range(_TRIES - 1):
        try:
            connection.exec_driver_sql(_BACK)
        except OperationalError as error:
            if not _was_cut_short(error):
                raise
        else:
            return
    connection.exec_driver_sql(_BACK)


def _was_cut_short(error: OperationalError) -> bool:
    said = str(error.orig)
    return "interrupted" in said or "statement timeout" in said
