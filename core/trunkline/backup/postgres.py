"""PostgreSQL's part, by its own programs: `pg_dump` sees one moment of a running system, `psql` restores all or nothing."""

import errno
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from trunkline.db.engine import connection_settings
from trunkline.errors import ConfigError, Refused, Unavailable

#: Where distributions keep programs of several versions side by side.
_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_TABLES = """SELECT c.relname, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relkind = 'S'"""
_FUNCTIONS = """SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = current_schema() AND p.prokind = 'f'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"""
_OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND coalesce(backend_type, 'client backend') = 'client backend'"""
_GONE_WITHIN_SECONDS = 10.0
_KINDS = {
    "r": "TABLE",
    "p": "TABLE",
    "v": "VIEW",
    "m": "MATERIALIZED VIEW",
    "f": "FOREIGN TABLE",
    "S": "SEQUENCE",
}


@dataclass(frozen=True)
class Server:
    """One database of a server, by its SQLAlchemy URL."""

    url: URL

    @classmethod
    def at(cls, url: str) -> "Server":
        return cls(make_url(url))

    def dump(self, target: Path) -> str:
        """Write a dump of one moment; returns the server's version. Raises ConfigError, Unavailable."""
        with self._connected() as connection:
            version = str(connection.execute(text("SHOW server_version")).scalar_one())
        self._run("pg_dump", "--format=custom", "--compress=0", f"--file={target}", self._address)
        return version

    def heads(self) -> dict[str, str]:
        """The newest migration of each lineage."""
        with self._connected() as connection:
            found = connection.execute(
                text(
                    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
                    "AND tablename LIKE 'alembic\\_version\\_%'"
                )
            ).scalars()
            rows = {
                name: connection.execute(text(f'SELECT version_num FROM "{name}"')).scalar_one_or_none()  # noqa: S608 — its own names
                for name in found.all()
            }
        return {name.removeprefix("alembic_version_"): str(head) for name, head in rows.items() if head}

    def holds_something(self) -> bool:
        """Whether there are tables."""
        with self._connected() as connection:
            return bool(connection.execute(text(_TABLES)).first())

    def check_usable(self) -> None:
        """Raise Refused while others are connected, ConfigError where a program is missing that restores."""
        with self._connected() as connection:
            others = _others(connection)
        if others:
            raise Refused(
                f"The database is in use: {others} other connections.",
                remedy="Stop web, worker and commands on every host first.",
            )
        for name in ("pg_restore", "psql"):
            self._program(name)

    def restore(self, dump: Path) -> None:
        """Replace what the database holds by a dump, in one transaction.

        Owners and rights are not restored: the tables belong to who restores them. Raises Unavailable; then nothing changed.
        """
        away, script = dump.with_name("away.sql"), dump.with_name("restore.sql")
        with self._connected() as connection:
            away.write_text("".join(_away(connection)))
        self._run(
            "pg_restore",
            "--no-owner",
            "--no-privileges",
            "--no-comments",
            f"--file={script}",
            str(dump),
        )
        self._run(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--file={away}",
            f"--file={script}",
            f"--dbname={self._address}",
        )

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = create_engine(self.url, poolclass=NullPool, connect_args=connection_settings(self.url))
        try:
            with engine.connect() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            why = str(error.orig).strip().splitlines()
            raise Unavailable(
                f"The database does not answer: {why[0] if why else error}",
                remedy="See whether PostgreSQL runs and `database` names it.",
            ) from error
        finally:
            engine.dispose()

    @property
    def _address(self) -> str:
        """What the programs are told on their command line, which everybody may read: no password."""
        bare = (
            self.url.set(drivername="postgresql")
            ._replace(password=None)
            .difference_update_query(["password"])
        )
        return bare.render_as_string(hide_password=False)

    def _environment(self) -> dict[str, str]:
        password = self.url.password or self.url.query.get("password")
        return {**os.environ, "LC_ALL": "C", **({"PGPASSWORD": str(password)} if password else {})}

    def _run(self, name: str, *arguments: str) -> None:
        program = self._program(name)
        password = () if name == "pg_restore" else ("--no-password",)
        done = subprocess.run(
            [program, *password, *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        if done.returncode:
            if "No space left" in done.stderr:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            said = [line for line in done.stderr.splitlines() if "rror" in line] or [done.stderr.strip()]
            raise Unavailable(f"{name} failed: {said[0][:400]}", remedy="Nothing was changed.")

    def _program(self, name: str) -> str:
        """The program whose version is the server's, or the next newer one. Raises ConfigError when there is none."""
        with self._connected() as connection:
            needed = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
        found = sorted((version, path) for path, version in _installed(name) if version >= needed)
        if found:
            return found[0][1]
        older = sorted(version for _path, version in _installed(name))
        have = f"is of version {older[-1]}" if older else "is not installed"
        raise ConfigError(
            f"PostgreSQL {needed} runs the database, and {name} {have} here.",
            field="database",
            remedy=f"Install its client programs of version {needed} (Debian: apt install postgresql-client-{needed}).",
        )


def _installed(name: str) -> Iterator[tuple[str, int]]:
    """Every program of this name, with its version."""
    places = [path for pattern in _FOLDERS for path in sorted(Path("/").glob(f"{pattern[1:]}/{name}"))]
    for path in dict.fromkeys([shutil.which(name), *map(str, places)]):
        if path is None:
            continue
        try:
            said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30).stdout
        except (OSError, subprocess.TimeoutExpired):
            continue
        if version := _VERSION.search(said):
            yield path, int(version[1])


def _others(connection: Connection) -> int:
    """How many others are connected, once those have had time to go that have just said good-bye."""
    # Without a transaction, within which the server tells the same each time.
    connection.execution_options(isolation_level="AUTOCOMMIT")
    end = time.monotonic() + _GONE_WITHIN_SECONDS
    while (others := int(connection.execute(text(_OTHERS)).scalar_one())) and time.monotonic() < end:
        time.sleep(0.1)
    return others


def _away(connection: Connection) -> Iterator[str]:
    """Statements that drop what is there, but for what belongs to extensions."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name, kind in connection.execute(text(_TABLES)):
        yield f"DROP {_KINDS[kind]} IF EXISTS {quote(name)} CASCADE;\n"
    for (signature,) in connection.execute(text(_FUNCTIONS)):
        yield f"DROP FUNCTION IF EXISTS {signature} CASCADE;\n"
