"""Looking for something no longer than a moment: an answer too late for who types on is no use, and costs the others."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

R = TypeVar("R")
#: SQLite asks after so many of its instructions whether to go on.
_INSTRUCTIONS = 2_000
_BACK = "ROLLBACK TO SAVEPOINT haste; RELEASE SAVEPOINT haste"
_TRIES = 20
_SQLITE = 0.5


def within(session: Session, seconds: float, look: Callable[[], R]) -> R | None:
    """What `look` gives, or None when the database took longer. `look` only reads.

    SQLite works in this thread, so its time is that of the processor, and half of it is enough; PostgreSQL's is that of the
    clock, which goes on while others work.
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
    end = time.thread_time() + seconds * _SQLITE
    connection.set_progress_handler(lambda: time.thread_time() > end, _INSTRUCTIONS)
    try:
        return look()
    finally:
        connection.set_progress_handler(None, 0)


def _on_postgres(session: Session, seconds: float, look: Callable[[], R]) -> R:
    from trunkline.db.planning import say_quietly

    connection = session.connection()
    # A statement that is cut short spoils its transaction, but not the one around a savepoint.
    say_quietly(connection, f"SAVEPOINT haste; SET LOCAL statement_timeout = {round(seconds * 1000)}")
    try:
        return look()
    finally:
        # Whatever came of it: nothing was written, and going back ends the limit as well. It holds for this statement, too:
        # where the machine is busy even that may be cut short, and is said again.
        say_quietly(connection, _BACK, tries=_TRIES)


def _was_cut_short(error: OperationalError) -> bool:
    said = str(error.orig)
    return "interrupted" in said or "statement timeout" in said
