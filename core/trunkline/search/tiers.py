"""The ways to look into the index, from the cheapest to the dearest. Each gives keys of documents, the best first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice, product
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnClause,
    ColumnElement,
    CompoundSelect,
    Select,
    SmallInteger,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    true,
    union_all,
)
from sqlmodel import col

from trunkline.operation import Context
from trunkline.search.folding import WHOLE, differ_little, far_variants, is_name, typo_variants
from trunkline.search.models import SearchDocument, span
from trunkline.search.store import KEYS, TEXTS, TYPOS, VECTOR

#: Sorts behind everything that begins with what it is appended to.
LAST = "\U0010ffff"
#: PostgreSQL gathers what all kinds have before it is cut: a query that finds more needs another letter.
_GATHERED = 1000
_GUESSES = 5
#: So many words that share letters with one are compared with it.
_FAR_LOOKED_AT = 500
#: Of what may have been meant only so much is looked for by entries.
_SPELLINGS = 3
#: So much each word that is known may have been meant as.
_MISREAD = 4
#: A beginning of more words of the vocabulary is looked for as a beginning.
SPELT_OUT = 30
_DOCUMENT = col(SearchDocument.id)
#: The words of a document, each with a blank before it.
_BEFORE = "' ' || words"

#: Every group must be there: any of its words, as a beginning where it says so.
Groups = Sequence[Sequence[tuple[str, bool]]]


def by_key(ctx: Context, numbers: Sequence[int], beginnings: Sequence[str], limit: int) -> list[int]:
    """Documents with an entry that begins so, for each beginning and kind at most `limit`, in the order of entries.

    What begins as the first of them says comes first. A range of a B-tree each: what it costs does not grow with the table.
    """
    if not numbers:
        return []
    conditions = tuple(ctx.visible_conditions(SearchDocument))
    ends = [beginning + LAST for beginning in beginnings]
    values: dict[str, Any] = {"most": limit}
    if ctx.app.database.is_sqlite:
        shape = len(beginnings), len(numbers)
        statement: CompoundSelect[Any] | Select[Any] = (
            _ranges(*shape, conditions) if conditions else _open_ranges(*shape)
        )
        values |= {f"kind_{place}": number for place, number in enumerate(numbers)}
        values |= {f"low_{turn}": beginning for turn, beginning in enumerate(beginnings)}
        values |= {f"high_{turn}": end for turn, end in enumerate(ends)}
    else:
        statement = _looped(conditions) if conditions else _open_loop()
        values |= {"kinds": list(numbers), "lows": list(beginnings), "highs": ends}
    rows = ctx.session.connection().execute(statement, values).all()
    return list(dict.fromkeys(row.id for row in sorted(rows, key=lambda row: (row.turn, row.key))))


def _ranges(turns: int, count: int, conditions: Sequence[ColumnElement[bool]]) -> CompoundSelect[Any]:
    parts = []
    for turn, place in product(range(turns), range(count)):
        part = _range(
            bindparam(f"kind_{place}"), bindparam(f"low_{turn}"), bindparam(f"high_{turn}"), conditions
        )
        found = part.subquery(f"part_{turn}_{place}")
        parts.append(select(found.c.key, found.c.id, literal_column(str(turn)).label("turn")))
    return union_all(*parts)


def _range(kind: Any, low: Any, high: Any, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    part = select(KEYS.c.key, KEYS.c.id).where(KEYS.c.kind == kind, KEYS.c.key >= low, KEYS.c.key < high)
    if conditions:
        part = part.join(SearchDocument, KEYS.c.id == _DOCUMENT).where(*conditions)
    return part.order_by(KEYS.c.key, KEYS.c.id).limit(bindparam("most"))


def _looped(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The same ranges for PostgreSQL, as a loop: each part of a union costs it more to plan than to walk."""
    kinds = func.unnest(bindparam("kinds", type_=ARRAY(SmallInteger))).table_valued(
        column("kind", SmallInteger), name="asked_kind"
    )
    turns = func.unnest(
        bindparam("lows", type_=ARRAY(Text)), bindparam("highs", type_=ARRAY(Text))
    ).table_valued(column("low", Text), column("high", Text), with_ordinality="turn", name="asked_range")
    kinds, turns = kinds.render_derived(), turns.render_derived()
    found = _range(kinds.c.kind, turns.c.low, turns.c.high, conditions).lateral("found")
    return select(found.c.key, found.c.id, turns.c.turn).select_from(
        kinds.join(turns, true()).join(found, true())
    )


