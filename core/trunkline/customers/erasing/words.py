"""Rows that hold any of many words, asked in one condition however many contacts a customer has."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import ColumnElement, String, cast, false, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import NULLTYPE


class _holds_any(FunctionElement[bool]):
    """Whether a text holds any word of a JSON list, in either case."""

    # Not Boolean: SQLite would compare it with 1.
    type = NULLTYPE  # type: ignore[assignment]  # the base wants Boolean
    inherit_cache = True


@compiles(_holds_any, "sqlite")
def _on_sqlite(element: _holds_any, compiler: SQLCompiler, **options: Any) -> str:
    text, words = (compiler.process(clause, **options) for clause in element.clauses)
    held = f"instr(lower({text}), lower(word.value)) > 0"
    return f"EXISTS (SELECT 1 FROM json_each({words}) AS word WHERE {held})"  # noqa: S608 — placeholders


@compiles(_holds_any, "postgresql")
def _on_postgres(element: _holds_any, compiler: SQLCompiler, **options: Any) -> str:
    text, words = (compiler.process(clause, **options) for clause in element.clauses)
    listed = f"json_array_elements_text(CAST({words} AS json)) AS word(value)"
    held = f"strpos(lower({text}), lower(word.value)) > 0"
    return f"EXISTS (SELECT 1 FROM {listed} WHERE {held})"  # noqa: S608 — placeholders


def holding(words: Sequence[str], columns: Sequence[Any]) -> ColumnElement[bool]:
    """Rows with one of the words in one of the columns, as text, inside JSON or inside an address."""
    if not words:
        return false()
    written = {
        form
        for word in words
        for form in (word, json.dumps(word)[1:-1], quote(word), quote_plus(word), quote(word, safe="@"))
    }
    # One parameter: a condition for each word would be more than a database takes of a customer with hundreds of contacts.
    listed = json.dumps(sorted(written))
    return or_(*(_holds_any(cast(column, String), literal(listed)) for column in columns))
