"""Reading what was uploaded."""

from collections.abc import Sequence
from pathlib import Path

from sqlmodel import col, select

from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.imports import storage
from trunkline.imports.importer import Importer
from trunkline.imports.models import ImportRun
from trunkline.operation import Context


def allowed(ctx: Context) -> list[Importer]:
    """The kinds of files that the actor may import, by label."""
    found = [importer for importer in ctx.app.importers.values() if ctx.actor.may(importer.permission)]
    return sorted(found, key=lambda importer: str(importer.label))


def recent(ctx: Context, limit: int = 20) -> Sequence[ImportRun]:
    """The latest uploads of kinds that the actor may import; of who sees only some customers, their own."""
    kinds = [importer.kind for importer in allowed(ctx)]
    own = [col(ImportRun.user_id) == ctx.actor.id] if ctx.actor.scope.is_limited else []
    statement = (
        select(ImportRun)
        .where(col(ImportRun.kind).in_(kinds), *own)
        .order_by(col(ImportRun.id).desc())
        .limit(limit)
    )
    return ctx.session.scalars(statement).all()


def get(ctx: Context, number: str) -> ImportRun:
    """One upload. Raises NotFound, Forbidden when the actor may not import its kind."""
    run = ctx.session.scalars(select(ImportRun).where(col(ImportRun.number) == number)).one_or_none()
    if run is None or (ctx.actor.scope.is_limited and run.user_id != ctx.actor.id):
        raise NotFound(_("There is no import {number}.", number=number))
    importer = ctx.app.importers.get(run.kind)
    ctx.require(importer.permission if importer else "core.settings.edit")
    return run


def errors_of(ctx: Context, number: str) -> tuple[ImportRun, Path]:
    """An upload with the list of its refused rows. Raises NotFound when there is none (any more)."""
    run = get(ctx, number)
    path = storage.errors_path(ctx.app, run.stored_as)
    if not path.exists():
        raise NotFound(_("There is no list of refused rows any more."), remedy=_("Upload the file again."))
    return run, path
