"""What goes into an erasure and what is told before and after it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.customers.erasing.parts import Fate
from trunkline.i18n import gettext as _


class EraseCustomer(BaseModel):
    """The customer's number, typed again, so that nobody erases the wrong one."""

    model_config = ConfigDict(extra="forbid")

    confirm: Annotated[
        str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=20)
    ] = Field(title=_("The customer's number"), json_schema_extra={"autocomplete": "off"})


class ErasedPart(BaseModel):
    """Rows of one kind and what becomes of them; `ground` says why some are kept, and `until` when they go."""

    plugin: str
    what: str
    rows: int
    fate: Fate
    ground: str = ""
    until: date | None = None


class HindranceOut(BaseModel):
    """Why the customer cannot be erased yet, and what to do."""

    reason: str
    remedy: str
    href: str = ""


class ErasurePreview(BaseModel):
    """What an erasure would do, or has done once `erased_at` is set."""

    number: str
    pseudonym: str
    parts: list[ErasedPart]
    hindrances: list[HindranceOut]
    kept_until: date | None
    needs_second_person: bool
    erased_at: datetime | None = None
    erased_by: str = ""
    finished_at: datetime | None = None
