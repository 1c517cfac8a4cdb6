"""Rows by the million, put into tables whose indexes are made when all are there: for benchmarks, with nobody beside them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.app import App

#: Nothing of what is loaded must survive a power cut, and no key needs looking up: all were made here.
_ON_SQLITE = ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-256000", "temp_store=FILE")
_ON_POSTGRES = ("maintenance_work_mem='512MB'", "synchronous_commit=off")
_INDEXES_OF_SQLITE = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?"
)
_INDEXES_OF_POSTGRES = (
    "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
    " LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid WHERE c.oid IS NULL AND i.indrelid = %s::regclass"
)


@dataclass(frozen=True)
class Bulk:
    """A connection for loading, each call of it a transaction."""

    driver: Any
    on_sqlite: bool

    def put(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows of these columns."""
        listed = ", ".join(names)
        if self.on_sqlite:
            places = ", ".join("?" * len(names))
            self.driver.execute("BEGIN")
            self.driver.executemany(
                f"INSERT INTO {table} ({listed}) VALUES ({places})",  # noqa: S608 — names from here
                ([_stored(value) for value in row] for row in rows),
            )
            self.driver.execute("COMMIT")
            return
        with self.driver.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_packed(value) for value in row])

    def put_plain(self, table: str, names: Sequence[str], rows: Sequence[tuple[int | str, ...]]) -> None:
        """`put` for millions of rows of numbers and words, in which there is nothing to be packed.

        Raises ValueError for a word that stands in the way of that: one with a tab, a line break or a backslash.
        """
        listed, places = ", ".join(names), ", ".join("?" * len(names))
        if self.on_sqlite:
            self.driver.execute("BEGIN")
            self.driver.executemany(f"INSERT INTO {table} ({listed}) VALUES ({places})", rows)  # noqa: S608 — names from here
            self.driver.execute("COMMIT")
            return
        line = "\t".join(["%s"] * len(names))
        text = "\n".join([line % row for row in rows]) + "\n"
        if "\\" in text or (text.count("\t"), text.count("\n")) != ((len(names) - 1) * len(rows), len(rows)):
            raise ValueError(f"a row of {table} is not plain")
        with self.driver.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
            copy.write(text)

    def run(self, statement: str) -> None:
        """One statement."""
        self.driver.execute(statement)


def _stored(value: Any) -> Any:
    """A value as SQLAlchemy keeps it in SQLite."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return _packed(value)


def _packed(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


@contextmanager
def loading(app: "App", *tables: str) -> Iterator[Bulk]:
    """A connection to load these tables by; their indexes are away in the block, but for those of keys and constraints."""
    pooled = app.database.engine.raw_connection()
    driver: Any = pooled.driver_connection
    pooled.detach()
    bulk = Bulk(driver, app.database.is_sqlite)
    with closing(driver):
        if bulk.on_sqlite:
            for setting in _ON_SQLITE:
                bulk.run(f"PRAGMA {setting}")
        else:
            driver.rollback()
            driver.autocommit = True
            for setting in _ON_POSTGRES:
                bulk.run(f"SET {setting}")
            _trust(bulk)
        query = _INDEXES_OF_SQLITE if bulk.on_sqlite else _INDEXES_OF_POSTGRES
        indexes = [row for table in tables for row in driver.execute(query, (table,)).fetchall()]
        for name, _made in indexes:
            bulk.run(f"DROP INDEX {name}")
        try:
            yield bulk
        finally:
            for _name, made in indexes:
                bulk.run(made)


def _trust(bulk: Bulk) -> None:
    """Look no foreign key up where that may be said: only a superuser may."""
    import psycopg

    try:
        bulk.run("SET session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege:
        return
