"""What goes into the form of numbers."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from trunkline.db.numbers import LONGEST_PREFIX, Restart
from trunkline.i18n import gettext as _

_LEAVE_EMPTY = _(
    "The next count, to leave room for numbers of an older system. Empty: the count goes on as it is."
)
Prefix = Annotated[
    str,
    BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
    Field(
        max_length=LONGEST_PREFIX,
        pattern=r"^([A-Z][A-Z-]*)?$",
        examples=["INV-"],
        title=_("Begins with"),
        description=_("Capital letters and hyphens, as in INV-. No figures: those are the count."),
    ),
]
Width = Annotated[
    int,
    Field(
        ge=3,
        le=9,
        title=_("Figures of the count"),
        description=_("At least so many; zeros in front fill them up."),
    ),
]
Count = Annotated[
    int,
    Field(
        ge=1,
        le=999_999_999,
        title=_("Go on with"),
        description=_LEAVE_EMPTY,
    ),
]


_RESTARTS: Any = [
    (Restart.NEVER.value, _("Never")),
    (Restart.YEAR.value, _("Each year")),
    (Restart.MONTH.value, _("Each month")),
]


class NumberChange(BaseModel):
    """What is to be different about numbers of a kind from now on; what is left out stays. Given numbers are never changed."""

    model_config = ConfigDict(extra="forbid")

    prefix: Prefix | None = None
    width: Width | None = None
    with_year: bool | None = None
    #: When the count begins anew; numbers hold the year or the month then, whatever `with_year` says.
    restart: Restart | None = None
    next_value: Count | None = None
    version: int | None = None


class DayNumberFields(BaseModel):
    """The form of numbers that hold their day."""

    prefix: Prefix = ""
    width: Width = 6
    version: int | None = None


class NumberFields(BaseModel):
    """The form of all other numbers."""

    prefix: Prefix = Field(min_length=1)
    width: Width = 6
    with_year: bool = Field(
        False,
        title=_("With the year"),
        description=_("Of the day on which a number is given, as in INV-2026-000124."),
        json_schema_extra={"width": "wide"},
    )
    restart: Restart = Field(
        Restart.NEVER,
        title=_("The count begins anew"),
        description=_(
            "Numbers hold the year or the month then, as in INV-202611-000001. The present count goes on until that is over."
        ),
        json_schema_extra={"choices": _RESTARTS},
    )
    next_value: Count | None = Field(None, title=_("Go on with"), description=_LEAVE_EMPTY)
    version: int | None = None
