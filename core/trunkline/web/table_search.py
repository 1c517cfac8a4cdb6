"""What a list's search box asks: inside the words of a small list, or along the indexes of a large one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, literal, or_, select, union, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE

from trunkline.db.haste import within
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


@dataclass(frozen=True)
class Found:
    """Keys of rows that a search found, in no order, and whether there are more."""

    keys: Sequence[int]
    more: bool


class Search:
    """What a list's search box asks of a large list: which rows its indexes find.

    They are rows of which a column of `starts` begins with the query, or that one of the indexes named in `found` and `finds`
    finds. `found` says which kind of entity a column is the key of, for the search index; `finds` makes conditions of the query
    on the list's own table. Each part is a select of keys that one index answers: joined by OR, the whole table would be read.
    """

    def __init__(
        self,
        statement: "Select[Any]",
        identity: ColumnElement[Any],
        query: str,
        starts: Sequence[Any],
        found: Sequence[tuple[str, Any]],
        finds: Sequence[Callable[[str], ColumnElement[bool]]],
    ) -> None:
        from trunkline.search.conditions import Finding

        def column(item: Any) -> Any:
            return keyset.expression(statement, item) if isinstance(item, str) else item

        self._identity = identity
        self._plain = [begins_with(column(item), query) for item in starts] + [find(query) for find in finds]
        made = [(Finding(kind, query), column(key)) for kind, key in found]
        self._found = [(finding, key) for finding, key in made if finding]

    def condition(self) -> ColumnElement[bool]:
        """What holds of each row that is found, however many there are."""
        parts = [select(self._identity).where(plain) for plain in self._plain]
        parts += [select(self._identity).where(key.in_(finding.entries())) for finding, key in self._found]
        parts += [
            select(self._identity).where(key.in_(finding.words()))
            for finding, key in self._found
            if not finding.by_number
        ]
        return self._identity.in_(parts[0] if len(parts) == 1 else union(*parts))

    def on_row(self) -> ColumnElement[bool]:
        """The same, asked of one row: for where few rows are left."""
        return or_(*self._plain, *(finding.on_row(key) for finding, key in self._found))

    def finds_many(self, session: Session, most: int) -> bool:
        """Whether what is found lies beside that many entities of a kind at least, as far as ranges of indexes say."""
        counts = [
            select(select(func.count()).select_from(finding.entries(most).subquery()).scalar_subquery())
            for finding, _key in self._found
        ]
        if not counts:
            return False
        found: int = max(session.connection().execute(union_all(*counts)).scalars())
        return found >= most

    def first(self, session: Session, most: int, patience: float) -> Found:
        """At most so many of the rows that are found, those first that ranges of indexes give.

        Who has only words to go by is found as far as that takes no longer than `patience`, in seconds.
        """
        entries = [key.in_(finding.entries(most)) for finding, key in self._found]
        keys: list[int] = []
        for conditions in (entries, self._plain):
            if conditions and len(keys) < most:
                keys = list(dict.fromkeys([*keys, *self._read(session, conditions, most)]))
        by_words = [(finding, key) for finding, key in self._found if not finding.by_number]
        if len(keys) >= most or not by_words:
            return Found(keys[:most], len(keys) >= most)
        words = [key.in_(finding.words(most)) for finding, key in by_words]
        further = within(session, patience, lambda: self._read(session, words, most))
        cut_short = further is None
        if further is None and not keys:
            # "Nothing" must be true.
            further, cut_short = self._read(session, words, most), False
        keys = list(dict.fromkeys([*keys, *(further or ())]))
        return Found(keys[:most], cut_short or len(keys) >= most)

    def _read(self, session: Session, conditions: Sequence[ColumnElement[bool]], most: int) -> list[int]:
        each = [
            select(select(self._identity).where(condition).limit(most).subquery()) for condition in conditions
        ]
        query = union_all(*each) if len(each) > 1 else each[0]
        return list(dict.fromkeys(session.connection().execute(query).scalars().all()))


class _listed(FunctionElement[bool]):
    """Whether a key is among many, which come in one parameter: a parameter for each takes longer than the look-up."""

    # Not Boolean: SQLite would be asked whether it equals 1, of every row, instead of using its index.
    type = NULLTYPE  # type: ignore[assignment]  # the base wants Boolean
    inherit_cache = True


@compiles(_listed, "sqlite")
def _on_sqlite(element: _listed, compiler: SQLCompiler, **options: Any) -> str:
    key, listed = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{key} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 — placeholders


@compiles(_listed, "postgresql")
def _on_postgres(element: _listed, compiler: SQLCompiler, **options: Any) -> str:
    key, listed = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{key} = ANY (CAST(translate({listed}, '[]', '{{}}') AS bigint[]))"


def among(identity: ColumnElement[Any], keys: Sequence[int]) -> Any:
    """Whether the row's key is one of these, however many they are."""
    return _listed(identity, literal(f"[{','.join(map(str, keys))}]"))
