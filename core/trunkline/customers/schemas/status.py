"""Changing the status of a customer, and who looks after them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.customers.models import CustomerStatus
from trunkline.customers.schemas.texts import text
from trunkline.i18n import gettext as _


class ArchiveNote(BaseModel):
    """The form that archives a customer; a reason may be given."""

    reason: Annotated[str, text(300)] = Field(
        default="",
        title=_("Reason"),
        description=_("Kept in the activity log."),
        json_schema_extra={"width": "full"},
    )


class StatusNote(ArchiveNote):
    """The form that activates a customer; a reason may be given."""

    version: int | None = None


class StatusReason(StatusNote):
    """The form that asks why a customer is suspended or closed."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] = Field(
        title=_("Reason"), description=_("Kept in the activity log."), json_schema_extra={"width": "full"}
    )


class SetStatus(BaseModel):
    """A change of status, with the reason that the activity log keeps."""

    model_config = ConfigDict(extra="forbid")

    status: CustomerStatus = Field(title=_("Status"))
    reason: Annotated[str, text(300)] = Field(default="", title=_("Reason"))
    version: int | None = None


class AssignCustomer(BaseModel):
    """Who looks after a customer: the key of a colleague, or nobody."""

    model_config = ConfigDict(extra="forbid")

    user_id: int | None = Field(
        default=None,
        title=_("Looked after by"),
        description=_("Colleagues whose role shows assigned customers only see those that are theirs."),
        json_schema_extra={"widget": "select", "blank": _("Nobody")},
    )
    version: int | None = None
