"""Contents that nobody refers to any more: what an upload left behind that was refused later, or whose worker died."""

import time

from sqlalchemy import select
from sqlmodel import col

from trunkline.files import store
from trunkline.files.models import StoredFile
from trunkline.operation import Context

#: Younger contents may belong to an upload that is not committed yet.
_YOUNG_SECONDS = 24 * 3600


def sweep(ctx: Context) -> None:
    """Remove contents older than a day without a row."""
    place = store.folder(ctx.app)
    old = [
        path
        for path in (place.rglob("*") if place.is_dir() else ())
        if path.is_file() and time.time() - path.stat().st_mtime > _YOUNG_SECONDS
    ]
    for path in old:
        known = ctx.session.execute(
            select(col(StoredFile.id)).where(col(StoredFile.digest) == path.name).limit(1)
        ).first()
        if known is None:
            path.unlink(missing_ok=True)
