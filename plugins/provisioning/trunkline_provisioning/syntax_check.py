"""Ansible's own syntax check. Asking takes seconds, so what was found sound is kept, by content: nobody asks twice, whichever
process of the machine was the first."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline_provisioning import library
from trunkline_provisioning.run_folder import RunFolder
from trunkline_provisioning.runner import COLLECTIONS, environment

if TYPE_CHECKING:
    from trunkline.app import App

_PATIENCE_SECONDS = 120
_ORIGIN = re.compile(r"Origin: (?P<file>.+?):(?P<line>\d+)(?::\d+)?\s*$", re.MULTILINE)
_ERROR = re.compile(r"\[ERROR\]: (?P<text>.*?)(?=\nOrigin: |\n\n|\Z)", re.DOTALL)
#: Of more marks than this the older half goes.
_MOST_MARKS = 2_000


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: `line` counts from 1, 0 when it is the file as a whole."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"

    def within(self, name: str) -> str:
        """The same with the playbook's name in place of the folder, which is nobody's business but the server's."""
        place = f"{name}/{self.file.name}" + (f":{self.line}" if self.line else "")
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class SyntaxCheck:
    """Asks Ansible, which finds modules in `collections`. What was sound is marked in the folder `marks`; None marks nothing."""

    collections: tuple[Path, ...] = ()
    marks: Path | None = None

    @classmethod
    def of(cls, app: "App") -> "SyntaxCheck":
        """With the collections of an installation, whose data folder keeps the marks."""
        return cls(library.collections(app), app.config.data / "cache" / "sound_playbooks")

    def problems(self, files: Sequence[Path]) -> list[Problem]:
        """Ask about all files at once that are not known to be sound, about each by itself only when something is wrong."""
        unknown = {file: mark for file, mark in self._marks_of(files).items() if not self._is_marked(mark)}
        if not unknown:
            return []
        asked = list(unknown)
        found = self._ask(asked)
        if not found:
            self._mark(unknown.values())
            return []
        return found if len(asked) == 1 else self._each(asked) or found

    def _each(self, files: Sequence[Path]) -> list[Problem]:
        return [problem for file in files for problem in self._ask([file])]

    def _marks_of(self, files: Sequence[Path]) -> dict[Path, str]:
        """What stands for each file, all that it may include, the collections and Ansible, wherever the folder lies."""
        around = _digest([version("ansible-core"), *self._stamps()])
        folders = {folder: _digest(_contents(folder)) for folder in {file.parent for file in files}}
        return {file: _digest([around, folders[file.parent], file.name]) for file in files}

    def _stamps(self) -> Iterator[str]:
        """Which files the collections have; they are many, so their times and sizes stand for them."""
        for place in (*self.collections, COLLECTIONS):
            for path in _files_below(place / "ansible_collections"):
                facts = path.stat()
                yield f"{path} {facts.st_mtime_ns} {facts.st_size}"

    def _is_marked(self, mark: str) -> bool:
        return self.marks is not None and (self.marks / mark).is_file()

    def _mark(self, sound: Iterable[str]) -> None:
        if self.marks is None:
            return
        # Without a place to write, the next one asks again.
        with suppress(OSError):
            self.marks.mkdir(mode=0o700, parents=True, exist_ok=True)
            for mark in sound:
                (self.marks / mark).touch(mode=0o600)
            _thin_out(self.marks)

    def _ask(self, files: Sequence[Path]) -> list[Problem]:
        program = Path(sys.executable).parent / "ansible-playbook"
        with RunFolder.make({}, {}) as folder:
            try:
                ended = subprocess.run(
                    [str(program), "--syntax-check", "-i", "localhost,", *map(str, files)],
                    capture_output=True,
                    text=True,
                    timeout=_PATIENCE_SECONDS,
                    env=environment(folder.path, self.collections),
                    cwd=folder.path,
                    stdin=subprocess.DEVNULL,
                    check=False,
                )
            except FileNotFoundError as error:
                raise Unavailable(
                    _("Ansible is not installed beside {python}.", python=sys.executable),
                    remedy=_("Install the wheel trunkline-provisioning again, which brings ansible-core."),
                ) from error
        if ended.returncode == 0:
            return []
        said = f"{ended.stderr}\n{ended.stdout}"
        error_text, origin = _ERROR.search(said), _ORIGIN.search(said)
        message = " ".join((error_text.group("text") if error_text else said).split())
        if origin:
            return [Problem(Path(origin.group("file")), int(origin.group("line")), message)]
        return [Problem(files[0], 0, message)]


#: Asks each time.
FORGETFUL = SyntaxCheck()


def _contents(folder: Path) -> Iterator[str]:
    for path in _files_below(folder):
        yield f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _files_below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part}\0".encode())
    return digest.hexdigest()


def _thin_out(folder: Path) -> None:
    marks = list(folder.iterdir())
    if len(marks) > _MOST_MARKS:
        for mark in sorted(marks, key=lambda one: one.stat().st_mtime_ns)[: len(marks) // 2]:
            mark.unlink(missing_ok=True)
