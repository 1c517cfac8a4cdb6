"""Why a service is suspended, and what it takes to suspend and resume it."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

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
    #: Nothing is done before that moment.
    start_after: AwareDatetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty begins at once.")
    )


class ResumeService(BaseModel):
    """Lift one reason."""

    reason: SuspensionReason = Field(title=_("Reason to lift"))
    note: str = Field(default="", max_length=300, title=_("Note"))
    #: Nothing is done before that moment.
    start_after: AwareDatetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty begins at once.")
    )


class SuspensionView(BaseModel):
    """One reason that is in force on a service; `by` is whoever ordered it."""

    model_config = ConfigDict(frozen=True)

    reason: SuspensionReason
    note: str
    started_at: datetime
    by: str
    order_number: str
