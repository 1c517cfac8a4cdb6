"""Keeping the index: taking up what was marked, and building everything anew."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlmodel import col

from trunkline import plugin
from trunkline.operation import SYSTEM, Context
from trunkline.search.folding import terms_of
from trunkline.search.models import SearchDirty, SearchDocument, SearchTerm

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
BATCH = 500
#: Marks that are read to find a batch of entities: one that is busy has several.
_MARKS = 4 * BATCH
_DOCUMENTS = SearchDocument.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_TERMS = SearchTerm.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
# Built once: building costs more than running.
_OLD_DOCUMENTS = select(_DOCUMENTS.c.id).where(
    _DOCUMENTS.c.kind == bindparam("of_kind"), _DOCUMENTS.c.entity_id.in_(bindparam("of_ids", expanding=True))
)
_DROP_TERMS = delete(_TERMS).where(_TERMS.c.document_id.in_(bindparam("of_ids", expanding=True)))
_DROP_DOCUMENTS = delete(_DOCUMENTS).where(_DOCUMENTS.c.id.in_(bindparam("of_ids", expanding=True)))
_INSERT_DOCUMENTS = insert(_DOCUMENTS).returning(_DOCUMENTS.c.id, sort_by_parameter_order=True)
_INSERT_TERMS = insert(_TERMS)
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
    if not ctx.app.database.is_sqlite and not ctx.session.scalar(
        select(func.pg_try_advisory_xact_lock(_LOCK))
    ):
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


def index(ctx: Context, kind: str, ids: Sequence[int]) -> None:
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
    connection = ctx.session.connection()
    old = connection.execute(_OLD_DOCUMENTS, {"of_kind": kind, "of_ids": list(ids)}).scalars().all()
    if old:
        connection.execute(_DROP_TERMS, {"of_ids": old})
        connection.execute(_DROP_DOCUMENTS, {"of_ids": old})
    if not documents:
        return
    rows = [_row(document) for document in documents]
    keys = connection.execute(_INSERT_DOCUMENTS, rows).scalars().all()
    terms = [
        {"term": term, "document_id": key}
        for key, document in zip(keys, documents, strict=True)
        for term in terms_of(document)
    ]
    if terms:
        connection.execute(_INSERT_TERMS, terms)


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


def _row(document: plugin.SearchDocument) -> dict[str, Any]:
    return {
        "kind": document.kind,
        "entity_id": document.id,
        "title": document.title[:200],
        "subtitle": document.subtitle[:300],
        "path": document.path,
        "icon": document.icon,
        "permission": document.permission,
        "customer_id": document.customer_id,
        "reseller_id": document.reseller_id,
    }
