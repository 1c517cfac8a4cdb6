"""Keeping the index: taking up what was marked, and building everything anew."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select
from sqlmodel import col

from trunkline import plugin
from trunkline.operation import SYSTEM, Context
from trunkline.search.folding import terms_of
from trunkline.search.models import SearchDirty, SearchDocument, SearchTerm

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
BATCH = 500
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
    """Take up to `limit` marks; 0 when there are none or another worker is at it."""
    if not ctx.app.database.is_sqlite and not ctx.session.scalar(
        select(func.pg_try_advisory_xact_lock(_LOCK))
    ):
        return 0
    marks = ctx.session.execute(
        select(col(SearchDirty.id), col(SearchDirty.kind), col(SearchDirty.entity_id))
        .order_by(col(SearchDirty.id))
        .limit(limit)
    ).all()
    by_kind: dict[str, set[int]] = {}
    for _mark, kind, entity_id in marks:
        by_kind.setdefault(kind, set()).add(entity_id)
    for kind, ids in by_kind.items():
        index(ctx, kind, sorted(ids))
    if marks:
        ctx.session.execute(
            delete(SearchDirty).where(col(SearchDirty.id).in_([mark for mark, _k, _e in marks]))
        )
    return len(marks)


def index(ctx: Context, kind: str, ids: Sequence[int]) -> None:
    """Replace the documents of these entities; those that are gone, or whose plugin is, lose theirs."""
    known = ctx.app.search_kinds.get(kind)
    documents: Sequence[plugin.SearchDocument] = ()
    if known is not None:
        try:
            with ctx.session.begin_nested():
                documents = known.load(ctx, ids)
        except Exception as error:
            ctx.app.hooks.failed(kind, f"search documents of {kind}", error)
            return
    ctx.session.execute(
        delete(SearchTerm).where(
            col(SearchTerm.document_id).in_(
                select(col(SearchDocument.id)).where(
                    col(SearchDocument.kind) == kind, col(SearchDocument.entity_id).in_(ids)
                )
            )
        )
    )
    ctx.session.execute(
        delete(SearchDocument).where(col(SearchDocument.kind) == kind, col(SearchDocument.entity_id).in_(ids))
    )
    rows = [_row(document) for document in documents]
    if not rows:
        return
    ctx.session.add_all(rows)
    ctx.session.flush()
    terms = [
        {"term": term, "document_id": row.id}
        for row, document in zip(rows, documents, strict=True)
        for term in terms_of(document)
    ]
    if terms:
        ctx.session.execute(insert(SearchTerm), terms)


def rebuild(app: "App") -> int:
    """Index everything anew, kind by kind in short transactions; returns how many entities there are."""
    total = 0
    for kind in app.search_kinds.values():
        with app.unit_of_work(SYSTEM) as ctx:
            ids = sorted(kind.all_ids(ctx))
            gone = set(
                ctx.session.scalars(
                    select(col(SearchDocument.entity_id)).where(col(SearchDocument.kind) == kind.kind)
                )
            ) - set(ids)
        for wanted in (sorted(gone), ids):
            for start in range(0, len(wanted), BATCH):
                with app.unit_of_work(SYSTEM) as ctx:
                    index(ctx, kind.kind, wanted[start : start + BATCH])
        total += len(ids)
    return total


def _row(document: plugin.SearchDocument) -> SearchDocument:
    return SearchDocument(
        kind=document.kind,
        entity_id=document.id,
        title=document.title[:200],
        subtitle=document.subtitle[:300],
        path=document.path,
        icon=document.icon,
        permission=document.permission,
        customer_id=document.customer_id,
        reseller_id=document.reseller_id,
    )
