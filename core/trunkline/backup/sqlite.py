"""SQLite's part: a copy by its online backup, which waits for nobody and holds one moment; and the place for it."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from trunkline.errors import ConfigError, Refused, Unavailable

_WAITS_SECONDS = 15


def copy(database: Path, target: Path) -> str:
    """Copy a database that may be in use, whole and as of one moment; returns SQLite's version.

    Raises ConfigError when there is none, Unavailable when it is damaged, OSError when the disk is full.
    """
    check_there(database)
    try:
        with (
            closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as kept,
        ):
            source.backup(kept)
            # One file, without a log beside it.
            kept.execute("PRAGMA journal_mode=DELETE")
            found = kept.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if "full" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise _damaged(database, str(error)) from error
    if found != "ok":
        raise _damaged(database, str(found))
    return sqlite3.sqlite_version


def check_there(database: Path) -> None:
    """Raise ConfigError when there is no such file."""
    if not database.is_file():
        raise ConfigError(
            f"There is no database {database}.",
            field="data",
            remedy="Name the data folder with --data, or the configuration file with --config.",
        )


def _damaged(database: Path, why: str) -> Unavailable:
    return Unavailable(
        f"The database {database} cannot be copied: {why[:200]}.",
        remedy="Keep the backups that you have; `sqlite3 FILE .recover` saves what can be saved.",
    )


def heads(database: Path) -> dict[str, str]:
    """The newest migration of each lineage."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'alembic_version_%'"
        ).fetchall()
        rows = [
            (name, connection.execute(f'SELECT version_num FROM "{name}"').fetchone())  # noqa: S608 — its own names
            for (name,) in names
        ]
    return {name.removeprefix("alembic_version_"): row[0] for name, row in rows if row}


def holds_something(database: Path) -> bool:
    """Whether there are tables."""
    if not database.is_file() or not database.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(database)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.Error:
        # Whatever it is, it is somebody's.
        return True


def check_unused(database: Path) -> None:
    """Raise Refused while another process has the database open. Afterwards all of it is in the one file."""
    if not database.is_file():
        return
    with closing(sqlite3.connect(database, timeout=_WAITS_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA busy_timeout=1000")
        try:
            # Leaving the write-ahead log needs the database for oneself.
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        except sqlite3.OperationalError as error:
            raise Refused(
                f"The database {database} is in use.", remedy="Stop web, worker and commands first."
            ) from error
        except sqlite3.DatabaseError:
            # Damaged: all the more reason to replace it.
            return
