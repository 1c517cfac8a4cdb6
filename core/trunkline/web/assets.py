"""Addresses of static files, with a content hash so that browsers may keep them for ever.

`assets/build.mjs` writes core's files and `manifest.json` (file name → hash); a plugin's files are hashed on
first use.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

CORE_STATIC = Path(__file__).resolve().parent.parent / "static"


class Assets:
    """Looks static files up by `<owner>/<path>`, where owner is `core` or a plugin's name."""

    def __init__(
        self, folders: Mapping[str, Path] | None = None, core: Path = CORE_STATIC, prefix: str = "/static"
    ) -> None:
        self.folders: dict[str, Path] = {"core": core, **(folders or {})}
        self.prefix = prefix
        self._hashes: dict[str, str] = {}

    @cached_property
    def manifest(self) -> dict[str, str]:
        """Hashes of core's built files; empty when the assets have not been built."""
        file = self.folders["core"] / "manifest.json"
        if not file.is_file():
            return {}
        loaded: dict[str, str] = json.loads(file.read_text("utf-8"))
        return loaded

    @property
    def built(self) -> bool:
        """Whether core's front-end files exist (`./run` and the wheel build make them)."""
        return bool(self.manifest)

    def url(self, path: str) -> str:
        """`core/app.css` → `/static/core/app.css?v=<hash>`; without a hash when the file does not exist."""
        digest = self._digest(path)
        return f"{self.prefix}/{path}?v={digest}" if digest else f"{self.prefix}/{path}"

    def _digest(self, path: str) -> str:
        owner, _slash, rest = path.partition("/")
        if owner == "core" and rest in self.manifest:
            return self.manifest[rest]
        if path not in self._hashes:
            folder = self.folders.get(owner)
            file = folder / rest if folder else None
            found = file is not None and file.is_file()
            self._hashes[path] = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if found and file else ""
        return self._hashes[path]
