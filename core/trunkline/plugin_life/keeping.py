"""Writing down what failed in plugins and scripts, beside the work in which it failed and never in its way."""

import atexit
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlmodel import col

from trunkline.db.upserting import insert_into
from trunkline.hooks import Fault
from trunkline.operation import Context
from trunkline.plugin_life.models import PluginFault
from trunkline.plugin_life.withholding import kept_error, kept_traceback

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
#: Failures that are kept of one plugin or script, the last ones.
KEPT = 20
#: Places of all plugins together that wait to be written; while the database is away no more are remembered.
_MOST_WAITING = 200
#: Seconds in which a failure that is repeated is counted before the count is written, and after which it is tried again.
_PAUSE = 5.0
_LONGEST_PLUGIN, _LONGEST_PLACE = 80, 200


class FaultKeeper:
    """Takes the failures of one process and writes them from a thread of its own, in transactions of their own.

    Until `begin` they wait in memory, as in commands and before the schema is there. The first failure in a place is written at
    once, so that it outlives a process that is killed; repeated ones are counted and written together.
    """

    def __init__(self, app: "App") -> None:
        self._app = app
        self._process = ""
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting: dict[tuple[str, str], Fault] = {}
        self._seen: set[tuple[str, str]] = set()
        self._thread: threading.Thread | None = None
        self._hurry, self._stopping = threading.Event(), False
        #: Plugins with failures in the database, as of when somebody last looked; the menu's badge asks nothing for it.
        self.named: frozenset[str] = frozenset()

    def begin(self, process: str) -> None:
        """Write from now on, under this process's name."""
        self._process = process
        atexit.register(self.close)
        with self._lock:
            self._hasten()

    def take(self, fault: Fault) -> None:
        """Remember a failure. Never raises and never waits for the database."""
        key = (fault.plugin[:_LONGEST_PLUGIN], fault.place[:_LONGEST_PLACE])
        text = kept_traceback(fault.traceback)
        with self._lock:
            earlier = self._waiting.pop(key, None)
            if earlier is None and len(self._waiting) >= _MOST_WAITING:
                return
            times = 1 + (earlier.times if earlier else 0)
            self._waiting[key] = Fault(*key, kept_error(fault.error), text, fault.at, times)
            if key in self._seen:
                self._start()
            else:
                self._hasten()

    def waiting(self) -> list[Fault]:
        """What is not written yet, the newest last."""
        with self._lock:
            return list(self._waiting.values())

    def forget(self, plugin: str) -> int:
        """Drop what waits of a plugin; returns how many there were."""
        with self._lock:
            keys = [key for key in self._waiting if key[0] == plugin]
            for key in keys:
                del self._waiting[key]
            self._seen -= {key for key in self._seen if key[0] == plugin}
            self.named -= {plugin}
        return len(keys)

    def write(self) -> bool:
        """Write what waits; False when that failed, and it waits on."""
        with self._writing:
            with self._lock:
                taken = dict(self._waiting)
            if not taken:
                return True
            try:
                with self._app.unit_of_work() as ctx:
                    store(ctx, self._process, taken.values())
            except Exception as error:  # a failure that cannot be kept stands in the log and must not be the cause of another
                log.warning("failures of plugins are not written yet: %s: %s", type(error).__name__, error)
                return False
            with self._lock:
                self._settle(taken)
            return True

    def close(self) -> None:
        """Write what waits, once, and no more afterwards."""
        if not self._process or self._stopping:
            return
        self._stopping = True
        self._hurry.set()
        if self._thread is not None:
            self._thread.join(_PAUSE)
        self.write()
        self._process = ""
        atexit.unregister(self.close)

    def _settle(self, written: Mapping[tuple[str, str], Fault]) -> None:
        """What failed again meanwhile stays, with the times that are not written."""
        self._seen = self._seen | written.keys() if len(self._seen) < _MOST_WAITING else set(written)
        for key, fault in written.items():
            again = self._waiting.pop(key, None)
            if again is not None and again.times > fault.times:
                self._waiting[key] = replace(again, times=again.times - fault.times)

    def _hasten(self) -> None:
        """Have what waits written now."""
        self._hurry.set()
        self._start()

    def _start(self) -> None:
        """Have what waits written in a while; the thread is there only as long as something does."""
        if not self._process or self._stopping or not self._waiting:
            return
        if self._thread is None:
            thread = threading.Thread(target=self._run, daemon=True, name="faults")
            try:
                thread.start()
            except RuntimeError:
                # As at the end of a process: what waits is written by `close`, or with the next failure.
                return
            self._thread = thread

    def _run(self) -> None:
        while not self._stopping:
            self._hurry.wait(_PAUSE)
            self._hurry.clear()
            self.write()
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return


def store(ctx: Context, process: str, faults: Iterable[Fault]) -> None:
    """Write failures of a process, counting on where the place is known; the oldest of each plugin go."""
    insert = insert_into(PluginFault, ctx.session.get_bind().dialect.name)
    given = insert.excluded
    upsert = insert.on_conflict_do_update(
        index_elements=["plugin", "place", "process"],
        set_={
            "error": given.error,
            "traceback": given.traceback,
            "at": given.at,
            "times": PluginFault.__table__.c.times + given.times,  # type: ignore[attr-defined]  # SQLModel hides it
        },
    )
    # In one order, so that two processes that write the same rows do not wait for each other.
    rows = sorted(faults, key=lambda fault: (fault.plugin, fault.place))
    values = [{**vars(fault), "process": process} for fault in rows]
    ctx.session.execute(upsert, values)
    for plugin in sorted({fault.plugin for fault in rows}):
        last = (
            select(col(PluginFault.id))
            .where(col(PluginFault.plugin) == plugin)
            .order_by(col(PluginFault.at).desc(), col(PluginFault.id).desc())
            .limit(KEPT)
        )
        ctx.session.execute(
            delete(PluginFault).where(
                col(PluginFault.plugin) == plugin, col(PluginFault.id).not_in(last.scalar_subquery())
            )
        )
