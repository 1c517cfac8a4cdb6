"""Wheels of strangers, as an installer would leave them on the path, for as long as a test lasts."""

import importlib
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from trunkline.db.mapping import forget_models

#: The shortest plugin there is.
DECLARATION = """
from trunkline.plugin import Plugin, hookimpl

plugin = Plugin(name="{name}", label="{name}", requires={requires!r})
"""


class Strangers:
    """Installs plugins below `folder`, which lies on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: list[str] = []

    def install(
        self,
        name: str,
        code: str = "",
        *,
        requires: Sequence[str] = (),
        files: Mapping[str, str] | None = None,
        core: str = ">=0.1,<0.2",
        declaration: str = DECLARATION,
        distribution: str = "",
    ) -> Path:
        """A plugin whose `plugin.py` is the declaration followed by `code`; returns the folder of its package."""
        package = f"trunkline_{name}"
        place = self.folder / package
        texts = {"__init__.py": "", **(files or {})}
        texts.setdefault(
            "plugin.py",
            declaration.format(name=name, requires=tuple(requires)) + "\n" + textwrap.dedent(code),
        )
        for relative, text in texts.items():
            path = place / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        self._metadata(distribution or f"trunkline-{name}", name, package, requires, core)
        self.packages.append(package)
        importlib.invalidate_caches()
        return place

    def _metadata(
        self, distribution: str, name: str, package: str, requires: Sequence[str], core: str
    ) -> None:
        info = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        needs = [f"trunkline{core}", *(f"trunkline-{other}" for other in requires)]
        lines = [
            "Metadata-Version: 2.1",
            f"Name: {distribution}",
            "Version: 1.0",
            "Summary: A stranger's plugin",
        ]
        lines += [f"Requires-Dist: {need}" for need in needs]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        (info / "entry_points.txt").write_text(f"[trunkline.plugins]\n{name} = {package}.plugin:plugin\n")
        # An installer removes the old metadata first, and so changes the folder in which they lie.
        os.utime(self.folder)


@contextmanager
def strangers_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strangers]:
    """Strangers whose modules and tables are forgotten at the end."""
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    found = Strangers(folder)
    yield found
    for package in found.packages:
        forget_models(package)
    assert not any(name.partition(".")[0] in found.packages for name in sys.modules)
