"""What each user opened from the search lately, offered before anything is typed."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import col

from trunkline.db.upserting import insert_into
from trunkline.operation import Context
from trunkline.search import tiers
from trunkline.search.folding import fold
from trunkline.search.models import SearchDocument, SearchRecent
from trunkline.search.queries import Hit
from trunkline.search.writing import KindNumbers

_KEPT = 12
_SHOWN = 6
_LOOKED_AT = 20
_RECENT = SearchRecent.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it


def recent(ctx: Context) -> list[Hit]:
    """The last few, newest first, as far as the actor may still find them."""
    if ctx.actor.id is None:
        return []
    rows = ctx.session.scalars(
        ctx.visible(SearchDocument)
        .join(SearchRecent, col(SearchRecent.document_id) == col(SearchDocument.id))
        .where(col(SearchRecent.user_id) == ctx.actor.id)
        .order_by(col(SearchRecent.at).desc(), col(SearchRecent.document_id).desc())
    ).all()
    return [Hit.model_validate(row, from_attributes=True) for row in rows if ctx.actor.may(row.permission)][
        :_SHOWN
    ]


def remember(ctx: Context, path: str) -> None:
    """Note that the actor opened the page that a result leads to. Anything else at that address is no result: nothing happens."""
    document = next((one for one in _led_to_by(ctx, path) if ctx.actor.may(one.permission)), None)
    if document is None or ctx.actor.id is None:
        return
    connection = ctx.session.connection()
    insert = insert_into(_RECENT, connection.dialect.name)
    row = {"user_id": ctx.actor.id, "document_id": document.id, "at": ctx.now()}
    connection.execute(
        insert.on_conflict_do_update(index_elements=["user_id", "document_id"], set_={"at": row["at"]}), row
    )
    _forget_older(ctx, ctx.actor.id)


def _led_to_by(ctx: Context, path: str) -> Iterable[SearchDocument]:
    """Documents of this address: the number or code that it ends with is one of their entries."""
    numbers = list(ctx.app.part(KindNumbers).known(ctx, list(ctx.app.search_kinds)).values())
    code = fold(path.rpartition("/")[2])
    if not code or not numbers:
        return []
    keys = tiers.by_key(ctx, numbers, [code], _LOOKED_AT)
    return ctx.session.scalars(
        ctx.visible(SearchDocument).where(col(SearchDocument.id).in_(keys), col(SearchDocument.path) == path)
    ).all()


def _forget_older(ctx: Context, user_id: int) -> None:
    times = select(_RECENT.c.at).where(_RECENT.c.user_id == user_id).order_by(_RECENT.c.at.desc())
    oldest: datetime | None = ctx.session.connection().execute(times.offset(_KEPT - 1).limit(1)).scalar()
    if oldest is not None:
        ctx.session.connection().execute(
            delete(_RECENT).where(_RECENT.c.user_id == user_id, _RECENT.c.at < oldest)
        )
