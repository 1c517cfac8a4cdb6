"""What asking something costs: by the clock, and in processor time, which a busy neighbour does not add to."""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.app import App


@dataclass(frozen=True)
class Cost:
    """Milliseconds by the clock, and of the processor: of whoever works, and of the database server where it runs here."""

    wall: float
    cpu: float

    @classmethod
    def least(cls, runs: "Iterable[Cost]") -> "Cost":
        """The least of each."""
        found = list(runs)
        return cls(min(one.wall for one in found), min(one.cpu for one in found))


_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"


class Meter:
    """Measures work on one database: of this thread and its connection, or of all `threads` and connections there are."""

    def __init__(self, app: "App", *, threads: bool = False) -> None:
        self._app, self._threads = app, threads
        self._clock = time.process_time if threads else time.thread_time
        self._servers = self._backends("SELECT pg_backend_pid()")

    def cost(self, work: Callable[[], Any]) -> Cost:
        """What doing it once takes."""
        if self._threads:
            self._servers = self._backends(_BACKENDS)
        served, own, began = self._served(), self._clock(), time.perf_counter()
        work()
        wall = time.perf_counter() - began
        cpu = self._clock() - own + self._served() - served
        return Cost(wall * 1000, cpu * 1000)

    def _backends(self, query: str) -> list[Path]:
        if self._app.database.is_sqlite:
            return []
        with self._app.reading() as ctx:
            found = ctx.session.connection().exec_driver_sql(query).scalars()
            return [Path(f"/proc/{pid}/schedstat") for pid in found]

    def _served(self) -> float:
        """Seconds of the processes that serve connections; none of a server elsewhere."""
        seconds = 0.0
        for one in self._servers:
            with contextlib.suppress(OSError):
                seconds += int(one.read_text().split()[0]) / 1e9
        return seconds
