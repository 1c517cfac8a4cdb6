"""What goes into merges and comes out of them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _

#: What each of two customers has once, in the order of the form; either one's value can stay.
FIELDS = (
    "name", "legal_name", "tax_id", "email", "phone", "language", "birth_date", "identity_document",
    "state_registration", "website", "notes",
)  # fmt: skip
FieldName = Literal[
    "name",
    "legal_name",
    "tax_id",
    "email",
    "phone",
    "language",
    "birth_date",
    "identity_document",
    "state_registration",
    "website",
    "notes",
]


class MergeCustomers(BaseModel):
    """Another customer that goes into this one, and the fields of which the other's value stays."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)] = Field(
        title=_("Customer that goes into this one")
    )
    take: list[FieldName] = Field(default_factory=list)
    version: int | None = None
    source_version: int | None = None


class MergeDifference(BaseModel):
    """A field in which two customers differ. `suggested` says whether the other's value had better stay."""

    field: FieldName
    label: str
    value: str
    source_value: str
    suggested: bool


class Moving(BaseModel):
    """Rows of one kind: how many move, and how many stay because the other customer has the like."""

    what: str
    moves: int
    stays: int


class MergePreview(BaseModel):
    """What a merge would do."""

    number: str
    name: str
    version: int
    source: str
    source_name: str
    source_version: int
    differences: list[MergeDifference]
    moving: list[Moving]
    undo_days: int


class MergeOut(BaseModel):
    """A merge that was done."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    number: str
    source_number: str
    source_name: str
    at: datetime
    merged_by: str
    counts: dict[str, int]
    undo_until: datetime
    undone_at: datetime | None
    undone_by: str


class CandidateOut(BaseModel):
    """A customer who may be the same, and what they share."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    name: str
    status: str
    tax_id: str
    email: str
    phone: str
    reasons: list[str]
    score: int
