"""What the engine tells the rest of the system when a job ends."""

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


class JobCancelled(JobEnded):
    name: ClassVar[str] = "job.cancelled"
