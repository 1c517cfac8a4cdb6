"""What comes in and goes out about attached files."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext

_ = gettext
_ACCEPT = ".pdf,.png,.jpg,.jpeg,.webp,.gif,.txt,.csv,.docx,.xlsx,.odt,.ods,.mp3,.ogg,.wav"

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


class AttachFile(BaseModel):
    """The form that attaches a file."""

    file: Any = Field(
        title=_("File"),
        description=_("A PDF, a picture, a text, a document or a workbook without macros."),
        json_schema_extra={"widget": "file", "accept": _ACCEPT},
    )
    note: Note = Field(default="", title=_("Note"), description=_("What it is, for colleagues."))


class FileOut(BaseModel):
    """An attached file as REST shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    note: str
    media_type: str
    size: int
    digest: str
    uploaded_by: str
    created_at: datetime
