"""Looking for something no longer than a moment: an answer too late for who types on is no use, and costs the others."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

R = TypeVar("R")
#: SQLite asks after so many of its instructions whether to go on.
_INSTRUCTIONS = 2_000
_SET = text("SELECT current_setting('statement_timeout'), set_config('statement_timeout', :value, true)")


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
    with connection.begin_nested():
        before = connection.execute(_SET, {"value": f"{round(seconds * 1000)}ms"}).scalar_one()
        found = look()
        connection.execute(_SET, {"value": before})
    return found


def _was_cut_short(error: OperationalError) -> bool:
    said = str(error.orig)
    return "interrupted" in said or "statement timeout" in said
