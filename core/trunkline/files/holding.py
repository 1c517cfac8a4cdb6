"""Who may touch a content: attaching one and removing it take turns, so that no attached file loses its content."""

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.files import store
from trunkline.files.models import StoredFile
from trunkline.operation import Context


def hold(ctx: Context, digest: str) -> None:
    """Keep others from placing or removing this content until the unit of work ends.

    On SQLite a unit of work that writes is alone anyway.
    """
    if not ctx.writing:
        raise RuntimeError("contents are placed and removed in units of work that write")
    if not ctx.app.database.is_sqlite:
        # 64 bits of the digest, signed as PostgreSQL's keys are.
        key = int.from_bytes(bytes.fromhex(digest)[:8], signed=True)
        ctx.session.execute(select(func.pg_advisory_xact_lock(key)))


def discard_unused(ctx: Context, digest: str) -> None:
    """Remove a content that no file has. Whoever attaches it meanwhile waits, and then places it anew."""
    hold(ctx, digest)
    used = ctx.session.execute(select(col(StoredFile.id)).where(col(StoredFile.digest) == digest).limit(1))
    if used.first() is None:
        store.discard(ctx.app, digest)
