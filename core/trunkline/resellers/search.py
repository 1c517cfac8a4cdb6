"""How resellers are found: by name and code."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Reseller
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(Reseller).where(col(Reseller.id).in_(ids)))
    return [
        SearchDocument(
            kind="reseller",
            id=row.key,
            title=row.name,
            subtitle=row.code,
            path=f"/resellers/{row.key}",
            permission="core.reseller.view",
            icon="building-store",
        )
        for row in rows
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(Reseller.id))) if key is not None]


RESELLER = SearchKind(
    "reseller",
    _("Resellers"),
    _load,
    _all_ids,
    "core.reseller.view",
    page="/resellers/{reseller_id:int}",
    order=520,
)
follow(Reseller, "reseller", "name", "code")
