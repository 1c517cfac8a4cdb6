"""Indexes of only those rows of a table that fulfil a condition: `Index(…, info=rows("ended_at IS NULL"))`.

SQLAlchemy looks at an option of a database with all that it knows of this database, which for PostgreSQL is 2.5 MB that a process
on SQLite needs for nothing else. So the condition waits beside the index until tables are made or compared.
"""

from sqlalchemy import Index, MetaData, text

_CONDITION = "rows"


def rows(condition: str) -> dict[str, str]:
    """The `info` of an index of the rows for which `condition` holds (SQL that both databases understand)."""
    return {_CONDITION: condition}


def spelled_out(metadata: MetaData) -> MetaData:
    """The same tables, whose indexes now say their conditions to both databases."""
    for table in metadata.tables.values():
        for index in table.indexes:
            _spell_out(index)
    return metadata


def _spell_out(index: Index) -> None:
    condition = index.info.get(_CONDITION)
    if condition is not None:
        index.dialect_kwargs.update(sqlite_where=text(condition), postgresql_where=text(condition))
