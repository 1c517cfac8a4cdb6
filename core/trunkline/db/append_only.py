"""Tables whose rows are only ever added: a model that says so gets triggers, written into its migration, that refuse all else.

A model says `__table_args__ = (…, {"info": {"append_only": True}})`. On PostgreSQL rows may be deleted in a transaction that has
set `trunkline.append_only` to `lifted`; on SQLite, which knows no such settings, `lifted` takes the triggers away and puts them
back in the same transaction. Nothing does either but the removal of exported activity, and the erasure of a person, after which
an entry is put back without the personal values.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

SETTING = "trunkline.append_only"
LIFTED = "lifted"
_NAME = "{table}_append_only"
_ON_SQLITE = ("_update", "_delete", "_replace")
_ON_POSTGRES = ("", "_truncate")


def tables() -> list[str]:
    """Names of the append-only tables of everything imported so far."""
    return sorted(name for name, table in SQLModel.metadata.tables.items() if table.info.get("append_only"))


def missing(connection: Connection) -> list[str]:
    """Append-only tables that have lost a trigger, say by a migration that rebuilt them."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal"
    )
    present = set(connection.execute(text(query)).scalars())
    endings = _ON_SQLITE if connection.dialect.name == "sqlite" else _ON_POSTGRES
    return [
        table
        for table in tables()
        if not {f"{_NAME.format(table=table)}{ending}" for ending in endings} <= present
    ]


def restore(connection: Connection) -> list[str]:
    """Make the triggers again where one is gone; returns the tables. Needs the tables' owner on PostgreSQL."""
    bare = missing(connection)
    for name in bare:
        trigger = _NAME.format(table=name)
        if connection.dialect.name == "sqlite":
            for ending in _ON_SQLITE:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}{ending}")
        else:
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {trigger}() CASCADE")
        protect(connection, name, *(column.name for column in SQLModel.metadata.tables[name].primary_key))
    return bare


@contextmanager
def lifted(connection: Connection, names: Sequence[str]) -> Iterator[None]:
    """Let rows of these tables be deleted in the block. Needs a writing transaction, which ends the permission as well."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": SETTING, "value": LIFTED})
        yield
        connection.execute(text("SELECT set_config(:name, '', true)"), {"name": SETTING})
        return
    kept = []
    for name in names:
        trigger = f"{_NAME.format(table=name)}_delete"
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"
        if definition := connection.execute(text(query), {"name": trigger}).scalar_one_or_none():
            connection.exec_driver_sql(f'DROP TRIGGER "{trigger}"')
            kept.append(str(definition))
    yield
    for definition in kept:
        connection.exec_driver_sql(definition)


def protect(connection: Connection, table: str, *keys: str) -> None:
    """Make the triggers of a table with these primary key columns. Released migrations call this: it must stay as it is."""
    on_sqlite = connection.dialect.name == "sqlite"
    for statement in _for_sqlite(table, keys) if on_sqlite else _for_postgres(table):
        connection.exec_driver_sql(statement)


def forget(connection: Connection, table: str) -> None:
    """Drop what outlives a dropped table."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {_NAME.format(table=table)}()")


def _for_sqlite(table: str, keys: Sequence[str]) -> list[str]:
    name = _NAME.format(table=table)
    same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
    refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
    # INSERT OR REPLACE deletes without waking a trigger for DELETE.
    replaces = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 — its own names
    return [
        f"CREATE TRIGGER {name}_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {name}_delete BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {name}_replace BEFORE INSERT ON {table} {replaces} {refuse}",
    ]


def _for_postgres(table: str) -> list[str]:
    name = _NAME.format(table=table)
    return [
        f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP = 'DELETE' AND current_setting('{SETTING}', true) = '{LIFTED}' THEN RETURN OLD; END IF;
            RAISE EXCEPTION 'rows of {table} are only ever added' USING ERRCODE = 'restrict_violation';
        END $$""",
        f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]
