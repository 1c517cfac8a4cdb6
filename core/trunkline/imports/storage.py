"""Where uploaded files lie: a private folder, under names that say nothing."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from trunkline.errors import Refused
from trunkline.i18n import format_bytes
from trunkline.i18n import gettext as _
from trunkline.imports.content import TextCheck

if TYPE_CHECKING:
    from trunkline.app import App

#: Larger files are for the command line.
MAX_BYTES = 100_000_000
_CHUNK = 1_000_000


def folder(app: "App") -> Path:
    """The uploads folder, made when it is absent."""
    path = app.config.data / "uploads"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def keep(app: "App", source: BinaryIO, check: TextCheck | None = None) -> tuple[str, int]:
    """Copy an upload; returns its stored name and size. Raises Refused when it is empty, too large or what `check` refuses."""
    name = f"{secrets.token_hex(16)}.upload"
    path = folder(app) / name
    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > MAX_BYTES:
                    break
                if check is not None:
                    check.feed(chunk)
                target.write(chunk)
    except Refused:
        path.unlink()
        raise
    if size == 0 or size > MAX_BYTES:
        path.unlink()
        if size == 0:
            raise Refused(_("The file is empty."), field="file")
        raise Refused(
            _("The file is larger than {limit}.", limit=format_bytes(MAX_BYTES)),
            field="file",
            remedy=_("Split it, or use the command line: trunkline import."),
        )
    return name, size


@contextmanager
def named(app: "App", stored_as: str, file_name: str) -> Iterator[Path]:
    """The stored file under the name its owner knows, which messages and the activity log tell."""
    with TemporaryDirectory(prefix="trunkline-import-") as place:
        # A name has 255 bytes at most; `..` is none.
        name = PurePath(file_name).name.encode(errors="replace")[-200:].decode(errors="ignore")
        shown = Path(place) / (name if name.strip(".") else stored_as)
        shown.symlink_to((folder(app) / stored_as).absolute())
        yield shown


def errors_path(app: "App", stored_as: str) -> Path:
    """Where the refused rows of a stored file are written."""
    return folder(app) / f"{Path(stored_as).stem}.errors.csv"


def discard(app: "App", stored_as: str) -> None:
    """Remove a stored file; absent is fine. The list of refused rows stays until it is old."""
    if stored_as:
        (folder(app) / stored_as).unlink(missing_ok=True)
