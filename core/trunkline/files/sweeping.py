"""Contents that nobody refers to any more: what an upload left behind that was refused later, or whose worker died."""

import time

from sqlalchemy import select
from sqlmodel import col

from trunkline.files import store
from trunkline.files.holding import discard_unused
from trunkline.files.models import StoredFile
from trunkline.operation import Context

#: Younger contents may belong to an upload that is not committed yet.
_YOUNG_SECONDS = 24 * 3600
#: Contents removed in one go: each is held until the end of the unit of work.
_MOST = 500
_DIGEST_LENGTH = 64


def sweep(ctx: Context) -> None:
    """Remove contents older than a day without a row, and uploads that ended halfway."""
    place, unused = store.folder(ctx.app), list[str]()
    for path in place.rglob("*") if place.is_dir() else ():
        if not path.is_file() or time.time() - path.stat().st_mtime <= _YOUNG_SECONDS:
            continue
        if len(path.name) != _DIGEST_LENGTH:
            path.unlink(missing_ok=True)
        elif len(unused) < _MOST and not _is_known(ctx, path.name):
            unused.append(path.name)
    # Always in one order: two that hold several never wait for each other.
    for digest in sorted(unused):
        discard_unused(ctx, digest)


def _is_known(ctx: Context, digest: str) -> bool:
    found = ctx.session.execute(select(col(StoredFile.id)).where(col(StoredFile.digest) == digest).limit(1))
    return found.first() is not None
