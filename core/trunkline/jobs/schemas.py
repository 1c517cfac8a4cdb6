"""What jobs look like over REST, and what people send."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.i18n import gettext as _


class SettleJob(BaseModel):
    """Closing a failed roll-back by hand."""

    reason: str = Field(
        min_length=3,
        max_length=1000,
        title=_("What was done by hand"),
        description=_("It is kept with the job and in the activity record."),
        json_schema_extra={"widget": "textarea"},
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
