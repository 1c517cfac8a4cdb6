"""The source files of a plugin's package, parsed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from trunkline.loader import PluginStatus


def package_of(status: PluginStatus) -> str:
    """The import package that holds the plugin."""
    return status.module.__name__.partition(".")[0] if status.module is not None else ""


def folder_of(status: PluginStatus) -> Path:
    """The folder of the module that holds the `Plugin` object; templates and migrations lie beside it."""
    return Path(str(status.module.__file__)).parent if status.module is not None else Path()


def modules(status: PluginStatus, *, migrations: bool = False) -> Iterator[tuple[Path, ast.Module]]:
    """The package's modules by their place in it, migrations only when they are asked for."""
    folder = folder_of(status)
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder)
        if (place.parts[0] == "migrations") == migrations and "__pycache__" not in place.parts:
            yield place, _parsed(path)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
