"""Services under contracts."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from trunkline.i18n import gettext as _


class SetContract(BaseModel):
    """The contract under which a service stands, by number; empty takes it out."""

    contract: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=20)] = Field(
        default="",
        title=_("Contract"),
        description=_("What belongs to the service goes along."),
        json_schema_extra={"widget": "select", "blank": _("No contract")},
    )
