"""A run's lines on their way into the job's log: at once when there is time, together when they come quickly."""

import time
from collections.abc import Callable

from trunkline.jobs import StepContext
from trunkline_provisioning.run_events import Line

#: A line is written at once unless one was written so short a time ago.
_PAUSE_SECONDS = 0.1


class RunLog:
    """Writes a transaction for each handful of lines; who keeps it calls `look` a few times a second and `end` at the end.

    With `check` it also writes what each task would change.
    """

    def __init__(self, step: StepContext, *, check: bool = False) -> None:
        self._step, self._check = step, check
        self._waiting: list[Line] = []
        self._written = 0.0

    def keep(self, line: Line) -> None:
        """Take a line that may be written a moment later, with the next one."""
        if not self._waiting:
            self._written = time.monotonic()
        self._waiting.append(line)

    def add(self, line: Line) -> None:
        """Take a line. Raises LeaseLost when the job was taken over."""
        self._waiting.append(line)
        self.look()

    def look(self) -> None:
        """Write what waits, if it may be written by now."""
        if self._waiting and time.monotonic() - self._written >= _PAUSE_SECONDS:
            self.flush()

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
