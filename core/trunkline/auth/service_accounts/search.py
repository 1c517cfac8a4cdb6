"""How service accounts are found: by name and by the word they sign in with."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.auth.models import User, UserKind
from trunkline.auth.service_accounts.queries import DOMAIN
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.execute(
        select(col(User.id), col(User.name), col(User.email)).where(
            col(User.id).in_(ids), col(User.kind) == UserKind.SERVICE
        )
    )
    return [
        SearchDocument(
            kind="service_account",
            id=row.id,
            title=row.name,
            subtitle=row.email.removesuffix(f"@{DOMAIN}"),
            path=f"/service-accounts/{row.id}",
            permission="core.service_account.view",
            icon="robot",
        )
        for row in rows
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    services = select(col(User.id)).where(col(User.kind) == UserKind.SERVICE)
    return [key for key in ctx.session.scalars(services) if key is not None]


SERVICE_ACCOUNT = SearchKind(
    "service_account",
    _("Service accounts"),
    _load,
    _all_ids,
    "core.service_account.view",
    page="/service-accounts/{account_id:int}",
    order=500,
)
follow(User, "service_account", "name", "email", only=lambda user: user.kind == UserKind.SERVICE)
