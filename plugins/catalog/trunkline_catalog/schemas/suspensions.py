"""Why a service is suspended, and what it takes to suspend and resume it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from trunkline.i18n import gettext as _


class SuspensionReason(StrEnum):
    """Why a service is suspended. It works again when no reason is left."""

    DEBT = "debt"
    REQUEST = "request"
    FRAUD = "fraud"
    LOST = "lost"


class SuspendService(BaseModel):
    """Suspend for one reason."""

    reason: SuspensionReason = Field(title=_("Reason"))
    note: str = Field(default="", max_length=300, title=_("Note"))


class ResumeService(BaseModel):
    """Lift one reason."""

    reason: SuspensionReason = Field(title=_("Reason to lift"))
    note: str = Field(default="", max_length=300, title=_("Note"))


class SuspensionView(BaseModel):
    """One reason that is in force on a service; `by` is whoever ordered it."""

    model_config = ConfigDict(frozen=True)

    reason: SuspensionReason
    note: str
    started_at: datetime
    by: str
    order_number: str
