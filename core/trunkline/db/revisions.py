"""What the migration files say of themselves, read without Alembic, which every start would otherwise wait for."""

import ast
import re
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from trunkline.errors import ConfigError

_ASSIGNED = re.compile(r"^(revision|down_revision)\b[^=\n]*=[ \t]*(.+?)[ \t]*(?:#.*)?$", re.MULTILINE)


def files(folder: Path) -> list[Path]:
    """The migrations of a folder, oldest first."""
    return sorted(folder.glob("[0-9]*.py")) if folder.is_dir() else []


def head(name: str, folder: Path) -> str | None:
    """The newest revision in a folder, None when there is none.

    Raises SyntaxError for a file that Python cannot read, ConfigError for one that names no revision or when there are several
    heads.
    """
    known: dict[str, tuple[str, ...]] = {}
    for path in files(folder):
        # The compiled copy beside it, unless the file is newer.
        SourceFileLoader(path.stem, str(path)).get_code(path.stem)
        said = {word: _value(path, value) for word, value in _ASSIGNED.findall(path.read_text())}
        if not isinstance(said.get("revision"), str):
            raise ConfigError(
                f"{path} names no revision.", remedy='It needs a line like revision = "name_0001".'
            )
        below = said.get("down_revision") or ()
        known[said["revision"]] = (below,) if isinstance(below, str) else tuple(below)
    heads = sorted(known.keys() - {one for below in known.values() for one in below})
    if len(heads) > 1:
        raise ConfigError(f"The migrations of {name} have several heads: {', '.join(heads)}.")
    return heads[0] if heads else None


def _value(path: Path, text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise ConfigError(
            f"{path} names its revision by an expression.",
            remedy="Write revision and down_revision as texts.",
        ) from None
