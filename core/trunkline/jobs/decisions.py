"""What a person may decide about a step that a job stopped at."""

from enum import StrEnum

from trunkline.jobs.models import JobState, StepState


class Settlement(StrEnum):
    """What a person decides about a step that failed, in either direction."""

    RETRY = "retry"
    DONE = "done"
    SKIP = "skip"


#: In the log: of a step that could not be undone, and of one that could not be done.
SAID = {
    JobState.ROLLBACK_FAILED: {
        Settlement.RETRY: "is undone again",
        Settlement.DONE: "was undone by hand",
        Settlement.SKIP: "stays as it is",
    },
    JobState.FAILED: {
        Settlement.RETRY: "is done again",
        Settlement.DONE: "was done by hand",
        Settlement.SKIP: "is left out",
    },
}
#: What the step is then.
BECOMES = {
    JobState.ROLLBACK_FAILED: {
        Settlement.RETRY: StepState.DONE,
        Settlement.DONE: StepState.UNDONE,
        Settlement.SKIP: StepState.SKIPPED,
    },
    JobState.FAILED: {
        Settlement.RETRY: StepState.PENDING,
        Settlement.DONE: StepState.DONE,
        Settlement.SKIP: StepState.SKIPPED,
    },
}
