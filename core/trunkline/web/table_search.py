"""What a list's search box asks: inside the words of a small list, or along the indexes of a large one."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select, union

from trunkline.web import keyset

#: Sorts after every other character.
_LAST = "\U0010ffff"


def contains(column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    """Whether the word stands anywhere in the column, in capitals or not. It reads every row."""
    text = column if isinstance(column.type, String) else cast(column, String)
    return func.lower(text).contains(word.lower(), autoescape=True)


def begins_with(column: Any, text: str) -> ColumnElement[bool]:
    """Whether the column begins with the text, as it is or all in capitals or small letters: a range of its index each."""
    forms = sorted({text, text.upper(), text.lower()})
    return or_(*(and_(column >= form, column < form + _LAST) for form in forms))


def along_indexes(
    statement: "Select[Any]",
    identity: ColumnElement[Any],
    query: str,
    starts: Sequence[Any],
    found: Sequence[tuple[str, Any]],
    finds: Sequence[Callable[[str], ColumnElement[bool]]] = (),
) -> ColumnElement[bool]:
    """Rows of which a column of `starts` begins with the query, or that one of the indexes named in `found` and `finds` finds.

    `found` says which kind of entity a column is the key of, for the search index; `finds` makes conditions of the query on the
    list's own table. Each part is a select of keys that one index answers: joined by OR, the whole table would be read.
    """
    from trunkline.search.conditions import found_by

    def column(item: Any) -> Any:
        return keyset.expression(statement, item) if isinstance(item, str) else item

    parts = [select(identity).where(begins_with(column(item), query)) for item in starts]
    parts += [select(identity).where(found_by(kind, column(key), query)) for kind, key in found]
    parts += [select(identity).where(find(query)) for find in finds]
    return identity.in_(parts[0] if len(parts) == 1 else union(*parts))
