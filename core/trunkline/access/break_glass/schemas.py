"""What taking every permission asks for."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _


class BreakGlassReason(BaseModel):
    """Why somebody takes every permission, and for how long."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)] = Field(
        title=_("What is the emergency"),
        description=_("At least a sentence. Every administrator gets it by mail at once."),
        json_schema_extra={"widget": "textarea", "rows": 3},
    )
    minutes: int = Field(
        default=30,
        ge=5,
        le=480,
        title=_("For"),
        description=_("It ends by itself. You can end it before."),
        json_schema_extra={"suffix": _("minutes"), "width": "third"},
    )
