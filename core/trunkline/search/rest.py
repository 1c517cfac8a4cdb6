"""REST: one search over everything."""

from pydantic import BaseModel

from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes
from trunkline.search import queries

rest = RestRoutes("/search", "search")


class HitOut(BaseModel):
    """Something found; `path` is its page."""

    kind: str
    title: str
    subtitle: str
    path: str


class Found(BaseModel):
    """What was found, best first within its kind."""

    items: list[HitOut]


@rest.get("", permission="core.search.use")
def search(ctx: Context, q: str, limit: int = 20, kind: str = "") -> Found:
    """Every word of `q` must be found, as the beginning of a word or a fragment of a number. At most 100 of each kind."""
    groups = queries.find(ctx, q, max(1, min(limit, 100)), kinds=[kind] if kind else [])
    return Found(items=[HitOut(**hit.model_dump(exclude={"icon"})) for group in groups for hit in group.hits])
