"""Sealing new entries in batches, each chained to the one before."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlmodel import col

from trunkline.activity import heads
from trunkline.activity.chain import BEGINNING, FIELDS, Sealer, as_ranges, payload, root, salts
from trunkline.activity.models import ActivityDigest, ActivityEntry, ActivitySeal
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import ScheduledTask

BATCH = 2000
_BATCHES_AT_ONCE = 5
#: A unit of work that commits late leaves its entry below keys already sealed. A closer look every night finds any later one.
_LOOK_BACK = 20_000
LOCK = 0x61637469  # one sealer at a time
_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_DIGEST = ActivityDigest.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it


def newest_seal(ctx: Context) -> ActivitySeal | None:
    """The head of the chain."""
    return ctx.session.scalars(
        select(ActivitySeal).order_by(col(ActivitySeal.number).desc()).limit(1)
    ).one_or_none()


def seal_batch(ctx: Context, *, thorough: bool = False) -> int:
    """Seal up to 2,000 entries that are visible and not sealed yet; returns how many.

    Keys commit out of order on PostgreSQL, so it looks some way behind what is sealed, with `thorough` all the way.
    """
    if not ctx.app.database.is_sqlite:
        ctx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    last = newest_seal(ctx)
    newest_id = ctx.session.scalar(select(func.max(_ENTRY.id))) or 0
    statement = (
        select(*(_ENTRY[name] for name in FIELDS))
        .where(~select(_DIGEST.entry_id).where(_DIGEST.entry_id == _ENTRY.id).exists())
        .order_by(_ENTRY.id)
        .limit(BATCH)
    )
    if last is not None and not thorough:
        statement = statement.where(_ENTRY.id > last.reached_id - _LOOK_BACK)
    rows = list(ctx.session.execute(statement).mappings())
    if not rows:
        return 0
    sealer = Sealer()
    number = last.number + 1 if last else 1
    digests = [
        {"entry_id": row["id"], "seal_no": number, "salt": salt, "digest": sealer.digest(payload(row), salt)}
        for row, salt in zip(rows, salts(len(rows)), strict=True)
    ]
    reached = max(rows[-1]["id"], last.reached_id if last else 0)
    values: dict[str, Any] = {
        "number": number,
        "at": ctx.now(),
        "entries": as_ranges([row["id"] for row in rows]),
        "count": len(rows),
        "reached_id": reached,
        "newest_id": max(newest_id, reached),
        "first_at": min(row["at"] for row in rows),
        "last_at": max(row["at"] for row in rows),
        "root": root((one["entry_id"], one["digest"]) for one in digests),
        "previous": last.chain if last else BEGINNING,
        "key_id": sealer.key_id,
    }
    values["chain"] = sealer.chain(values)
    ctx.session.execute(insert(ActivityDigest), digests)
    ctx.session.execute(insert(ActivitySeal), [values])
    head = heads.Head(number, values["chain"])
    ctx.after_commit.append(lambda: heads.note(ctx.app.config, head))
    return len(rows)


def seal_new(ctx: Context) -> None:
    """Seal what came since the last time; a long backlog in several goes."""
    for _batch in range(_BATCHES_AT_ONCE):
        if seal_batch(ctx) < BATCH:
            return


SEALING = ScheduledTask("seal_activity", seal_new, timedelta(minutes=1), _("Seal the activity log"))
