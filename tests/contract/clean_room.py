"""An environment where Trunkline and a stranger's plugin come from wheels, as they would on anybody's machine.

The wheels are built from this clone; what they need of others stands ready without a network: the third-party packages of the
development environment are linked in with copies of their metadata, so that the installer resolves for real.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = (
    "core",
    *(f"plugins/{path.name}" for path in sorted((ROOT / "plugins").iterdir()) if path.is_dir()),
)


class CleanRoom:
    """A folder with `.venv` (nothing of Trunkline in it at first), `wheels` and a `run` like the clone's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uv = _uv()
        (folder / "wheels").mkdir()
        self.environment = {
            **{
                key: value
                for key, value in os.environ.items()
                # A run of tests in here is a run of its own: as one of a worker it would take templates of earlier runs.
                if not key.startswith(("TRUNKLINE_", "PYTEST_", "PYTHON", "VIRTUAL"))
            },
            "UV_OFFLINE": "1",
            "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": str(folder / "wheels"),
            "UV_PYTHON_DOWNLOADS": "never",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    @property
    def python(self) -> Path:
        return self.folder / ".venv/bin/python"

    def furnish(self) -> None:
        """Make the environment and the wheels of core and the bundled plugins."""
        self.run(self.uv, "venv", "-q", "--python", sys.executable, ".venv")
        _link_third_parties(next((self.folder / ".venv").glob("lib/python*/site-packages")))
        (self.folder / ".venv/bin/uv").symlink_to(self.uv)
        (self.folder / ".venv/bin/ruff").symlink_to(Path(sys.executable).with_name("ruff"))
        for member in MEMBERS:
            self.build(ROOT / member)
        script = self.folder / "run"
        script.write_text('#!/bin/sh\nexec .venv/bin/trunkline "$@"\n')
        script.chmod(0o755)

    def build(self, project: Path) -> None:
        """Build a project's wheel into `wheels`."""
        self.run(self.uv, "build", "-q", "--wheel", "--python", sys.executable, "-o", "wheels", project)

    def install(self, *what: str | Path) -> None:
        """Install distributions, their dependencies checked."""
        self.run(self.uv, "pip", "install", "-q", "--python", self.python, *what)

    def run(self, *command: str | Path, folder: Path | None = None, status: int | None = 0) -> str:
        """Run a command here and return what it printed; fails the test unless it ends with `status`, if one is given."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=390,
        )
        output = f"{done.stdout}\n{done.stderr}"
        assert status in (None, done.returncode), (
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{output}"
        )
        return output

    def trunkline(self, *arguments: str, status: int = 0) -> str:
        """Run `trunkline …` here."""
        return self.run(self.folder / ".venv/bin/trunkline", *arguments, status=status)


def _uv() -> Path:
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip("uv is not here; `./run test` installs it where it can be had.")
    return Path(found).resolve()


def _link_third_parties(target: Path) -> None:
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.name.startswith(("trunkline", "_virtualenv", "__pycache__")) or entry.suffix == ".pth":
            continue
        if entry.suffix == ".dist-info":
            # Installers overlook metadata behind a link.
            shutil.copytree(entry, target / entry.name)
        else:
            (target / entry.name).symlink_to(entry)
