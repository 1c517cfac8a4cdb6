"""What an attached file is, by what it holds and not by what it is called (OWASP ASVS 5.0, 5.2.2)."""

import re
from collections.abc import Collection
from pathlib import PurePosixPath

from trunkline.errors import Refused
from trunkline.i18n import gettext as _

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_OFFICE = "application/vnd.openxmlformats-officedocument"
#: Documents whose programs ask before they run anything; none that runs by itself, and no page a browser would show as ours.
DOCUMENTS = frozenset(
    {
        "application/pdf",
        "text/plain",
        "text/csv",
        "audio/mpeg",
        "audio/ogg",
        "audio/x-wav",
        f"{_OFFICE}.wordprocessingml.document",
        f"{_OFFICE}.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
    }
)
ALLOWED = PICTURES | DOCUMENTS
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 200


def media_type_of(name: str, beginning: bytes, allowed: Collection[str] = ALLOWED) -> str:
    """The media type of a content that begins like this. Raises Refused (field `file`) when it is none of those allowed."""
    import filetype  # type: ignore[import-untyped]  # the package has no types

    guessed = filetype.guess_mime(beginning)
    found = str(guessed) if guessed else _text_type(name, beginning)
    if found not in allowed:
        raise Refused(
            _("A file of this kind cannot be attached, whatever it is called."),
            field="file",
            remedy=_("Choose a picture: PNG, JPEG, WebP or GIF.")
            if PICTURES.issuperset(allowed)
            else _("Attach a PDF, a picture, a text, a document or a workbook without macros."),
        )
    return found


def clean_name(name: str) -> str:
    """The name of an upload without folders and without signs that could fool a reader or a header."""
    bare = _CONTROLS.sub("", PurePosixPath(name.replace("\\", "/")).name).strip(" .")
    if len(bare) > _LONGEST:
        stem, dot, ending = bare.rpartition(".")
        bare = stem[: _LONGEST - len(ending) - 1] + dot + ending if dot else bare[:_LONGEST]
    return bare or str(_("file"))


def _text_type(name: str, beginning: bytes) -> str:
    try:
        text = beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        # The beginning may end inside a character; anything earlier is no UTF-8.
        if error.start < len(beginning) - 3:
            return ""
        text = beginning[: error.start].decode("utf-8")
    if _NO_TEXT.search(text):
        return ""
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"
