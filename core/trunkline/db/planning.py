"""How connections to PostgreSQL are used: which plans they keep, and how their transactions begin and end.

Of what is written out once (`Prepared`) the plan is kept (`Statements`). What is put together for each request is planned for its
very values, which lists of a million rows need; except in workers, which have no lists.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from psycopg import Error, OperationalError
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn
from sqlalchemy import Connection
from sqlalchemy.exc import InvalidatePoolError

from trunkline.db.described import SparingCursor
from trunkline.db.statements import STATEMENTS, Statements

#: What a worker asks this often on one connection is asked again and again.
_OFTEN = 2
#: Statements that one connection keeps; each takes memory in the server. The job of an order asks more than a hundred.
_KEPT = 500


def keep_fixed(connection: Any, record: Any) -> None:
    """Have a new connection keep the plans of what is written out once."""
    connection.prepare_threshold = None
    record.info[STATEMENTS] = Statements(connection)


def keep_all(connection: Any, record: Any) -> None:
    """Have a new connection keep the plan of whatever is asked often; the driver does that."""
    record.info.pop(STATEMENTS, None)
    connection.cursor_factory = SparingCursor
    connection.prepare_threshold = _OFTEN
    connection.prepared_max = _KEPT


@dataclass(frozen=True, slots=True)
class Opening:
    """How a thread opens units of work: of which `kind`, about which `words` (see `Statements.begin`)."""

    kind: str = ""
    words: Sequence[object] = ()


class Openings(threading.local):
    """How the next unit of work of each thread is opened; SQLAlchemy takes its connection from the pool without being told."""

    opening = Opening()

    def begin(self, connection: Any, record: Any, proxy: object) -> None:
        """Begin the transaction for which a connection is taken from the pool: that shows as well whether it is still there.

        Units of work that have a kind get none. Raises InvalidatePoolError when it is not there: the pool makes another.
        """
        statements: Statements | None = record.info.get(STATEMENTS)
        if statements is not None:
            statements.begin(self.opening.kind, self.opening.words)
        server = connection.pgconn
        if server.transaction_status == TransactionStatus.INTRANS:
            return
        if not (statements.is_there if statements is not None and self.opening.kind else _begun(server)):
            raise InvalidatePoolError

    @contextmanager
    def of_kind(self, kind: str, words: Sequence[object]) -> Iterator[None]:
        """In the block: open such units of work."""
        self.opening = Opening(kind, words)
        try:
            yield
        finally:
            del self.opening


def _begun(server: PGconn) -> bool:
    try:
        return server.exec_(b"BEGIN").status == ExecStatus.COMMAND_OK
    except Error:
        return False


def leave(connection: Connection, options: dict[str, Any]) -> None:
    """End the transaction that `begin` began, for whoever asks for another kind, such as none; nothing was done in it yet."""
    if "isolation_level" in options and not connection.in_transaction():
        connection.connection.driver_connection.rollback()  # type: ignore[union-attr]  # it is connected


def roll_back_quietly(connection: Connection) -> None:
    """End a transaction in which nothing failed without the driver, which would forget every statement; it finds it ended."""
    if connection.closed or connection.invalidated or not connection.connection.is_valid:
        # It was lost, and asking for it now would raise that instead of what went before.
        return
    server = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]  # it was there a line ago
    if server.transaction_status == TransactionStatus.INTRANS:
        with suppress(OperationalError):
            # Lost at this moment: the driver finds that, too, and says so as ever.
            server.exec_(b"ROLLBACK")


def say_quietly(connection: Connection, words: str, tries: int = 1) -> None:
    """Say something that gives no rows without the driver, which would forget every statement at a `ROLLBACK TO SAVEPOINT`.

    What fails every time is said through it after all, which raises as ever.
    """
    server = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]  # as above
    if server.transaction_status == TransactionStatus.IDLE:
        words = f"BEGIN; {words}"
    for _once in range(tries):
        with suppress(OperationalError, MemoryError):
            if server.exec_(words.encode()).status == ExecStatus.COMMAND_OK:
                return
    connection.exec_driver_sql(words)
