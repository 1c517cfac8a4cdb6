"""The index in the database: entries in order, words, long numbers, and words as they are mistyped.

Beginnings of entries are ranges of a B-tree on both databases, so what they cost does not grow with the table. Words are an FTS5
table on SQLite and a tsvector under GIN on PostgreSQL; fragments from the middle of numbers are trigrams on both (pg_trgm). None
of it belongs to a migration: it is made, and filled anew, from what it indexes.
"""

import logging
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Connection, MetaData, SmallInteger, String, Table, Text, text

from trunkline.i18n import gettext as _
from trunkline.plugin import Health, HealthReport

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Context

log = logging.getLogger(__name__)
_METADATA = MetaData()
#: Compared by code point on both databases, so that a beginning is a range of the index.
_CODE_POINTS = Text().with_variant(Text(collation="C"), "postgresql")

#: Beginnings by which a document is found, in order.
KEYS = Table(
    "search_key",
    _METADATA,
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("key", _CODE_POINTS, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
#: What the full-text indexes hold of a document, and its keys (one a line), so that both can be taken away again.
TEXTS = Table(
    "search_text",
    _METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
    Column("numbers", Text, nullable=False),
    Column("keys", Text, nullable=False),
)
#: Words of titles under each of their variants.
TYPOS = Table(
    "search_typo",
    _METADATA,
    Column("variant", _CODE_POINTS, primary_key=True),
    Column("word", String(40), primary_key=True),
    sqlite_with_rowid=False,
)

VECTOR = "array_to_tsvector(string_to_array(words, ' '))"
_TRIGRAMS = "search_numbers"
# Without positions (`detail=none`) the table is a third as large; all words of a query stand for themselves anyway.
_ON_SQLITE = {
    "search_words": "CREATE VIRTUAL TABLE search_words USING fts5(words, content='search_text', content_rowid='id', "
    "detail=none, prefix='1 2 3 4', tokenize='unicode61 remove_diacritics 0')",
    _TRIGRAMS: "CREATE VIRTUAL TABLE search_numbers USING fts5(numbers, content='search_text', content_rowid='id', "
    "tokenize='trigram')",
}
#: How the full-text tables of SQLite are told what comes and what goes, each with the column it indexes.
FEEDS = (
    (
        "words",
        "INSERT INTO search_words(rowid, words) VALUES (?, ?)",
        "INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', ?, ?)",
    ),
    (
        "numbers",
        "INSERT INTO search_numbers(rowid, numbers) VALUES (?, ?)",
        "INSERT INTO search_numbers(search_numbers, rowid, numbers) VALUES ('delete', ?, ?)",
    ),
)
_ON_POSTGRES = {"search_words": f"CREATE INDEX search_words ON search_text USING gin (({VECTOR}))"}
_TRIGRAMS_ON_POSTGRES = "CREATE INDEX search_numbers ON search_text USING gin (numbers gin_trgm_ops)"


def ensure(app: "App") -> bool:
    """Make what is missing of the index; returns whether it was made anew, so that everything must be indexed.

    Needs the right to make tables. pg_trgm is used where it is installed or may be.
    """
    with app.database.write() as session:
        connection = session.connection()
        fresh = not _exists(connection, TEXTS.name)
        _METADATA.create_all(connection)
        if app.database.is_sqlite:
            _make(connection, _ON_SQLITE)
        else:
            _make(connection, _ON_POSTGRES)
            if _may_have_trigrams(connection):
                _make(connection, {_TRIGRAMS: _TRIGRAMS_ON_POSTGRES})
        if fresh:
            # What the search shows was indexed by an older release: the worker takes it up.
            connection.exec_driver_sql(
                "INSERT INTO core_search_dirty (kind, entity_id) SELECT kind, entity_id FROM core_search_document"
            )
    return fresh


def _make(connection: Connection, statements: dict[str, str]) -> None:
    for name, statement in statements.items():
        if not _exists(connection, name):
            connection.exec_driver_sql(statement)


def _exists(connection: Connection, name: str) -> bool:
    query = (
        "SELECT 1 FROM sqlite_master WHERE name = :name"
        if connection.dialect.name == "sqlite"
        else "SELECT 1 WHERE to_regclass(:name) IS NOT NULL"
    )
    return connection.execute(text(query), {"name": name}).first() is not None


def _may_have_trigrams(connection: Connection) -> bool:
    if _has_extension(connection):
        return True
    available = text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
    if connection.execute(available).first() is None:
        return False
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION pg_trgm")
    except Exception as error:  # the driver's own class; no right to make extensions, most likely
        log.warning("pg_trgm cannot be installed: %s", str(error).partition("\n")[0])
        return False
    return True


def _has_extension(connection: Connection) -> bool:
    return (
        connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")).first() is not None
    )


class Abilities:
    """What this database's index can do, asked once in the life of the process."""

    def __init__(self, app: "App") -> None:
        with app.database.read() as session:
            self.inner_fragments = _exists(session.connection(), _TRIGRAMS)


def health(ctx: "Context") -> list[HealthReport]:
    """Whether the index is whole, and whether it finds fragments from the middle of numbers."""
    name, connection = str(_("Search")), ctx.session.connection()
    if not _exists(connection, TEXTS.name):
        return [
            HealthReport(
                name,
                Health.FAILED,
                str(_("There is no index, so nothing is found.")),
                str(_("Run trunkline search rebuild.")),
            )
        ]
    if not _exists(connection, _TRIGRAMS):
        return [
            HealthReport(
                name,
                Health.WARNING,
                str(_("Numbers are found by their first and last figures only: pg_trgm is not installed.")),
                str(
                    _(
                        "Have it installed once, “CREATE EXTENSION pg_trgm”, then run trunkline search rebuild."
                    )
                ),
            )
        ]
    waiting = connection.exec_driver_sql(
        "SELECT count(*) FROM (SELECT 1 FROM core_search_dirty LIMIT 10001) AS waiting"
    ).scalar_one()
    if waiting > 10_000:
        return [
            HealthReport(
                name,
                Health.WARNING,
                str(_("More than 10,000 changes wait to be indexed.")),
                str(_("The worker takes them up; look whether it runs.")),
            )
        ]
    return [HealthReport(name, Health.OK, str(_("The index is up to date.")))]


HEALTH = (health,)
