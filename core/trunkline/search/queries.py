"""Finding things: by permission and scope, best first, grouped by kind."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel
from sqlalchemy import Row, bindparam, select

from trunkline.db.haste import within
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search import models, tiers
from trunkline.search.folding import SHORTEST_INNER, TURNED, Asked, fold, read_query, words
from trunkline.search.lookups import look_up, written_out
from trunkline.search.models import ENTITY_BITS
from trunkline.search.store import Abilities
from trunkline.search.writing import KindNumbers

#: No more than this of one kind is shown, page after page; who does not find it among them types another letter.
MOST = 500
#: Seconds after which the first dear way, and the one after it, are given up for who types on.
_MOMENT, _SECOND_MOMENT = 0.02, 0.015
#: What the dearer ways find is in no order, so a few more are ranked.
_RANKED = 30
_DOCUMENTS = models.SearchDocument.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_SHOWN = select(
    *(_DOCUMENTS[name] for name in "id kind title subtitle path icon permission customer_id".split())
).where(_DOCUMENTS.id.in_(bindparam("ids", expanding=True)))


class Hit(BaseModel):
    """One thing that was found."""

    kind: str
    title: str
    subtitle: str
    path: str
    icon: str
    customer_id: int | None = None
    #: The keys that open a page of the menu from anywhere, as in `g c`.
    keys: str = ""


@dataclass(frozen=True)
class HitGroup:
    """Things of one kind, best first."""

    kind: str
    label: str
    hits: Sequence[Hit]
    #: Whether there are more than were asked for.
    more: bool = False


@dataclass
class Found:
    """What a query found, and whether only words like those that were typed did."""

    groups: list[HitGroup] = field(default_factory=list)
    by_likeness: bool = False

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)

    @property
    def hits(self) -> list[Hit]:
        return [hit for group in self.groups for hit in group.hits]


def find(ctx: Context, query: str, limit: int = 20, *, kinds: Sequence[str] = ()) -> list[HitGroup]:
    """What every word of the query finds (as a beginning, or as a fragment of a number), at most `limit` of each kind."""
    return look_for(ctx, query, limit, kinds=kinds).groups


def look_for(
    ctx: Context, query: str, limit: int = 20, *, kinds: Sequence[str] = (), hurried: bool = False
) -> Found:
    """`find`, and how: a way that costs more is tried only when those before it left room in every kind.

    Who types on is `hurried`: ways that may cost much are given up after a moment, and what they would find stays away.
    """
    asked, numbers = read_query(query), _numbers(ctx, kinds)
    if not asked:
        return Found()
    beside = [_looked_up(*one, limit) for one in look_up(ctx, query, limit + 1, kinds)]
    if not numbers:
        return Found(beside)
    wanted = min(limit, MOST) + 1
    kept = _Kept(ctx, wanted)
    if short := [one for one in written_out(ctx, query) if one != asked.whole]:
        kept.add(tiers.exactly(ctx, numbers, short, wanted))
    kept.add(tiers.by_key(ctx, numbers, asked.beginnings, wanted))
    dearer = _Dearer(ctx, asked, numbers, max(wanted, _RANKED), hurried)
    if not kept.full and not asked.number:
        kept.add_ranked(dearer.by_words(tiers.beginnings(ctx, asked.words)), asked)
    if not kept and len(asked.number) >= SHORTEST_INNER and ctx.app.part(Abilities).inner_fragments:
        kept.add(dearer.by_fragment())
    if kept or beside or asked.number:
        return Found(_in_order(ctx, [*kept.groups(), *beside]))
    likely, meant = tiers.with_typos(ctx, asked.words), list(asked.words)
    if likely is not None:
        meant = next(tiers.spellings(asked.words, likely)).split()
        _add_spelt_right(ctx, kept, tiers.spellings(asked.words, likely), numbers, wanted)
        if not kept.full:
            kept.add_ranked(dearer.by_words(likely, _SECOND_MOMENT), asked)
    if not kept:
        _add_spelt_right(ctx, kept, tiers.misread(ctx, meant), numbers, wanted)
    return Found(list(kept.groups()), by_likeness=bool(kept))


def _looked_up(lookup: SearchLookup, found: Sequence[SearchDocument], limit: int) -> HitGroup:
    hits = [Hit.model_validate(one, from_attributes=True) for one in found[:limit]]
    return HitGroup(lookup.kind, lookup.label, hits, more=len(found) > limit)


def _in_order(ctx: Context, groups: Sequence[HitGroup]) -> list[HitGroup]:
    kinds, lookups = ctx.app.search_kinds, ctx.app.search_lookups
    return sorted(
        groups,
        key=lambda group: kinds[group.kind].order if group.kind in kinds else lookups[group.kind][1].order,
    )


def _add_spelt_right(
    ctx: Context, kept: "_Kept", spellings: Iterable[str], numbers: Sequence[int], wanted: int
) -> None:
    """Keep what has an entry that begins as it may have been meant: however many have these words, it costs the same."""
    for spelling in spellings:
        if not kept.full:
            kept.add(tiers.by_key(ctx, numbers, (spelling, TURNED + spelling), wanted))


def of_like_name(ctx: Context, name: str, kind: str, limit: int = 20) -> list[Hit]:
    """Things of one kind whose title has the first and the last word of `name`, each perhaps with a letter wrong."""
    asked, numbers = words(name), _numbers(ctx, (kind,))
    if not asked or not numbers:
        return []
    groups = tiers.alike(ctx, list(dict.fromkeys((asked[0], asked[-1]))))
    found = within(ctx.session, _MOMENT, lambda: tiers.by_words(ctx, numbers, groups, limit)) or []
    kept = _Kept(ctx, limit + 1)
    kept.add(found)
    return [hit for group in kept.groups() for hit in group.hits]


@dataclass(frozen=True)
class _Dearer:
    """The ways whose cost depends on what is asked, for a while at most where somebody types on."""

    ctx: Context
    asked: Asked
    numbers: Sequence[int]
    limit: int
    hurried: bool

    def by_words(self, groups: tiers.Groups, seconds: float = _MOMENT) -> list[int]:
        return self._within(seconds, lambda: tiers.by_words(self.ctx, self.numbers, groups, self.limit))

    def by_fragment(self) -> list[int]:
        asked = self.asked.number
        return self._within(_MOMENT, lambda: tiers.by_fragment(self.ctx, self.numbers, asked, self.limit))

    def _within(self, seconds: float, look: Callable[[], list[int]]) -> list[int]:
        return within(self.ctx.session, seconds, look) or [] if self.hurried else look()


def _numbers(ctx: Context, kinds: Sequence[str]) -> list[int]:
    """The numbers of the kinds that the actor may find, in the order in which they are shown."""
    allowed = [
        name
        for name, kind in ctx.app.search_kinds.items()
        if (not kinds or name in kinds) and (not kind.permission or ctx.actor.may(kind.permission))
    ]
    return list(ctx.app.part(KindNumbers).known(ctx, allowed).values())


class _Kept:
    """Documents found so far, by kind, as far as the actor may see them."""

    def __init__(self, ctx: Context, wanted: int) -> None:
        self._ctx, self._wanted = ctx, wanted
        self._by_kind: dict[int, dict[int, Row[*tuple[object, ...]]]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_kind)

    @property
    def full(self) -> bool:
        """Whether some kind has more than is shown: the query is too short for dearer ways to be worth their cost."""
        return any(len(rows) >= self._wanted for rows in self._by_kind.values())

    def add(self, keys: Iterable[int]) -> None:
        """Keep the documents in the order of their keys, behind what is there."""
        for row in self._load(keys):
            self._put(row)

    def add_ranked(self, keys: Iterable[int], asked: Asked) -> None:
        """Keep the documents, those whose title has all the words before the others."""
        for row in sorted(self._load(keys), key=lambda row: _rank(row, asked)):
            self._put(row)

    def _put(self, row: Row[*tuple[object, ...]]) -> None:
        rows = self._by_kind.setdefault(row.id >> ENTITY_BITS, {})
        if len(rows) < self._wanted:
            rows.setdefault(row.id, row)

    def _load(self, keys: Iterable[int]) -> Iterator[Row[*tuple[object, ...]]]:
        fresh = [key for key in keys if key not in self._by_kind.get(key >> ENTITY_BITS, ())]
        if not fresh:
            return
        rows = self._ctx.session.connection().execute(_SHOWN, {"ids": fresh})
        found = {row.id: row for row in rows if self._ctx.actor.may(row.permission)}
        yield from (found[key] for key in fresh if key in found)

    def groups(self) -> Iterator[HitGroup]:
        for kind in self._ctx.app.search_kinds.values():
            for rows in self._by_kind.values():
                first = next(iter(rows.values()))
                if first.kind == kind.kind:
                    hits = [_hit(row) for row in list(rows.values())[: self._wanted - 1]]
                    yield HitGroup(kind.kind, kind.label, hits, more=len(rows) >= self._wanted)


def _hit(row: Row[*tuple[object, ...]]) -> Hit:
    names = Hit.model_fields
    return Hit(**{name: value for name, value in row._mapping.items() if name in names})


def _rank(row: Row[*tuple[object, ...]], asked: Asked) -> tuple[bool, str]:
    title = words(row.title)
    return not all(any(word.startswith(part) for word in title) for part in asked.words), fold(row.title)
