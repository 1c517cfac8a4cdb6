"""Saying that something changed, in the transaction that changes it; the worker indexes it within a second."""

from trunkline.operation import Context
from trunkline.search.models import SearchDirty


def mark(ctx: Context, kind: str, entity_id: int) -> None:
    """Have the entity indexed anew, or dropped when it is gone.

    Rows are only inserted, so that two who mark the same entity never wait for each other.
    """
    ctx.session.add(SearchDirty(kind=kind, entity_id=entity_id))
