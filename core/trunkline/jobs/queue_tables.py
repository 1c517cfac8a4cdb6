"""The tables in which huey keeps wake-ups on PostgreSQL, made once and by one process.

Left to itself huey makes them whenever a process first needs it. Two that do so at once, the worker that starts and the page of
whoever is quick, both find no table, and the second is refused with an error. Where they are there, `CREATE INDEX IF NOT EXISTS`
still waits for everybody who has queued something and not yet committed: in the middle of a unit of work for whose locks those
may be waiting themselves. PostgreSQL does not see that ring, as it does not know that the two connections are one request's.
"""

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from huey.storage import PostgresStorage

#: Of PostgreSQL's advisory locks; held while the tables are made.
LOCK = 0x7472_756E_6B02
_NAME = re.compile(r"if not exists (\w+)")
#: Asks the catalogue alone, and so waits for nobody.
_MISSING = "SELECT count(*) FROM unnest(%s::text[]) AS one(name) WHERE to_regclass(one.name) IS NULL"


def make_tables(storage: "PostgresStorage") -> None:
    """Make what is missing of the tables and indexes of `storage`. Raises OperationalError when the database lets nobody in."""
    import psycopg

    try:
        with storage.db(close=True) as cursor:
            if not _is_missing(cursor, storage.ddl):
                return
        with storage.db(commit=True, close=True) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            if _is_missing(cursor, storage.ddl):
                for statement in storage.ddl:
                    cursor.execute(statement)
    except psycopg.OperationalError as error:
        # Whoever tells people that the database is away goes by SQLAlchemy's name of it.
        raise OperationalError("the queue's tables", None, error) from error


def _is_missing(cursor: Any, ddl: list[str]) -> bool:
    names = [found.group(1) for statement in ddl if (found := _NAME.search(statement))]
    cursor.execute(_MISSING, (names,))
    return bool(cursor.fetchone()[0])
