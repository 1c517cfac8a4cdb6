"""Taking personal values out of entries while the chain stays whole.

An entry is put back under its key with the values gone; its digest stays, without the salt, so that nobody can guess the values
from it. What the entry is now is sealed in an erasure of its own, whose proof nobody makes without the key.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, text

from trunkline.activity.chain import FIELDS, Sealer, payload, salts
from trunkline.activity.models import ActivityDigest, ActivityEntry, ActivityErasure
from trunkline.activity.sealing import LOCK
from trunkline.db import append_only
from trunkline.operation import Context

#: What stands where a personal value was.
ERASED = "[erased]"
_AT_ONCE = 500
_ENTRIES = ActivityEntry.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_DIGESTS = ActivityDigest.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_ERASURES = ActivityErasure.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
#: Fields of which a single lower-case word tells nothing of a person.
_TELLS_NOTHING = frozenset(
    "action channel currency direction engine entity kind language method origin provider state status type".split()
)
_WORD = re.compile(r"[a-z_]{1,20}")

Blank = Callable[[RowMapping], Mapping[str, Any]]


def may_rewrite(ctx: Context) -> bool:
    """Whether the database lets this process delete from the log, which its owner may have taken from the application's role."""
    if ctx.app.database.is_sqlite:
        return True
    asked = text(
        "SELECT bool_and(has_table_privilege(name, 'DELETE')) FROM unnest(CAST(:names AS text[])) AS name"
    )
    names = [_ENTRIES.name, _DIGESTS.name, _ERASURES.name]
    return bool(ctx.session.connection().execute(asked, {"names": names}).scalar_one())


def rewrite(ctx: Context, where: ColumnElement[bool], blank: Blank) -> int:
    """Put the entries that `where` finds back with the values that `blank` gives for some of their fields.

    Returns how many were changed; one that is as it shall be already is left alone. Needs a unit of work that writes.
    """
    connection = ctx.session.connection()
    if not ctx.app.database.is_sqlite:
        # What is being sealed now must not be sealed as it was.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    sealer, reached, count = Sealer(), 0, 0
    with append_only.lifted(connection, [_ENTRIES.name, _DIGESTS.name, _ERASURES.name]):
        while rows := _page(ctx, where, reached):
            reached = rows[-1]["id"]
            changed = [(row, new) for row in rows if (new := {**_fields(row), **blank(row)}) != _fields(row)]
            if changed:
                _replace(ctx, sealer, changed)
                count += len(changed)
    return count


def _page(ctx: Context, where: ColumnElement[bool], reached: int) -> Sequence[RowMapping]:
    statement = (
        select(*(_ENTRIES.c[name] for name in FIELDS), _DIGESTS.c.seal_no, _DIGESTS.c.digest)
        .select_from(_ENTRIES.outerjoin(_DIGESTS, _DIGESTS.c.entry_id == _ENTRIES.c.id))
        .where(where, _ENTRIES.c.id > reached)
        .order_by(_ENTRIES.c.id)
        .limit(_AT_ONCE)
    )
    return ctx.session.connection().execute(statement).mappings().all()


def _fields(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in FIELDS}


def _replace(ctx: Context, sealer: Sealer, changed: Sequence[tuple[RowMapping, dict[str, Any]]]) -> None:
    connection, keys = ctx.session.connection(), [row["id"] for row, _new in changed]
    connection.execute(delete(_ENTRIES).where(_ENTRIES.c.id.in_(keys)))
    connection.execute(insert(_ENTRIES), [new for _row, new in changed])
    sealed = [(row, new) for row, new in changed if row["digest"] is not None]
    if not sealed:
        return
    keys = [row["id"] for row, _new in sealed]
    connection.execute(delete(_DIGESTS).where(_DIGESTS.c.entry_id.in_(keys)))
    connection.execute(delete(_ERASURES).where(_ERASURES.c.entry_id.in_(keys)))
    connection.execute(
        insert(_DIGESTS),
        [
            {"entry_id": row["id"], "seal_no": row["seal_no"], "salt": "", "digest": row["digest"]}
            for row, _new in sealed
        ],
    )
    erasures = [
        {
            "entry_id": row["id"],
            "at": ctx.now(),
            "was": row["digest"],
            "salt": salt,
            "digest": sealer.digest(payload(new), salt),
        }
        for (row, new), salt in zip(sealed, salts(len(sealed)), strict=True)
    ]
    connection.execute(insert(_ERASURES), [{**one, "proof": sealer.erasure(one)} for one in erasures])


def blanked(value: Any, name: str = "") -> Any:
    """A logged value without what it says: its shape, figures, and single words of fields that tell nothing of a person."""
    if isinstance(value, str):
        harmless = not value or (name in _TELLS_NOTHING and _WORD.fullmatch(value))
        return value if harmless else ERASED
    if isinstance(value, list):
        return [blanked(one, name) for one in value]
    if isinstance(value, dict):
        return {key: blanked(one, key) for key, one in value.items()}
    return value


def blanked_changes(changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What an entry says was changed: the rows and the names of their fields, without the values."""
    return [{**change, "fields": blanked(change.get("fields", {}))} for change in changes]
