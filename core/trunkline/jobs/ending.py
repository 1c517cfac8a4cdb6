"""Announcing the end of a job, and that a stopped one goes on."""

from typing import Any

from trunkline.jobs.events import (
    JobCancelled,
    JobEnded,
    JobFailed,
    JobResumed,
    JobRollbackFailed,
    JobRolledBack,
    JobSucceeded,
)
from trunkline.jobs.models import Job, JobState
from trunkline.operation import Context

_EVENTS: dict[JobState, type[JobEnded]] = {
    JobState.SUCCEEDED: JobSucceeded,
    JobState.FAILED: JobFailed,
    JobState.ROLLED_BACK: JobRolledBack,
    JobState.ROLLBACK_FAILED: JobRollbackFailed,
    JobState.CANCELLED: JobCancelled,
}

#: Kinds of jobs too many and too small to be worth an event each.
SILENT_KINDS = frozenset({"core.mail"})


def and_not_undone(error: str, message: str) -> str:
    """Why a job failed and, on a line of its own, why that could not be undone."""
    return "\n".join(filter(None, (cause(error), message)))


def cause(error: str) -> str:
    """Why a job failed in the first place, of what `and_not_undone` made."""
    return error.partition("\n")[0]


def announce(ctx: Context, job: Job) -> None:
    """Emit the event that fits the job's final state."""
    if job.kind in SILENT_KINDS and job.state == JobState.SUCCEEDED:
        return
    ctx.emit(_EVENTS[JobState(job.state)](error=job.error, **facts_of(job)))


def announce_decision(ctx: Context, job: Job, decision: str, step: str = "") -> None:
    """Emit that somebody decided about a stopped job, or about its `step`."""
    ctx.emit(JobResumed(decision=decision, step=step, **facts_of(job)))


def facts_of(job: Job) -> dict[str, Any]:
    """What every event about a job tells of it."""
    return {
        "entity_id": job.key,
        "customer_id": job.customer_id,
        "kind": job.kind,
        "number": job.number,
        "subject_kind": job.subject_kind,
        "subject_id": job.subject_id,
    }
