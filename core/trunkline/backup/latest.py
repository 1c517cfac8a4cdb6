"""When the last backup was made: noted in the data folder, so that it is told even while the database is away."""

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, ValidationError
from sqlalchemy import func, select
from sqlmodel import col

from trunkline.access.models import Role
from trunkline.backup.contents import LAST
from trunkline.i18n import format_bytes, format_relative
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.config import Config


class LastBackup(BaseModel):
    """A finished backup; `size` in bytes."""

    at: AwareDatetime
    file: str
    size: int


def note(config: "Config", last: LastBackup) -> None:
    """Remember this backup as the last one."""
    path = config.data / LAST
    fresh = path.with_name(f"{LAST}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(last.model_dump_json() + "\n")
    fresh.replace(path)


def last(config: "Config") -> LastBackup | None:
    """The last backup; None where none was made, or the note cannot be read."""
    try:
        return LastBackup.model_validate_json((config.data / LAST).read_text())
    except (OSError, ValidationError):
        return None


def health_checks(ctx: Context) -> list[HealthReport]:
    """Whether there is a backup, and a young one. A new system has as much time for its first as later between two."""
    name, days = str(_("Backup")), ctx.settings(CoreSettings).backup_days
    found = last(ctx.app.config)
    told = str(_("None was made yet."))
    if found is not None:
        told = str(
            _(
                "{when}, {size}: {file}",
                when=format_relative(found.at, now=ctx.now()),
                size=format_bytes(found.size),
                file=found.file,
            )
        )
    since = found.at if found is not None else _began(ctx)
    if not days or since is None or ctx.now() - since <= timedelta(days=days):
        return [HealthReport(name, Health.OK, told)]
    return [HealthReport(name, Health.WARNING, told, str(_("Have cron run trunkline backup every night.")))]


def _began(ctx: Context) -> datetime | None:
    """Since when the system is there."""
    return ctx.session.scalar(select(func.min(col(Role.created_at))))
