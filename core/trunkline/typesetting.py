"""Setting documents as PDF with typst: the look is in a template, all that is shown comes as data and is never read as markup."""

import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def typeset(template: Path, texts: Mapping[str, Any], timestamp: int, logo: bytes = b"") -> bytes:
    """The PDF that `template` makes of `texts`, which it finds as JSON in `sys.inputs.data`.

    The same texts, the same `logo` (PNG, JPEG, WebP, GIF or SVG; the numbers of its bytes are `sys.inputs.logo`) and the same
    `timestamp` (seconds since 1970, the document's own time) give the same bytes. A logo that is no picture is left out.
    """
    from typst import TypstError

    try:
        return _compiled(template, texts, timestamp, logo)
    except TypstError as error:
        if not logo:
            raise
        log.warning("a document is set without its logo, which cannot be read: %s", error)
        return _compiled(template, texts, timestamp, b"")


def _compiled(template: Path, texts: Mapping[str, Any], timestamp: int, logo: bytes) -> bytes:
    from typst import Compiler

    # A compiler of its own for each document: one that is kept holds the last document's memory, and is not safe among threads.
    compiler = Compiler(
        str(template),
        root=str(template.parent),
        font_paths=_fonts(),
        sys_inputs={
            "data": json.dumps(texts, ensure_ascii=False, sort_keys=True),
            "logo": json.dumps(list(logo)),
        },
        ignore_system_fonts=True,
    )
    content = compiler.compile(format="pdf", timestamp=timestamp)
    if not isinstance(content, bytes):
        raise TypeError("typst returned no single document")
    return content


@lru_cache(maxsize=1)
def _fonts() -> Any:
    """The documents' font alone, so that they look alike on every machine."""
    import fontpkg_source_sans_3
    from typst import Fonts

    return Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(fontpkg_source_sans_3.ROOT / "files")],
    )
