"""What a list's search box asks: inside the words of a small list, or along the indexes of a large one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select, union

from trunkline.web import keyset

#: Sorts after every other character.
_LAST = "\U0010ffff"


def contains(column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    """Whether the word stands anywhere in the column, in capitals or not. It reads every row."""
    text = column if isinstance(column.type, String) else cast(column, String)
    return func.lower(text).contains(word.lower(), autoescape=True)


def begins_with(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether the column begins with the text, as it is or all in capitals or small letters: a range of its index each."""
    forms = sorted({text, text.upper(), text.lower()})
    return or_(*(and_(column >= form, column < form + _LAST) for form in forms))


def along_indexes(
    statement: "Select[Any]",
    identity: ColumnElement[Any],
    query: str,
    starts: Sequence[str | ColumnElement[Any]],
    found: Sequence[tuple[str, str | ColumnElement[Any]]],
) -> ColumnElement[bool]:
    """Rows of which one of the columns `starts` begins with the query, or whose entity the search index finds.

    `found` says which kind of entity a column is the key of. Each part is a select of keys that one index answers: joined by
    OR they would be read from the whole table.
    """
    from trunkline.search.conditions import found_by

    def column(item: str | ColumnElement[Any]) -> ColumnElement[Any]:
        return keyset.expression(statement, item) if isinstance(item, str) else item

    parts = [select(identity).where(begins_with(column(item), query)) for item in starts]
    parts += [select(identity).where(found_by(kind, column(key), query)) for kind, key in found]
    return identity.in_(parts[0] if len(parts) == 1 else union(*parts))
