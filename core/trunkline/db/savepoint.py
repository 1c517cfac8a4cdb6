"""A savepoint around foreign code, from which the transaction always comes back usable."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session


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
        if _refuses_everything(session):
            raise TransactionSpoilt("it went on after an SQL error, which spoils the transaction")


def _refuses_everything(session: Session) -> bool:
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return False
    # Where there is no PostgreSQL, its driver's ten megabytes stay on disk.
    from psycopg.pq import TransactionStatus

    raw = connection.connection.driver_connection
    return raw is not None and raw.info.transaction_status is TransactionStatus.INERROR
