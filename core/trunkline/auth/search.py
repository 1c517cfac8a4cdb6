"""How colleagues are found: by name and address. People of customers are found with their customer."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.auth.models import User, UserKind
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.execute(
        select(col(User.id), col(User.name), col(User.email), col(User.phone), col(User.reseller_id)).where(
            col(User.id).in_(ids), col(User.kind) == UserKind.STAFF
        )
    )
    return [
        SearchDocument(
            kind="user",
            id=row.id,
            title=row.name or row.email,
            subtitle=row.email or row.phone,
            path=f"/users/{row.id}",
            permission="core.user.view",
            terms=(row.email,) if row.email else (),
            digits=(row.phone,) if row.phone else (),
            reseller_id=row.reseller_id,
            icon="user-circle",
        )
        for row in rows
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    staff = select(col(User.id)).where(col(User.kind) == UserKind.STAFF)
    return [key for key in ctx.session.scalars(staff) if key is not None]


USER = SearchKind(
    "user", _("Users"), _load, _all_ids, "core.user.view", page="/users/{user_id:int}", order=500
)
follow(
    User,
    "user",
    "name",
    "email",
    "phone",
    "reseller_id",
    "kind",
    only=lambda user: user.kind == UserKind.STAFF,
)
