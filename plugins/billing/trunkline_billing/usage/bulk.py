"""The statements that store tens of thousands of usage rows a second, straight through the driver.

SQLAlchemy's own bulk insert binds each value by name, which alone would cost more than rating.
"""

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from trunkline.db.parts import parts

USAGE_COLUMNS = (
    "account_id", "id", "customer_id", "service_id", "type", "direction", "identifier",
    "other", "destination", "origin_area", "carrier", "cell", "start", "quantity", "included", "cost_micros",
)  # fmt: skip
_START = USAGE_COLUMNS.index("start")
_KEYS_PER_STATEMENT = 20_000
#: With sixteen values a row, as many as stay below the 999 that an old SQLite takes.
_ROWS_PER_STATEMENT = 50


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def insert_keys(session: Session, keyed: Sequence[tuple[str, str, int]]) -> int:
    """Store (source, key, usage id) where the key is new; returns how many were."""
    connection = session.connection()
    if _is_sqlite(session):
        return _insert(
            connection, "billing_usage_key (source, key, usage_id)", 3, keyed, "ON CONFLICT DO NOTHING"
        )
    count = 0
    for part in parts(keyed, _KEYS_PER_STATEMENT):
        count += connection.exec_driver_sql(
            "INSERT INTO billing_usage_key (source, key, usage_id)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) ON CONFLICT DO NOTHING",
            tuple([list(column) for column in zip(*part, strict=True)]),
        ).rowcount
    return count


def keys_taken(session: Session, source: str, keyed: Sequence[tuple[str, str, int]]) -> set[str]:
    """Which of the keys belong to a usage row other than the one given."""
    ours = {key: usage_id for _source, key, usage_id in keyed}
    taken: set[str] = set()
    for part in parts(keyed, _KEYS_PER_STATEMENT):
        keys = [key for _source, key, _usage_id in part]
        if _is_sqlite(session):
            statement = "SELECT key, usage_id FROM billing_usage_key WHERE source = ? AND key IN (SELECT value FROM json_each(?))"
            rows = session.connection().exec_driver_sql(statement, (source, json.dumps(keys)))
        else:
            statement = "SELECT key, usage_id FROM billing_usage_key WHERE source = %s AND key = ANY(%s)"
            rows = session.connection().exec_driver_sql(statement, (source, keys))
        taken.update(key for key, usage_id in rows if ours[key] != usage_id)
    return taken


def insert_usage(session: Session, batch_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store rated uses of a batch; `start` is UTC as `2026-11-21 14:30:00.000000`, which is how SQLite keeps times."""
    columns = ", ".join(("batch_id", *USAGE_COLUMNS))
    connection = session.connection()
    if _is_sqlite(session):
        # What is the same in every row stands in the statement: the driver would bind it for each.
        _insert(connection, f"billing_usage ({columns})", len(USAGE_COLUMNS), rows, same=f"{batch_id:d}, ")
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY billing_usage ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((batch_id, *row[:_START], f"{row[_START]}+00", *row[_START + 1 :]))


def _insert(
    connection: Connection,
    into: str,
    width: int,
    rows: Sequence[tuple[Any, ...]],
    otherwise: str = "",
    *,
    same: str = "",
) -> int:
    """Store rows on SQLite, many with each statement: starting a statement costs as much as a short row. Returns how many."""
    count, whole = 0, len(rows) - len(rows) % _ROWS_PER_STATEMENT
    for size, part in ((_ROWS_PER_STATEMENT, rows[:whole]), (1, rows[whole:])):
        if part:
            marks = ", ".join([f"({same}{', '.join('?' * width)})"] * size)
            values = [tuple(chain.from_iterable(some)) for some in parts(part, size)]
            statement = f"INSERT INTO {into} VALUES {marks} {otherwise}"  # noqa: S608 — constants
            count += connection.exec_driver_sql(statement, values).rowcount
    return count