@lru_cache(maxsize=64)
def _open_ranges(turns: int, count: int) -> CompoundSelect[Any]:
    """For those who see every customer, built once: building costs more than running."""
    return _ranges(turns, count, ())


@cache
def _open_loop() -> Select[Any]:
    return _looped(())


def exactly(ctx: Context, numbers: Sequence[int], keys: Sequence[str], limit: int) -> list[int]:
    """Documents one of whose entries is one of these keys."""
    statement = select(KEYS.c.id).where(KEYS.c.kind.in_(numbers), KEYS.c.key.in_(keys))
    conditions = ctx.visible_conditions(SearchDocument)
    if conditions:
        statement = statement.join(SearchDocument, KEYS.c.id == _DOCUMENT).where(*conditions)
    found = ctx.session.connection().execute(statement.limit(limit)).scalars()
    return sorted(set(found))


def by_words(ctx: Context, numbers: Sequence[int], groups: Groups, limit: int) -> list[int]:
    """Documents that have all the words, of each kind at most `limit` (on PostgreSQL as far as the first thousand go)."""
    if ctx.app.database.is_sqlite:
        return _each_kind(ctx, "search_words", numbers, fts5_query(groups), limit)
    leading = [group for group in groups if not any(begins for _word, begins in group)]
    leading = leading or [max(groups, key=lambda group: min(len(word) for word, _begins in group))]
    rest = [group for group in groups if group not in leading]
    values = {"query": ts_query(leading)}
    conditions = [f"{VECTOR} @@ CAST(:query AS tsquery)"]
    for place, group in enumerate(rest):
        # Very many have a word that begins with one or two letters, and the index would gather all of them.
        begun = {f"begun_{place}_{number}": f" {word}" for number, (word, _begins) in enumerate(group)}
        conditions.append(f"({' OR '.join(f'strpos({_BEFORE}, :{name}) > 0' for name in begun)})")
        values |= begun
    return _gathered(ctx, numbers, " AND ".join(conditions), values, limit)


def fts5_query(groups: Groups) -> str:
    """The groups as FTS5 reads them. Words are of letters and figures only, so nothing needs escaping."""
    written = (" OR ".join(f'"{word}"{"*" if begins else ""}' for word, begins in group) for group in groups)
    return " AND ".join(f"({group})" for group in written)


def ts_query(groups: Groups) -> str:
    """The groups as a `tsquery` of PostgreSQL."""
    written = (" | ".join(f"'{word}'{':*' if begins else ''}" for word, begins in group) for group in groups)
    return " & ".join(f"({group})" for group in written)


def by_fragment(ctx: Context, numbers: Sequence[int], fragment: str, limit: int) -> list[int]:
    """Documents one of whose long numbers has these figures anywhere."""
    if ctx.app.database.is_sqlite:
        return _each_kind(ctx, "search_numbers", numbers, f'"{fragment}"', limit)
    return _gathered(ctx, numbers, "numbers LIKE :query", {"query": f"%{fragment}%"}, limit)


def _each_kind(ctx: Context, index: str, numbers: Sequence[int], query: str, limit: int) -> list[int]:
    """Keys from a full-text table of SQLite, which walks a range of them without looking at the others."""
    rowid: ColumnClause[int] = column("rowid", BigInteger())
    conditions = ctx.visible_conditions(SearchDocument)
    statement = select(rowid.label("id")).select_from(table(index, rowid))
    if conditions:
        statement = statement.join(SearchDocument, rowid == _DOCUMENT).where(*conditions)
    statement = statement.where(
        text(f"{index} MATCH :query"), rowid.between(bindparam("low"), bindparam("high"))
    ).limit(bindparam("most"))
    connection, found = ctx.session.connection(), list[int]()
    for number in numbers:
        low, high = span(number)
        values = {"query": query, "low": low, "high": high, "most": limit}
        found += connection.execute(statement, values).scalars().all()
    return found


def _gathered(
    ctx: Context, numbers: Sequence[int], condition: str, values: Mapping[str, str], limit: int
) -> list[int]:
    statement: Select[Any] = select(TEXTS.c.id).where(text(condition))
    conditions = ctx.visible_conditions(SearchDocument)
    if conditions:
        statement = statement.join(SearchDocument, TEXTS.c.id == _DOCUMENT).where(*conditions)
    if len(numbers) == 1:
        statement = statement.where(TEXTS.c.id.between(*span(numbers[0])))
    keys = ctx.session.connection().execute(statement.limit(_GATHERED), values).scalars().all()
    kept = []
    for number in numbers:
        low, high = span(number)
        kept += [key for key in keys if low <= key <= high][:limit]
    return kept


