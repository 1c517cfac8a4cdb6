"""What jobs look like over REST, and what people send."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trunkline.i18n import gettext as _
from trunkline.jobs.decisions import Settlement
from trunkline.jobs.renewing import RetryWith

_USE: Any = Field(
    default=RetryWith.PLANNED,
    title=_("Version"),
    description=_("Of what is not done yet. What is done is undone with the version that did it."),
    json_schema_extra={"widget": "radio"},
)
_KEPT = _("It is kept with the job and in the activity record.")


class SettleJob(BaseModel):
    """Closing a failed roll-back by hand."""

    reason: str = Field(
        min_length=3,
        max_length=1000,
        title=_("What was done by hand"),
        description=_KEPT,
        json_schema_extra={"widget": "textarea"},
    )


class JobReason(BaseModel):
    """Why a job is retried or undone; may be left out."""

    reason: str = Field(
        default="",
        max_length=1000,
        title=_("Reason"),
        description=_KEPT,
        json_schema_extra={"widget": "textarea"},
    )


class RetryJob(JobReason):
    """Why a job is retried, and with which version of what it runs."""

    use: RetryWith = _USE


class DecideStep(BaseModel):
    """Why somebody decides so about the step that a job stopped at."""

    reason: str = Field(
        min_length=3,
        max_length=1000,
        title=_("Reason"),
        description=_KEPT,
        json_schema_extra={"widget": "textarea", "rows": 3},
    )


class RetryStep(DecideStep):
    """Why somebody has a step done again, and with which version of what it runs."""

    use: RetryWith = _USE


class SettleStep(BaseModel):
    """What becomes of the step that a job stopped at."""

    how: Settlement = Field(title=_("What to do with the step"))
    reason: str = Field(
        min_length=3,
        max_length=1000,
        title=_("Reason"),
        description=_KEPT,
        json_schema_extra={"widget": "textarea"},
    )
    use: RetryWith = _USE


class RescheduleJob(BaseModel):
    """Another date or priority for a job that has not begun."""

    start_after: AwareDatetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty leaves the date as it is.")
    )
    priority: int | None = Field(
        default=None, ge=1, le=9, title=_("Priority"), description=_("1 goes first, 9 last; 5 is usual.")
    )


class JobSummary(BaseModel):
    """A job as lists show it. `customer` is the customer's number."""

    number: str
    kind: str
    title: str
    state: str
    customer: str | None
    steps: int
    steps_done: int
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str


class JobStepOut(BaseModel):
    """One step of a job's frozen plan."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    name: str
    label: str
    kind: str
    contributed_by: str
    state: str
    tries: int
    started_at: datetime | None
    finished_at: datetime | None
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    target: str
    at_once: int
    error: str


class JobOut(BaseModel):
    """A job whole, without its log."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    kind: str
    title: str
    state: str
    on_failure: str
    cancel_requested: bool
    priority: int
    run_at: datetime
    waits_for: str
    holds: str | None
    product: str
    action: str
    has_log: bool
    expected_seconds: float | None = None
    subject_kind: str
    subject_id: int | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str
    customer: str | None = None
    steps: list[JobStepOut] = []


class JobLine(BaseModel):
    """One line of a job's log. `step` is the step's position."""

    id: int
    at: datetime
    step: int | None
    level: str
    text: str
