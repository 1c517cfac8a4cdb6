"""That a backup was made or restored, in the activity log: as far as the database can take it."""

from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from trunkline.backup.events import BackupMade, BackupRestored
from trunkline.errors import TrunklineError

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.backup.making import Made
    from trunkline.backup.restoring import Restored
    from trunkline.config import Config

_OLDER = "the schema is older than the code."


def record_made(app: "App", made: "Made") -> str:
    """Enter it; returns why that could not be, empty where it could. Before an upgrade the schema may be too old for it."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.db import migrate

    try:
        if migrate.pending(app):
            return _OLDER
        with app.unit_of_work() as ctx, ctx.run("core.backup.make"):
            ctx.note(None, label=made.file.name, file=str(made.file.resolve()), bytes=made.size)
            ctx.emit(BackupMade(entity_id=0, size=made.size))
    except (SQLAlchemyError, TrunklineError) as error:
        return str(error).splitlines()[0]
    return ""


def record_restored(config: "Config", done: "Restored") -> str:
    """Enter it in the log that was restored; not without the key file that seals it."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.db import migrate
    from trunkline.jobs.wake import Silent

    if not done.key_fits:
        return "the key file of then is not in place."
    try:
        app = App.start(config, waker=Silent())
    except TrunklineError as error:
        return str(error)
    try:
        if migrate.pending(app):
            return _OLDER
        with app.unit_of_work() as ctx, ctx.run("core.backup.restore"):
            made_at, version = done.manifest.made_at, done.manifest.version
            ctx.note(None, made_at=made_at.isoformat(timespec="seconds"), version=version)
            ctx.emit(BackupRestored(entity_id=0, made_at=made_at, version=version))
    except (SQLAlchemyError, TrunklineError) as error:
        return str(error).splitlines()[0]
    finally:
        app.close()
    return ""
