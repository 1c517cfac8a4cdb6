"""Compiled templates kept between starts: compiling the shared macros takes longer than everything else a first page does."""

import threading
from pathlib import Path
from types import CodeType

import jinja2
from jinja2.bccache import Bucket

from trunkline.web.template_code import GENERATION

_compiled: dict[str, CodeType] = {}


def _place(bucket: Bucket) -> str:
    return f"{bucket.key}-{bucket.checksum}-{GENERATION}"


class TemplateCache(jinja2.BytecodeCache):
    """Keeps compiled templates in this process and, when a folder is given, in files that only we write.

    A template whose source changed has another checksum and is compiled anew; an unreadable file counts for nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        place = _place(bucket)
        if place not in _compiled and self.folder is not None and (file := self.folder / place).is_file():
            bucket.bytecode_from_string(file.read_bytes())
            if bucket.code is not None:
                _compiled[place] = bucket.code
        bucket.code = _compiled.get(place)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is None:
            return
        place = _place(bucket)
        _compiled[place] = bucket.code
        if self.folder is None:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self.folder / f"{place}.{threading.get_ident()}.part"
            part.write_bytes(bucket.bytecode_to_string())
            part.replace(self.folder / place)
        except OSError:
            # A full or read-only disk costs a slower start, nothing else.
            self.folder = None
