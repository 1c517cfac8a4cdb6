"""How webhooks are found: by name, number and the host they lead to."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow
from trunkline.webhooks.models import Webhook


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(Webhook).where(col(Webhook.id).in_(ids)))
    return [
        SearchDocument(
            kind="webhook",
            id=row.key,
            title=row.name,
            subtitle=row.number,
            path=f"/webhooks/{row.number}",
            permission="core.webhook.view",
            terms=(row.number, urlsplit(row.url).hostname or ""),
            icon="webhook",
        )
        for row in rows
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(Webhook.id))) if key is not None]


WEBHOOK = SearchKind(
    "webhook", _("Webhooks"), _load, _all_ids, "core.webhook.view", page="/webhooks/{number}", order=530
)
follow(Webhook, "webhook", "name", "url")
