"""Migrations: one lineage and one version table per plugin, core first, then in `requires` order.

Autogenerate sees only the plugin's own tables. SQLite runs with foreign keys off (a table rebuild would cascade) and checks them
afterwards; a failing migration rolls back whole.
"""

import importlib
import io
import logging
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, create_engine, event, inspect, text
from sqlmodel import SQLModel

from trunkline.db import revisions
from trunkline.db.partial import spelled_out
from trunkline.db.types import EncryptedStr, NoneIfEmpty, UtcDateTime
from trunkline.errors import ConfigError, Conflict
from trunkline.plugin import Plugin

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

    from trunkline.app import App

log = logging.getLogger(__name__)
_ADVISORY_LOCK = 0x7472756E6B
_VERSION_TABLE = "alembic_version_"


@dataclass(frozen=True)
class Lineage:
    """The migrations of one plugin (or of core)."""

    name: str
    package: str
    #: Every known plugin: tables of `billing_cgrates` are not `billing`'s, although they begin like it.
    names: frozenset[str] = frozenset()

    @property
    def version_table(self) -> str:
        return f"{_VERSION_TABLE}{self.name}"

    @property
    def folder(self) -> Path:
        return Path(str(importlib.import_module(self.package).__file__)).parent / "migrations"

    def owns_table(self, table: str) -> bool:
        return owner_of(table, self.names | {self.name}) == self.name

    def owns(self, item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        table = item if kind == "table" else getattr(item, "table", None)
        return table is None or self.owns_table(str(table.name))

    def owns_name(self, name: str | None, kind: str, parents: Any) -> bool:
        return kind != "table" or (name is not None and self.owns_table(name))

    def metadata(self) -> MetaData:
        return spelled_out(SQLModel.metadata)

    def render(self, kind: str, item: Any, context: Any) -> str | Literal[False]:
        """Plain `sa.` types instead of the project's classes, so that old migrations outlive them."""
        if kind == "type" and isinstance(item, UtcDateTime):
            return "sa.DateTime(timezone=True)"
        if kind == "type" and isinstance(item, NoneIfEmpty):
            return f"sa.String(length={item.length})"
        if kind == "type" and isinstance(item, EncryptedStr):
            return "sa.String()"
        if kind == "type" and type(item).__name__ == "AutoString":
            return f"sa.String(length={item.length})" if item.length else "sa.String()"
        if kind == "type" and isinstance(item, sa.BigInteger) and "sqlite" in item._variant_mapping:
            return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
        return False

    def alembic(self, connection: Connection) -> "AlembicConfig":
        from alembic.config import Config as AlembicConfig

        config = AlembicConfig(stdout=io.StringIO())
        config.set_main_option("script_location", str(_script_folder()))
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", str(self.folder))
        config.attributes.update(connection=connection, lineage=self)
        return config

    def head(self) -> str | None:
        """The newest revision that the code has."""
        return revisions.head(self.name, self.folder)

    def current(self, connection: Connection) -> str | None:
        """The revision that the database has."""
        found = connection.execute(text(f'SELECT version_num FROM "{self.version_table}"'))  # noqa: S608 — its own name
        return found.scalar_one_or_none()


def _script_folder() -> Path:
    return Path(__file__).parent / "alembic"


def owner_of(table: str, names: Collection[str]) -> str:
    """Which of the plugins a table belongs to by its prefix, the longest one that fits; empty for none."""
    return max((name for name in names if table.startswith(f"{name}_")), key=len, default="")


def lineages(app: "App") -> list[Lineage]:
    """Core, then the enabled plugins in order, as far as they have tables."""
    names = frozenset(app.loaded.statuses)
    return [Lineage("core", "trunkline", names)] + [
        lineage_of(s.plugin, names) for s in app.loaded.enabled if s.plugin is not None and s.plugin.models
    ]


def lineage_of(plugin: Plugin, names: Collection[str]) -> Lineage:
    """The migrations of a plugin with tables, beside the `names` of every known plugin."""
    return Lineage(plugin.name, str(plugin.models).rpartition(".")[0], frozenset(names))


@contextmanager
def _migrating(app: "App") -> Iterator[Connection]:
    """A connection for schema changes: foreign keys off on SQLite, one migrator at a time on PostgreSQL."""
    engine = create_engine(app.database.url)
    if app.database.is_sqlite:
        event.listen(
            engine, "connect", lambda connection, record: setattr(connection, "isolation_level", None)
        )
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            if not app.database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection
            if app.database.is_sqlite:
                _check_foreign_keys(connection)
    finally:
        engine.dispose()


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise Conflict(
            f"The migration would leave {len(broken)} rows in {broken[0][0]} without their parent."
        )


def pending(app: "App") -> list[str]:
    """Names of lineages whose tables are older than the code. A newer database is tolerated."""
    with app.database.engine.connect() as connection:
        existing = set(inspect(connection).get_table_names())
        behind = []
        for lineage in lineages(app):
            head = lineage.head()
            current = lineage.current(connection) if lineage.version_table in existing else None
            if head is not None and current != head and not _is_newer(lineage, current):
                behind.append(lineage.name)
        return behind


def _is_newer(lineage: Lineage, current: str | None) -> bool:
    """Whether the database has a revision that this code does not know: one release ahead."""
    if current is None:
        return False
    known = {path.stem.partition("_")[0] for path in lineage.folder.glob("[0-9]*.py")}
    return current.rpartition("_")[2] not in known


def upgrade(app: "App") -> list[str]:
    """Bring every lineage to its head in one transaction; returns the names of those that changed."""
    behind = pending(app)
    if not behind:
        return []
    if app.database.is_sqlite:
        _back_up(Path(str(app.database.url.database)))
    with _migrating(app) as connection:
        for lineage in lineages(app):
            if lineage.name in behind:
                log.info("migrating %s", lineage.name)
                _upgrade_one(lineage, connection)
    return behind


def _upgrade_one(lineage: Lineage, connection: Connection) -> None:
    from alembic import command

    try:
        command.upgrade(lineage.alembic(connection), "head")
    except Exception as error:  # a migration may raise anything; the operator gets a remedy
        remedy = "Restore the program that fitted the database, or report this."
        if lineage.name != "core":
            remedy = f"Correct the plugin, or turn it off: trunkline plugin disable {lineage.name}"
        problem = f"The migration of {lineage.name} failed, so nothing was migrated: {type(error).__name__}: {error}."
        raise ConfigError(problem, remedy=remedy) from error


def _back_up(path: Path) -> None:
    """Copy a SQLite database that holds something, beside it, before its schema changes."""
    with sqlite3.connect(path) as source:
        if source.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            return
    target = path.with_name(f"{path.stem}-before-{datetime.now().astimezone():%Y%m%dT%H%M%S}.db")
    with sqlite3.connect(path) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    shutil.copystat(path, target)
    log.info("backed up to %s", target)


def purge(app: "App", lineage: Lineage) -> None:
    """Downgrade one plugin's tables to nothing."""
    from alembic import command

    with _migrating(app) as connection:
        command.downgrade(lineage.alembic(connection), "base")
        connection.execute(text(f'DROP TABLE IF EXISTS "{lineage.version_table}"'))


def drop_tables(app: "App", name: str, tables: Collection[str]) -> None:
    """Drop the tables that a plugin left behind whose code is gone, and its version table."""
    with _migrating(app) as connection:
        metadata = MetaData()
        metadata.reflect(connection, only=list(tables), resolve_fks=False)
        metadata.drop_all(connection)
        connection.execute(text(f'DROP TABLE IF EXISTS "{_VERSION_TABLE}{name}"'))


def drop_newest(app: "App", name: str) -> None:
    """Delete the newest migration file of `name`, so that it can be written anew before its first release."""
    for lineage in lineages(app):
        if lineage.name == name:
            for path in sorted(lineage.folder.glob("[0-9]*.py"))[-1:]:
                path.unlink()


def make_revision(app: "App", name: str, message: str) -> Path:
    """Autogenerate the next migration of `name` by comparing its models with the database as migrated so far."""
    from alembic import command

    lineage = next((one for one in lineages(app) if one.name == name), None)
    if lineage is None:
        raise ConfigError(f"There is no enabled plugin {name} with tables.")
    number = len(list(lineage.folder.glob("[0-9]*.py"))) + 1
    lineage.folder.mkdir(exist_ok=True)
    with _migrating(app) as connection:
        config = lineage.alembic(connection)
        config.set_main_option("file_template", f"{number:04d}_%%(slug)s")
        script = command.revision(
            config,
            message,
            autogenerate=True,
            rev_id=f"{name}_{number:04d}",
            version_path=str(lineage.folder),
        )
    return Path(script.path)  # type: ignore[union-attr]  # a found revision


def differences(app: "App") -> list[str]:
    """What autogenerate would still change, in words; empty when models and migrations agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    found = []
    with app.database.engine.connect() as connection:
        for lineage in lineages(app):
            context = MigrationContext.configure(
                connection,
                opts={
                    "version_table": lineage.version_table,
                    "include_object": lineage.owns,
                    "include_name": lineage.owns_name,
                    "compare_type": True,
                },
            )
            found += [
                f"{lineage.name}: {difference}"
                for difference in compare_metadata(context, lineage.metadata())
            ]
    return found


def orphan_tables(app: "App") -> dict[str, Sequence[str]]:
    """Tables of plugins that are not enabled, by the plugin's name (from their version tables)."""
    enabled = {lineage.name for lineage in lineages(app)}
    with app.database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
    names = {t.removeprefix(_VERSION_TABLE) for t in tables if t.startswith(_VERSION_TABLE)}
    known = names | set(app.loaded.statuses)
    return {
        name: sorted(t for t in tables if not t.startswith(_VERSION_TABLE) and owner_of(t, known) == name)
        for name in sorted(names - enabled)
    }
