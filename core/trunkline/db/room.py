"""Room in memory for what one transaction touches on SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session


@contextmanager
def roomy(session: Session, kilobytes: int) -> Iterator[None]:
    """Let SQLite keep so much of the database in memory for a while; PostgreSQL has room of its own.

    With the usual two megabytes, what is written in no order of the table spills to disk and is read back again and again.
    """
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    connection = session.connection()
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{kilobytes}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={before}")
