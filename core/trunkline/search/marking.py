"""Saying that something changed, in the transaction that changes it; the worker indexes it within a second."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import event, insert, inspect, select
from sqlalchemy.orm import Session, object_session
from sqlmodel import col

from trunkline.operation import Context
from trunkline.search.models import SearchDirty, SearchDocument

_KEY = "trunkline_marks"
_INSERT = insert(SearchDirty.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it


def mark(ctx: Context, kind: str, entity_id: int) -> None:
    """Have the entity indexed anew, or dropped when it is gone.

    Rows are only inserted, so that two who mark the same entity never wait for each other.
    """
    mark_all(ctx, kind, (entity_id,))


def mark_all(ctx: Context, kind: str, entity_ids: Iterable[int]) -> None:
    """`mark` for many. The rows are written when the transaction ends; a mark too many, of what was undone, harms nothing."""
    marks = ctx.session.info.setdefault(_KEY, {})
    marks.update(dict.fromkeys((kind, entity_id) for entity_id in entity_ids))


def mark_customer(ctx: Context, customer_id: int) -> None:
    """Have a customer indexed anew with all that is theirs, whose documents say their name and their reseller."""
    documents = ctx.session.execute(
        select(col(SearchDocument.kind), col(SearchDocument.entity_id)).where(
            col(SearchDocument.customer_id) == customer_id
        )
    )
    mark(ctx, "customer", customer_id)
    for kind, entity_id in documents.all():
        mark(ctx, kind, entity_id)


def follow(
    model: type[Any],
    kind: str,
    *columns: str,
    only: Callable[[Any], bool] = lambda _row: True,
    key: str = "id",
) -> None:
    """Have every row of `model` indexed as `kind` that comes, goes, or changes in one of these columns.

    `key` names the column with the key of what is indexed: the row's own, or its owner's, whose document tells of the row. For
    tables that many operations write, a row as an object each time: who writes rows by a statement marks them. Of rows that are
    not `only` so nothing is said.
    """

    def came_or_went(_mapper: object, _connection: object, row: Any) -> None:
        session = object_session(row)
        if session is not None and only(row):
            session.info.setdefault(_KEY, {})[kind, getattr(row, key)] = None

    def changed(mapper: object, connection: object, row: Any) -> None:
        known = inspect(row).attrs
        if any(known[column].history.has_changes() for column in columns):
            came_or_went(mapper, connection, row)

    event.listen(model, "after_insert", came_or_went)
    event.listen(model, "after_delete", came_or_went)
    event.listen(model, "after_update", changed)


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    # What is flushed now may be followed.
    session.flush()
    marks = session.info.pop(_KEY, None)
    if marks:
        session.connection().execute(
            _INSERT, [{"kind": kind, "entity_id": entity_id} for kind, entity_id in marks]
        )
