"""Entries of refused access: who asked for what they may not have. Bounded, so that nobody can flood the log by asking."""

import logging
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trunkline.errors import NotFound, TrunklineError
from trunkline.operation import Actor, ActorKind

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
ONCE_PER = timedelta(hours=1)
#: Different things that one person is on record for in that time.
_MOST = 20
_PEOPLE = 10_000


def refused(
    app: "App",
    actor: Actor,
    error: TrunklineError,
    *,
    permission: str,
    method: str,
    path: str,
    request_id: str,
    on_behalf_of: Actor | None = None,
) -> None:
    """Put on record that a signed-in person or program was refused: at most once an hour for each permission.

    What is not there counts only for those who see some customers only: for them it may be somebody else's. Writes in a unit of
    work of its own; an answer never fails because of it. Allowed requests never come here.
    """
    if actor.id is None or actor.kind == ActorKind.SYSTEM:
        return
    if isinstance(error, NotFound) and not actor.scope.is_limited:
        return
    behind = on_behalf_of.id if on_behalf_of else None
    if not app.part(_Known).is_new(
        (actor.kind, actor.id, behind), f"{error.status} {permission}", app.clock()
    ):
        return
    try:
        with (
            app.unit_of_work(actor, request_id=request_id, on_behalf_of=on_behalf_of) as ctx,
            ctx.run("core.access.refuse"),
        ):
            ctx.note(None, label=f"{method} {path}", permission=permission, status=error.status)
    except Exception:  # whatever the database says: the refusal stands
        log.exception("a refused access is not on record")


class _Known:
    """What is on record already, as far as this process knows."""

    def __init__(self, app: "App") -> None:
        self._known: OrderedDict[tuple[str, int, int | None], tuple[datetime, set[str]]] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, person: tuple[str, int, int | None], what: str, now: datetime) -> bool:
        """Whether to write it down; from then on it is known for an hour."""
        with self._lock:
            until, kinds = self._known.get(person, (now, set()))
            if until <= now:
                until, kinds = now + ONCE_PER, set()
            if what in kinds or len(kinds) >= _MOST:
                return False
            kinds.add(what)
            self._known[person] = until, kinds
            self._known.move_to_end(person)
            while len(self._known) > _PEOPLE:
                self._known.popitem(last=False)
            return True
