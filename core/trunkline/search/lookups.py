"""What is found without the index: by a whole number, or in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from trunkline.db.numbers import in_full, kinds
from trunkline.errors import Forbidden, NotFound
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.folding import fold, words

R = TypeVar("R")


def numbered(
    get: Callable[[Context, str], R], document: Callable[[Context, R], SearchDocument]
) -> Callable[[Context, str], Sequence[SearchDocument]]:
    """The `find` of a `SearchLookup` by numbers: what `get` gives or refuses (NotFound, Forbidden), shown as `document` says."""

    def find(ctx: Context, number: str) -> Sequence[SearchDocument]:
        try:
            return [document(ctx, get(ctx, number))]
        except (NotFound, Forbidden):
            return []

    return find


def written_out(ctx: Context, typed: str) -> list[str]:
    """Entries of the index for the whole numbers that a short one may mean, as `c000007` for `c7`."""
    found = in_full(ctx.session, [kind.name for kind in kinds()], typed)
    return list(dict.fromkeys(fold(number) for numbers in found.values() for number in numbers))


def begun(query: str, text: str) -> bool:
    """Whether every word of the query begins a word of the text; an empty query begins nothing."""
    asked, known = words(query), words(text)
    return bool(asked) and all(any(word.startswith(part) for word in known) for part in asked)


def look_up(
    ctx: Context, query: str, limit: int, of: Sequence[str] = (), *, numbers_only: bool = False
) -> Iterator[tuple[SearchLookup, list[SearchDocument]]]:
    """What the lookups find of a query, as far as the actor may open it; each beside its lookup."""
    lookups = [
        (plugin, lookup)
        for name, (plugin, lookup) in ctx.app.search_lookups.items()
        if (not of or name in of) and _may(ctx, lookup.permission) and (lookup.numbers or not numbers_only)
    ]
    meant = in_full(ctx.session, {lookup.numbers for _plugin, lookup in lookups if lookup.numbers}, query)
    for plugin, lookup in lookups:
        wanted = meant.get(lookup.numbers, ()) if lookup.numbers else filter(None, [query.strip()])
        found = [one for asked in wanted for one in _shown(ctx, _ask(ctx, plugin, lookup, asked))][:limit]
        if found:
            yield lookup, found


def _ask(ctx: Context, plugin: str, lookup: SearchLookup, asked: str) -> Iterable[SearchDocument]:
    try:
        return lookup.find(ctx, asked)
    except Exception as error:  # a plugin's code may raise anything
        ctx.app.hooks.failed(plugin, f"search lookup {lookup.kind}", error)
        return ()


def _shown(ctx: Context, found: Iterable[SearchDocument]) -> Iterator[SearchDocument]:
    return (one for one in found if _may(ctx, one.permission))


def _may(ctx: Context, permission: str) -> bool:
    return not permission or ctx.actor.may(permission)
