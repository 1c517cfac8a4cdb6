"""What comes in and goes out about wordings."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from trunkline.i18n import gettext

_ = gettext


def _lines(rows: int) -> dict[str, Any]:
    return {"widget": "code", "rows": rows, "width": "wide"}


class WordingFields(BaseModel):
    """A letter as an operator words it."""

    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] = Field(
        title=_("Subject"), json_schema_extra=_lines(1)
    )
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] = Field(
        title=_("Text"), json_schema_extra=_lines(16)
    )
    html: Annotated[str, StringConstraints(max_length=50_000)] = Field(
        default="",
        title=_("HTML"),
        description=_("Empty: the mail is text alone, which every program shows well."),
        json_schema_extra=_lines(6),
    )
    version: int | None = None


class WordingOut(BaseModel):
    """A wording as REST shows it. `own` says whether the operator wrote it; without that its `version` is 0."""

    name: str
    language: str
    own: bool
    subject: str
    text: str
    html: str
    version: int


class PreviewOut(BaseModel):
    """A letter as it would go out. `html` is empty where it is text alone."""

    subject: str
    text: str
    html: str


class SampleOut(BaseModel):
    """The number of the e-mail that is on its way, and to whom."""

    email: str
    recipient: str
