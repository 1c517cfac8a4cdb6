"""How roles are found: by their names in every language."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.models import Role
from trunkline.i18n import LANGUAGES, translate, use_locale
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.execute(
        select(col(Role.id), col(Role.name), col(Role.label)).where(col(Role.id).in_(ids))
    )
    return [
        SearchDocument(
            kind="role",
            id=row.id,
            title=_in(ctx.app.config.language, row.label),
            subtitle=row.name,
            path=f"/roles/{row.name}",
            permission="core.role.view",
            terms=[_in(language, row.label) for language in LANGUAGES],
            icon="shield",
        )
        for row in rows
    ]


def _in(language: str, label: str) -> str:
    with use_locale(language):
        return str(translate(label))


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(Role.id))) if key is not None]


ROLE = SearchKind("role", _("Roles"), _load, _all_ids, "core.role.view", page="/roles/{name}", order=510)
follow(Role, "role", "name", "label")
