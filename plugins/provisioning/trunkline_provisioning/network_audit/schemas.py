"""What audits take and give."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from trunkline.i18n import gettext as _


class AuditState(StrEnum):
    """The life of one comparison."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class FindingKind(StrEnum):
    """How network and system differ."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    DIFFERS = "differs"


class FindingState(StrEnum):
    """What is done about a difference. `gone`: a later look did not find it any more."""

    OPEN = "open"
    IGNORED = "ignored"
    REPAIRING = "repairing"
    GONE = "gone"


class IgnoreFinding(BaseModel):
    """Why a difference is left as it is."""

    reason: str = Field(
        min_length=3,
        max_length=500,
        title=_("Why it is left as it is"),
        description=_("It counts as open again when it changes."),
        json_schema_extra={"widget": "textarea", "rows": 2},
    )


class RepairInputs(BaseModel):
    """Inputs of the steps that repair and look again."""

    finding_id: int


class AuditInputs(BaseModel):
    """Inputs of the step that compares."""

    audit_id: int


class NetworkDifference(BaseModel):
    """One field: what the system believes and what the network holds."""

    name: str
    system: str
    network: str


class AuditView(BaseModel):
    """One comparison."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    state: AuditState
    requested_by: str
    created_at: datetime
    finished_at: datetime | None
    services: int
    held: int
    missing: int
    unknown: int
    differs: int
    #: Elements that could not be read and services whose playbook was not understood, in words.
    problems: list[str]


class FindingView(BaseModel):
    """One difference."""

    number: str
    kind: FindingKind
    state: FindingState
    place: str
    key: str
    service: str | None
    fields: list[NetworkDifference]
    ignored_reason: str
    job: str
