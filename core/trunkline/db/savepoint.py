"""A savepoint around foreign code, from which the transaction always comes back usable."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy.orm import Session

#: PQTRANS_INERROR of its library. Where there is no PostgreSQL, the ten megabytes of its driver stay on disk.
_IN_ERROR = 3


class TransactionSpoilt(RuntimeError):
    """Foreign code left the transaction in a state that nobody can go on with; what it did was undone."""


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Run the block in a savepoint: kept when it ends well, undone when it raises.

    PostgreSQL refuses everything after an SQL error until a roll-back, even when the code that met the error went on as if
    nothing had happened. Such a block is undone, too, and raises TransactionSpoilt; so does one that commits or rolls back.
    """
    with session.begin_nested() as nested:
        yield
        if not nested.is_active:
            raise TransactionSpoilt("it ended a transaction that is not its own")
        if is_spoilt(session):
            raise TransactionSpoilt("it went on after an SQL error, which spoils the transaction")


def is_spoilt(session: Session) -> bool:
    """Whether PostgreSQL refuses everything until the transaction, or a savepoint in it, is rolled back; also when it is lost."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return False
    if connection.invalidated:
        return True
    raw = cast("Any", connection.connection.dbapi_connection)
    return raw is not None and raw.pgconn.transaction_status == _IN_ERROR


def start_afresh(session: Session) -> None:
    """End the transaction of a unit of work that only reads; the next statement begins another."""
    session.rollback()
    connection = session.connection()
    if is_spoilt(session):
        # Reads go past the session, which then has nothing to roll back.
        connection.rollback()
