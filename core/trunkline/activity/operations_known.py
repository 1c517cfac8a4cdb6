"""The operations that the log knows, remembered for a moment: each is a look into the index of a million entries."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from trunkline.activity.models import ActivityEntry
from trunkline.db.distinct import each_value
from trunkline.operation import Context

if TYPE_CHECKING:
    from trunkline.app import App

#: Seconds after which the whole log is asked again: what was committed late, or went with a segment, shows by then.
_LASTS = 60.0
_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_EVERY = each_value(_ENTRY.operation)
_NEWEST = select(func.coalesce(func.max(_ENTRY.id), 0))
#: Along the key: grouped, SQLite would walk the index of operations instead.
_SINCE = (
    select(_ENTRY.id, _ENTRY.operation).where(_ENTRY.id > bindparam("newest")).order_by(_ENTRY.id).limit(1000)
)


@dataclass(frozen=True)
class _Known:
    names: Sequence[str] = ()
    #: Key of the newest entry that was looked at.
    newest: int = 0
    #: When the whole log is asked again, by the monotonic clock.
    until: float = 0.0


class OperationsKnown:
    """Remembers them for one application."""

    def __init__(self, _app: "App") -> None:
        self._known = _Known()

    def names(self, ctx: Context) -> Sequence[str]:
        """Every operation of which there is an entry, in order; those of entries just written are among them."""
        known = self._known
        if known.until <= time.monotonic():
            newest = ctx.session.execute(_NEWEST).scalar_one()
            known = _Known(ctx.session.execute(_EVERY).scalars().all(), newest, time.monotonic() + _LASTS)
        else:
            known = self._with_newer(ctx, known)
        self._known = known
        return known.names

    def _with_newer(self, ctx: Context, known: _Known) -> _Known:
        newer = ctx.session.execute(_SINCE, {"newest": known.newest}).all()
        if not newer:
            return known
        names = sorted({*known.names, *(name for _key, name in newer)})
        return _Known(names, newer[-1][0], known.until)
