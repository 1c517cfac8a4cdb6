"""What it takes to work as somebody else."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from trunkline.i18n import gettext

_ = gettext


class Impersonate(BaseModel):
    """Why a member of staff opens the system as another user."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)] = Field(
        title=_("Reason"),
        description=_(
            "It stays in the log beside your name. A ticket's number or the customer's words are best."
        ),
        json_schema_extra={"widget": "textarea", "rows": 2, "width": "wide", "autofocus": True},
    )
