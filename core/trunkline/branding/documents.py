"""The logo that documents bear: found by what it holds, so that an old document is set again with the logo it was issued with."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.branding.themes import Themes
from trunkline.files import store

if TYPE_CHECKING:
    from trunkline.app import App


def digest_of(path: Path) -> str:
    """SHA-256 of a picture, in hexadecimal digits; empty when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def logo_content(app: "App", digest: str) -> bytes:
    """The logo with this digest, one's own or a theme's; nothing when it is gone, for the name stands beside it."""
    if not digest:
        return b""
    shipped = (theme.file("logo") for theme in app.part(Themes).found.values())
    for path in (store.folder(app) / digest[:2] / digest, *filter(None, shipped)):
        if path.is_file() and digest_of(path) == digest:
            return path.read_bytes()
    return b""
