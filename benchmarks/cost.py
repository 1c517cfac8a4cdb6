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
    """Milliseconds by the clock, and of the processor: this thread's, and the database server's where it runs here."""

    wall: float
    cpu: float

    @classmethod
    def least(cls, runs: "Iterable[Cost]") -> "Cost":
        """The least of each."""
        found = list(runs)
        return cls(min(one.wall for one in found), min(one.cpu for one in found))


class Meter:
    """Measures work on one database."""

    def __init__(self, app: "App") -> None:
        self._server: Path | None = None
        if not app.database.is_sqlite:
            with app.reading() as ctx:
                pid = ctx.session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            self._server = Path(f"/proc/{pid}/schedstat")

    def cost(self, work: Callable[[], Any]) -> Cost:
        """What doing it once takes."""
        served, own, began = self._served(), time.thread_time(), time.perf_counter()
        work()
        wall = time.perf_counter() - began
        cpu = time.thread_time() - own + self._served() - served
        return Cost(wall * 1000, cpu * 1000)

    def _served(self) -> float:
        """Seconds of the process that serves this connection; none of a server elsewhere."""
        if self._server is None:
            return 0.0
        with contextlib.suppress(OSError):
            return int(self._server.read_text().split()[0]) / 1e9
        return 0.0
