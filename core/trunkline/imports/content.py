"""What an uploaded file is, by what it holds and not by what it is called (OWASP ASVS 5, 5.2.2)."""

import codecs
import re

from trunkline.errors import Refused
from trunkline.i18n import gettext as _

#: How files of other kinds begin.
_BEGINNINGS = (
    (b"PK\x03\x04", _("a ZIP archive, or a workbook in a spreadsheet's own format")),
    (b"PK\x05\x06", _("a ZIP archive")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _("an old workbook or document of an office program")),
    (b"%PDF-", _("a PDF")),
    (b"\x89PNG\r\n\x1a\n", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"\x1f\x8b", _("a compressed file (gzip)")),
    (b"BZh", _("a compressed file (bzip2)")),
    (b"\xfd7zXZ\x00", _("a compressed file (xz)")),
    (b"\x28\xb5\x2f\xfd", _("a compressed file (zstd)")),
    (b"7z\xbc\xaf\x27\x1c", _("a compressed file (7z)")),
    (b"Rar!\x1a\x07", _("a compressed file (rar)")),
    (b"MZ", _("a program")),
    (b"\x7fELF", _("a program")),
    (b"SQLite format 3\x00", _("a database")),
    (codecs.BOM_UTF16_LE, _("text in UTF-16")),
    (codecs.BOM_UTF16_BE, _("text in UTF-16")),
)
#: No text has these: control characters but tab, line ends and form feed.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class TextCheck:
    """Reads an upload along while it is kept, and refuses what is no text. Importers say where text is not in UTF-8."""

    def __init__(self, file_name: str) -> None:
        self._name = file_name or _("The file")
        self._began = False

    def feed(self, chunk: bytes) -> None:
        """The next part. Raises Refused (field `file`) naming what it is instead."""
        binary = _NO_TEXT.search(chunk) is not None
        if not self._began:
            self._began = True
            for beginning, what in _BEGINNINGS:
                # The short ones are words of a text too, unless the rest is none.
                if chunk.startswith(beginning) and (binary or not beginning.isalnum()):
                    raise self._refusal(what)
        if binary:
            raise self._refusal(_("not text"))

    def _refusal(self, what: str) -> Refused:
        return Refused(
            _("{name} is {what}, whatever it is called.", name=self._name, what=_(what)),
            field="file",
            remedy=_("Save it as CSV in UTF-8."),
        )
