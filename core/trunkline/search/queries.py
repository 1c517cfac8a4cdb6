"""Finding things: by permission and scope, best first, grouped by kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from sqlalchemy import ColumnElement, RowMapping, select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.search.conditions import has_prefix
from trunkline.search.folding import fold, query_terms, words
from trunkline.search.models import SearchDocument

#: More than this is not ranked: a query that finds it needs another letter.
_RANKED = 300


class Hit(BaseModel):
    """One thing that was found."""

    kind: str
    title: str
    subtitle: str
    path: str
    icon: str


@dataclass(frozen=True)
class HitGroup:
    """Things of one kind, best first."""

    kind: str
    label: str
    hits: Sequence[Hit]


def find(ctx: Context, query: str, limit: int = 20, *, kinds: Sequence[str] = ()) -> list[HitGroup]:
    """What every word of the query finds (as a prefix, or as a fragment of a number), at most `limit` of each kind."""
    prefixes = query_terms(query)
    known = [kind for kind in ctx.app.search_kinds if not kinds or kind in kinds]
    if not prefixes or not known:
        return []
    statement = (
        select(
            col(SearchDocument.kind),
            col(SearchDocument.title),
            col(SearchDocument.subtitle),
            col(SearchDocument.path),
            col(SearchDocument.icon),
        )
        .where(
            col(SearchDocument.kind).in_(known),
            *(has_prefix(prefix) for prefix in prefixes),
            *_allowed(ctx),
        )
        .limit(_RANKED)
    )
    rows = ctx.session.execute(statement).mappings().all()
    ranked = sorted(rows, key=lambda row: _rank(row, fold(query.strip()), prefixes))
    groups = []
    for kind in known:
        hits = [Hit(**row) for row in ranked if row["kind"] == kind][:limit]
        if hits:
            groups.append(HitGroup(kind, ctx.app.search_kinds[kind].label, hits))
    return groups


def find_pages(ctx: Context, query: str, limit: int = 8) -> list[Hit]:
    """Menu entries and actions whose every word the query's words begin, as far as the actor may open them."""
    asked = words(query)
    if not asked:
        return []
    from trunkline.search.contributions import ACTIONS

    found = []
    for label, path, icon, permission in [
        *ACTIONS,
        *(
            (item.label, item.path, item.icon, item.permission)
            for item in ctx.app.menu_items
            if item.audience == "staff"
        ),
    ]:
        shown = str(_(label))
        offered = words(shown)
        if ctx.actor.may(permission) and all(
            any(word.startswith(part) for word in offered) for part in asked
        ):
            found.append(Hit(kind="page", title=shown, subtitle="", path=path, icon=icon))
    return found[:limit]


def _allowed(ctx: Context) -> list[ColumnElement[bool]]:
    actor, conditions = ctx.actor, list[ColumnElement[bool]]()
    if actor.permissions is not None:
        conditions.append(col(SearchDocument.permission).in_(sorted(actor.permissions)))
    conditions += ctx.visible_conditions(SearchDocument)
    return conditions


def _rank(row: RowMapping, query: str, prefixes: Sequence[str]) -> tuple[int, str]:
    """Exact entry, then titles that begin so, then titles that hold every word, then the rest; by title."""
    title, subtitle = fold(row["title"]), fold(row["subtitle"])
    if query in (title, *subtitle.split()):
        place = 0
    elif title.startswith(query):
        place = 1
    elif all(any(word.startswith(prefix) for word in words(title)) for prefix in prefixes):
        place = 2
    else:
        place = 3
    return place, title
