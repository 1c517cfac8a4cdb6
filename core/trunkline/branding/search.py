"""How brands are found: by name and host name."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.branding.models import BrandRecord
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(BrandRecord).where(col(BrandRecord.id).in_(ids)))
    return [
        SearchDocument(
            kind="brand",
            id=row.key,
            title=row.name,
            subtitle=row.host or "",
            path=f"/branding/{row.key}",
            permission="core.brand.view",
            icon="palette",
        )
        for row in rows
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(BrandRecord.id))) if key is not None]


BRAND = SearchKind(
    "brand", _("Brands"), _load, _all_ids, "core.brand.view", page="/branding/{brand_id:int}", order=540
)
follow(BrandRecord, "brand", "name", "host")
