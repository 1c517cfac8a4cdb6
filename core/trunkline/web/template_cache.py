"""Compiled templates kept between starts: compiling the shared macros takes longer than everything else a first page does."""

import threading
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from trunkline.web.template_code import GENERATION

_compiled: dict[str, bytes] = {}


class TemplateCache(jinja2.BytecodeCache):
    """Keeps compiled templates in this process and, when a folder is given, in files that only we write.

    A template whose source changed has another checksum and is compiled anew; an unreadable file counts for nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        place = f"{bucket.key}-{bucket.checksum}-{GENERATION}"
        kept = _compiled.get(place)
        if kept is None and self.folder is not None:
            file = self.folder / place
            kept = file.read_bytes() if file.is_file() else None
        if kept is not None:
            bucket.bytecode_from_string(kept)
            _compiled[place] = kept

    def dump_bytecode(self, bucket: Bucket) -> None:
        place = f"{bucket.key}-{bucket.checksum}-{GENERATION}"
        _compiled[place] = bucket.bytecode_to_string()
        if self.folder is None:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self.folder / f"{place}.{threading.get_ident()}.part"
            part.write_bytes(_compiled[place])
            part.replace(self.folder / place)
        except OSError:
            # A full or read-only disk costs a slower start, nothing else.
            self.folder = None
