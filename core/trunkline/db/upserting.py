"""`INSERT … ON CONFLICT`, which SQLAlchemy has once for each database."""

from typing import Any


def insert_into(table: Any, dialect: str) -> Any:
    """An insert into `table` for the database of this name (`sqlite` or `postgresql`), with its own `on_conflict_…`.

    Only that database's part of SQLAlchemy is loaded: PostgreSQL's takes 2.5 MB, so build statements when they are first used.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
