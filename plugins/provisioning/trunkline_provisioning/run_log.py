"""A run's lines on their way into the job's log: at once when there is time, together when they come quickly."""

import math
import time
from collections.abc import Callable

from trunkline.jobs import StepContext
from trunkline.jobs.bell import is_heard
from trunkline_provisioning.run_events import Line

#: A line is written at once unless one was written so short a time ago: with a page that shows it, and without one.
_PAUSE_SECONDS, _UNSEEN_PAUSE_SECONDS = 0.05, 0.25


class RunLog:
    """Writes a transaction for each handful of lines; who keeps it calls `look` when that says so and `end` at the end.

    With `check` it also writes what each task would change.
    """

    def __init__(self, step: StepContext, *, check: bool = False) -> None:
        self._step, self._check = step, check
        self._waiting: list[Line] = []
        self._written = time.monotonic()

    def add(self, line: Line) -> None:
        """Take a line, which `look` writes."""
        self._waiting.append(line)

    def look(self) -> float:
        """Write what waits, if it may be written by now; returns after how many seconds to look again if no line comes.

        Raises LeaseLost when the job was taken over.
        """
        if not self._waiting:
            return math.inf
        pause = _PAUSE_SECONDS if is_heard(self._step.app.config.data) else _UNSEEN_PAUSE_SECONDS
        left = self._written + pause - time.monotonic()
        if left > 0:
            return left
        self.flush()
        return math.inf

    def flush(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        with self._step.unit_of_work():
            self._say(self._step.log)
        self._written = time.monotonic()

    def end(self) -> None:
        """Have what waits written with the end of the step, which is about to come."""
        self._say(self._step.log_with_end)

    def _say(self, log: Callable[..., None]) -> None:
        lines, self._waiting = self._waiting, []
        for line in lines:
            log(line.text, line.level, **line.data)
            for text in line.data.get("diff", ()) if self._check else ():
                log(text, "info")
