"""The statements that store tens of thousands of usage rows a second, straight through the driver.

SQLAlchemy's own bulk insert binds each value by name, which alone would cost more than rating.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from trunkline.db.parts import parts

USAGE_COLUMNS = (
    "account_id", "customer_id", "service_id", "type", "direction", "identifier", "id",
    "other", "destination", "origin_area", "carrier", "cell", "start", "quantity", "included", "cost_micros",
)  # fmt: skip
#: Where rows have their start.
START = USAGE_COLUMNS.index("start")
_KEYS_PER_STATEMENT = 20_000
#: With sixteen values a row, as many as stay below the 999 that an old SQLite takes.
_ROWS_PER_STATEMENT = 50


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def insert_keys(session: Session, source: str, keys: Sequence[str], first_id: int) -> int:
    """Store the keys that are new to the source, for usage rows numbered from `first_id` on; returns how many were."""
    connection, inserted = session.connection(), 0
    for part in parts(keys, _KEYS_PER_STATEMENT):
        if _is_sqlite(session):
            # One text for all is read by SQLite faster than each key is bound by the driver.
            result = connection.exec_driver_sql(
                "INSERT INTO billing_usage_key (source, key, usage_id)"
                " SELECT ?, value, ? + key FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
                (source, first_id, json.dumps(part)),
            )
        else:
            result = connection.exec_driver_sql(
                "INSERT INTO billing_usage_key (source, key, usage_id)"
                " SELECT %s, key, %s + number - 1 FROM unnest(%s::text[]) WITH ORDINALITY AS given (key, number)"
                " ON CONFLICT DO NOTHING",
                (source, first_id, list(part)),
            )
        inserted += result.rowcount
        first_id += len(part)
    return inserted


def kept_ids(session: Session, source: str, keys: Sequence[str], first_id: int) -> set[int]:
    """The ids from `first_id` on that these keys were stored with; other rows had the rest of the keys before."""
    connection, kept = session.connection(), set[int]()
    for part in parts(keys, _KEYS_PER_STATEMENT):
        if _is_sqlite(session):
            statement = (
                "SELECT usage_id FROM billing_usage_key"
                " WHERE source = ? AND key IN (SELECT value FROM json_each(?)) AND usage_id >= ?"
            )
            rows = connection.exec_driver_sql(statement, (source, json.dumps(part), first_id))
        else:
            statement = "SELECT usage_id FROM billing_usage_key WHERE source = %s AND key = ANY(%s) AND usage_id >= %s"
            rows = connection.exec_driver_sql(statement, (source, list(part), first_id))
        kept.update(rows.scalars())
    return kept


def insert_usage(session: Session, batch_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store rated uses of a batch; `start` is UTC as `2026-11-21 14:30:00.000000`, which is how SQLite keeps times."""
    columns = ", ".join(("batch_id", *USAGE_COLUMNS))
    connection = session.connection()
    if not _is_sqlite(session):
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY billing_usage ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((batch_id, *row[:START], f"{row[START]}+00", *row[START + 1 :]))
        return
    # Many with each statement: starting one costs as much as a short row. What is the same in every row stands in it.
    marks = f"({batch_id:d}, {', '.join('?' * len(USAGE_COLUMNS))})"
    whole = len(rows) - len(rows) % _ROWS_PER_STATEMENT
    for size, part in ((_ROWS_PER_STATEMENT, rows[:whole]), (1, rows[whole:])):
        if part:
            values = [_joined(some) for some in parts(part, size)]
            statement = f"INSERT INTO billing_usage ({columns}) VALUES {', '.join([marks] * size)}"  # noqa: S608 — constants
            connection.exec_driver_sql(statement, values)


def _joined(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The values of rows in one, added row by row: `chain` would take them one by one."""
    values: list[Any] = []
    for row in rows:
        values += row
    return tuple(values)
