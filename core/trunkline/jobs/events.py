"""What the engine tells the rest of the system when a job ends or gets another date."""

from datetime import datetime
from typing import ClassVar

from trunkline.events.event import Event


class JobEnded(Event):
    """Common facts of a job's end; the subject is what the job was for."""

    name: ClassVar[str] = "job.ended"

    kind: str
    number: str
    subject_kind: str = ""
    subject_id: int | None = None
    error: str = ""


class JobSucceeded(JobEnded):
    name: ClassVar[str] = "job.succeeded"


class JobFailed(JobEnded):
    """The job stopped at a failed step and holds (nothing undone)."""

    name: ClassVar[str] = "job.failed"


class JobRolledBack(JobEnded):
    name: ClassVar[str] = "job.rolled_back"


class JobRollbackFailed(JobEnded):
    """Undoing failed; a person has to act."""

    name: ClassVar[str] = "job.rollback_failed"


class JobRescheduled(Event):
    """A job that has not begun got another date; the subject is what the job is for."""

    name: ClassVar[str] = "job.rescheduled"

    kind: str
    number: str
    run_at: datetime
    subject_kind: str = ""
    subject_id: int | None = None


class JobPriorityChanged(Event):
    """A job that has not begun goes before others now, or after them (1 first, 9 last); the subject is what the job is for."""

    name: ClassVar[str] = "job.priority_changed"

    kind: str
    number: str
    priority: int
    subject_kind: str = ""
    subject_id: int | None = None


class JobCancelled(JobEnded):
    name: ClassVar[str] = "job.cancelled"


class JobResumed(Event):
    """Somebody decided that a stopped job goes on; its end is told as that of any other.

    `decision` is `retry`, `roll_back`, or of the one `step` what `POST /jobs/{number}/steps/{seq}/settle` takes.
    """

    name: ClassVar[str] = "job.resumed"

    kind: str
    number: str
    decision: str
    step: str = ""
    subject_kind: str = ""
    subject_id: int | None = None