def beginnings(ctx: Context, asked: Sequence[str]) -> Groups:
    """The words as beginnings; each that few words of the vocabulary begin with as those words, which are found far sooner."""
    groups = list[Sequence[tuple[str, bool]]]()
    for word in asked:
        known = _begin_so(ctx, word) if is_name(word) else []
        whole = 0 < len(known) < SPELT_OUT
        groups.append([(one, False) for one in known] if whole else [(word, True)])
    return groups


def with_typos(ctx: Context, asked: Sequence[str]) -> Groups | None:
    """The words, each that begins no known one replaced by those it may have been meant as; None if nothing helps.

    A long word that no other differs from by one mistake may have two.
    """
    groups, helped = list[Sequence[tuple[str, bool]]](beginnings(ctx, asked)), False
    for place, word in enumerate(asked):
        known = not is_name(word) or groups[place] != [(word, True)]
        if not known and (guesses := _guesses(ctx, word) or _far_guesses(ctx, word)):
            groups[place], helped = [(guess, False) for guess in guesses], True
    return groups if helped else None


def spellings(asked: Sequence[str], groups: Groups) -> Iterator[str]:
    """What may have been meant, the likeliest first: each word as it was typed where something begins so, else a guess."""
    meant = [
        [guess for guess, _begins in group if not guess.startswith(word)] or [word]
        for word, group in zip(asked, groups, strict=True)
    ]
    return map(" ".join, islice(product(*meant), _SPELLINGS))


def misread(ctx: Context, asked: Sequence[str]) -> Iterator[str]:
    """The words with one of them as it may have been meant, because a mistake may have made it a name of somebody else's.

    Nothing for a single word, which stands for what it says.
    """
    for place, word in enumerate(asked) if len(asked) > 1 else ():
        meant = (*_guesses(ctx, word), *_far_guesses(ctx, word)) if is_name(word) else ()
        for guess in islice(dict.fromkeys(guess for guess in meant if guess != word), _MISREAD):
            yield " ".join((*asked[:place], guess, *asked[place + 1 :]))


def alike(ctx: Context, asked: Sequence[str]) -> Groups:
    """The words, each or any that differs from it by a letter."""
    return [
        [(word, True), *((guess, False) for guess in (_guesses(ctx, word) if is_name(word) else ()))]
        for word in asked
    ]


_BEGINS = (
    select(TYPOS.c.word)
    .where(TYPOS.c.variant >= bindparam("low"), TYPOS.c.variant < bindparam("high"))
    .limit(SPELT_OUT)
)
_SHARES = (
    select(TYPOS.c.word)
    .distinct()
    .where(TYPOS.c.variant.in_(bindparam("variants", expanding=True)))
    .limit(50)
)


_FAR = (
    select(TYPOS.c.word)
    .distinct()
    .where(
        TYPOS.c.variant.in_(bindparam("variants", expanding=True)),
        func.length(TYPOS.c.word).between(bindparam("shortest"), bindparam("longest")),
    )
    .limit(_FAR_LOOKED_AT)
)


def _begin_so(ctx: Context, word: str) -> list[str]:
    values = {"low": WHOLE + word, "high": WHOLE + word + LAST}
    return list(ctx.session.connection().execute(_BEGINS, values).scalars())


def _guesses(ctx: Context, word: str) -> list[str]:
    """Words that differ by one mistake, the likeliest first."""
    found = ctx.session.connection().execute(_SHARES, {"variants": sorted(typo_variants(word))}).scalars()
    return _likeliest(word, found)


def _far_guesses(ctx: Context, word: str) -> list[str]:
    """Words that differ from a long one by two mistakes, the likeliest first."""
    variants = far_variants(word)
    if not variants:
        return []
    values = {"variants": sorted(variants), "shortest": len(word) - 2, "longest": len(word) + 2}
    found = ctx.session.connection().execute(_FAR, values).scalars()
    return _likeliest(word, (guess for guess in found if differ_little(word, guess, 2)))


def _likeliest(word: str, found: Iterable[str]) -> list[str]:
    """The same first letter before others, then the same length."""
    likely = sorted(found, key=lambda guess: (guess[0] != word[0], abs(len(guess) - len(word)), guess))
    return likely[:_GUESSES]
