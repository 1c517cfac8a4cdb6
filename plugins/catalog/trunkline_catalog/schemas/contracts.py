"""Services under contracts."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from trunkline.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class CoveringContract:
    """The contract that a service was put under, by number, and its first and last day in force; None: open."""

    number: str
    starts_on: date | None
    last_day: date | None

    def reaches(self, first_day: date, last_day: date) -> bool:
        """Whether it is in force on one of these days."""
        begun = self.starts_on is None or self.starts_on <= last_day
        return begun and (self.last_day is None or self.last_day >= first_day)


class SetContract(BaseModel):
    """The contract under which a service stands, by number; empty takes it out."""

    contract: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=20)] = Field(
        default="",
        title=_("Contract"),
        description=_("What belongs to the service goes along."),
        json_schema_extra={"widget": "select", "blank": _("No contract")},
    )
