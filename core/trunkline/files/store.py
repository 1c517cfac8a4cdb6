"""The content-addressed store: each content once, in a private folder, under the digest of what it holds."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trunkline.errors import NotFound, Refused
from trunkline.i18n import format_bytes
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.app import App

_CHUNK = 1_000_000


def folder(app: "App") -> Path:
    """Where contents lie."""
    return app.config.data / "files"


def put(
    app: "App",
    source: BinaryIO,
    *,
    largest: int,
    check: Callable[[bytes], None],
    hold: Callable[[str], None],
) -> tuple[str, int]:
    """Keep a content; returns its digest and its size in bytes. `check` sees its beginning before anything is kept.

    `hold` is called with the digest before the content comes to its place, and keeps others from removing it there.

    Raises Refused (field `file`) when it is empty or larger than `largest`, and what `check` raises.
    """
    first = source.read(_CHUNK)
    if not first:
        raise Refused(_("The file is empty."), field="file")
    check(first)
    place = folder(app)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = place / f".{secrets.token_hex(8)}.part"
    digest, size, chunk = hashlib.sha256(), 0, first
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            while chunk:
                size += len(chunk)
                if size > largest:
                    raise Refused(
                        _("The file is larger than {limit}.", limit=format_bytes(largest)), field="file"
                    )
                digest.update(chunk)
                target.write(chunk)
                chunk = source.read(_CHUNK)
            target.flush()
            os.fsync(target.fileno())
        name = digest.hexdigest()
        path = _path(app, name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        hold(name)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return name, size


def path_of(app: "App", digest: str) -> Path:
    """Where a content lies. Raises NotFound when it is gone, as after a restore without the files."""
    path = _path(app, digest)
    if not path.is_file():
        raise NotFound(
            _("The content of this file is not here any more."),
            remedy=_("An administrator can bring it back from the backup of the folder files."),
        )
    return path


def discard(app: "App", digest: str) -> None:
    """Remove a content; absent is fine."""
    _path(app, digest).unlink(missing_ok=True)


def _path(app: "App", digest: str) -> Path:
    if len(digest) != 64 or not digest.isalnum():
        raise ValueError("no digest")
    return folder(app) / digest[:2] / digest
