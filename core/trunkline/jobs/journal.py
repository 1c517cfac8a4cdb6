"""Writing a job's log: lines under the run's epoch, secrets masked before anything is kept."""

import traceback
from collections.abc import Mapping, Set
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import insert

from trunkline.errors import TrunklineError
from trunkline.jobs import bell
from trunkline.jobs.models import JobEvent
from trunkline.jobs.redaction import redacted
from trunkline.operation import Context

#: Straight into the table: an object per line would cost several times as much.
_INSERT = insert(JobEvent.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it


class Journal:
    """The log of one run of one job: lines are said one by one and written together, before their transaction ends."""

    def __init__(self, job_id: int, epoch: int) -> None:
        self._job_id, self._epoch = job_id, epoch
        #: Said and not yet written. A transaction that fails sets this back to what it was.
        self.waiting: tuple[Mapping[str, Any], ...] = ()

    def say(
        self, at: datetime, seq: int | None, text: str, level: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """Add a line; `seq` is the step's position."""
        line = {
            "job_id": self._job_id,
            "epoch": self._epoch,
            "step_seq": seq,
            "level": level,
            "text": text,
            "data": dict(data or {}),
            "at": at,
        }
        self.waiting = (*self.waiting, line)

    def say_masked(
        self, at: datetime, seq: int, text: str, level: str, data: Mapping[str, Any], secrets: set[str]
    ) -> None:
        """The same with every secret masked, wherever it stands."""
        self.say(at, seq, redacted(text, secrets), level, redacted(data, secrets))

    def write(self, ctx: Context) -> None:
        """Write what waits, within the transaction of `ctx`."""
        if self.waiting:
            ctx.session.connection().execute(_INSERT, list(self.waiting))
            self.waiting = ()
            ctx.after_commit.append(partial(bell.ring, ctx.app.config.data, self._job_id))


def words(error: Exception) -> str:
    """What the log says of an error."""
    return str(error) if isinstance(error, TrunklineError) else f"{type(error).__name__}: {error}"


def details(error: Exception, secrets: Set[str]) -> dict[str, Any]:
    """The traceback of a defect, for those who may read the raw log; a refusal needs none. Masked before it is cut, so that no
    part of a secret is left at its edge."""
    if isinstance(error, TrunklineError):
        return {}
    return {"traceback": redacted("".join(traceback.format_exception(error)), secrets)[-4000:]}
