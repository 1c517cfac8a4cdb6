"""Keeping the index: taking up what was marked, and building everything anew."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, func, select
from sqlmodel import col

from trunkline import plugin
from trunkline.db.room import roomy
from trunkline.operation import SYSTEM, Context
from trunkline.plugin import SearchKind
from trunkline.search import store, writing
from trunkline.search.models import SearchDirty, SearchDocument

if TYPE_CHECKING:
    from trunkline.app import App

BATCH = 500
#: A rebuild, which nobody waits for, takes more at a time.
_REBUILT = 5000
#: Kilobytes of SQLite's cache for it: entries come in no order of the table, and with the usual two megabytes each reads a page.
_ROOM = 128_000
#: Marks that are read to find a batch of entities: one that is busy has several.
_MARKS = 4 * BATCH
#: One indexer at a time on PostgreSQL; SQLite has one writer anyway.
_LOCK = 0x7472_756E_6B01


def index_due(app: "App") -> int:
    """Index what was marked, in batches of short transactions; returns how many marks were taken up."""
    taken = 0
    while True:
        with app.database.read() as session:
            if session.scalars(select(col(SearchDirty.id)).limit(1)).first() is None:
                return taken
        with app.unit_of_work(SYSTEM) as ctx:
            count = index_batch(ctx)
        if count == 0:
            return taken
        taken += count


def index_batch(ctx: Context, limit: int = BATCH) -> int:
    """Take up the marks of up to `limit` entities; 0 when there are none or another worker is at it."""
    if not _alone(ctx):
        return 0
    marks = ctx.session.execute(
        select(col(SearchDirty.id), col(SearchDirty.kind), col(SearchDirty.entity_id))
        .order_by(col(SearchDirty.id))
        .limit(_MARKS)
    ).all()
    by_kind: dict[str, set[int]] = {}
    taken: list[int] = []
    entities: set[tuple[str, int]] = set()
    for mark, kind, entity_id in marks:
        if len(entities) == limit and (kind, entity_id) not in entities:
            continue
        entities.add((kind, entity_id))
        by_kind.setdefault(kind, set()).add(entity_id)
        taken.append(mark)
    for kind, ids in by_kind.items():
        index(ctx, kind, sorted(ids))
    if taken:
        ctx.session.execute(delete(SearchDirty).where(col(SearchDirty.id).in_(taken)))
    return len(taken)


def _alone(ctx: Context, *, wait: bool = False) -> bool:
    """Whether nobody else indexes until the end of this transaction; with `wait`, once they have ended."""
    if ctx.app.database.is_sqlite:
        return True
    if wait:
        ctx.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        return True
    return bool(ctx.session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))


def index(ctx: Context, kind: str, ids: Sequence[int], *, anew: bool = False) -> None:
    """Replace the documents of these entities; those that are gone, or whose plugin is, lose theirs."""
    known = ctx.app.search_kinds.get(kind)
    documents: Sequence[plugin.SearchDocument] = ()
    if known is not None:
        try:
            with ctx.session.begin_nested():
                documents = known.load(ctx, ids)
        except Exception as error:  # a plugin's code may raise anything
            ctx.app.hooks.failed(kind, f"search documents of {kind}", error)
            return
    writing.write(ctx, kind, ids, documents, anew=anew)


def drop(ctx: Context, condition: ColumnElement[bool]) -> int:
    """Take every document that fulfils the condition out of the index; returns how many there were."""
    dropped = 0
    while keys := ctx.session.scalars(select(col(SearchDocument.id)).where(condition).limit(BATCH)).all():
        writing.remove(ctx, [key for key in keys if key is not None])
        dropped += len(keys)
    return dropped


def rebuild(app: "App", progress: Callable[[str, int, int], None] | None = None) -> int:
    """Index everything anew in short transactions, beside a running system; returns how many entities there are.

    What was there is found until its turn comes. `progress` gets the kind, how many are done and how many there are.
    """
    store.ensure(app)
    with app.unit_of_work(SYSTEM) as ctx:
        drop(ctx, col(SearchDocument.kind).not_in(list(app.search_kinds)))
        ctx.session.execute(delete(store.TYPOS))
    return sum(_rebuild(app, kind, progress) for kind in app.search_kinds.values())


def _rebuild(app: "App", kind: SearchKind, progress: Callable[[str, int, int], None] | None) -> int:
    with app.reading(SYSTEM) as ctx:
        ids = sorted(kind.all_ids(ctx))
        indexed = select(col(SearchDocument.entity_id)).where(col(SearchDocument.kind) == kind.kind)
        gone = sorted(set(ctx.session.scalars(indexed)) - set(ids))
    for wanted in (gone, ids):
        for start in range(0, len(wanted), _REBUILT):
            with app.unit_of_work(SYSTEM) as ctx, roomy(ctx.session, _ROOM):
                _alone(ctx, wait=True)
                index(ctx, kind.kind, wanted[start : start + _REBUILT], anew=True)
            if progress is not None and wanted is ids:
                progress(kind.kind, min(start + _REBUILT, len(ids)), len(ids))
    return len(ids)
