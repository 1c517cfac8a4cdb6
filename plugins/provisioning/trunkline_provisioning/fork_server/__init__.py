"""A warm Ansible beside the worker: a single-threaded process that has imported and played once, and forks for each run.

`place_of` says where one worker's server is found. `python -m trunkline_provisioning.fork_server FOLDER` is the server.
It holds no connection to a database and inherits nothing of the worker's environment.
"""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trunkline_provisioning.run_folder import SERVER_PREFIX, folder_root

#: The one version whose insides this is proven with; the suite compares it with the stock command.
PROVEN_ANSIBLE = "2.19.14"


@dataclass(frozen=True)
class Place:
    """The private folder (0700) of one worker's server."""

    folder: Path

    @property
    def socket(self) -> Path:
        """Where it listens; missing while it is away."""
        return self.folder / "socket"

    @property
    def refusal(self) -> str:
        """Why it does not serve although it was started; empty when it does, or is away."""
        with suppress(OSError):
            return (self.folder / "refusal").read_text()
        return ""

    @property
    def collections(self) -> tuple[Path, ...]:
        """Folders that hold `ansible_collections`, which the server has to be started anew for when they change."""
        with suppress(OSError, ValueError):
            return tuple(Path(path) for path in json.loads((self.folder / "collections.json").read_text()))
        return ()

    def want_collections(self, collections: Sequence[Path]) -> None:
        """Note what the next start has to know."""
        text = json.dumps([str(path) for path in collections])
        (self.folder / "collections.new").write_text(text)
        (self.folder / "collections.new").replace(self.folder / "collections.json")

    def make(self) -> None:
        """Make the folder, or accept it where it is ours alone. Raises PermissionError for anybody else's."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        facts = self.folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
            raise PermissionError(f"{self.folder} is not a private folder of this user")

    def forget(self) -> None:
        """Take away what an earlier server left."""
        for name in ("socket", "refusal"):
            (self.folder / name).unlink(missing_ok=True)


def place_of(data: Path, worker: int) -> Place:
    """The server of the worker with this process id; several installations share a machine, so the data folder is in it."""
    return Place(folder_root() / f"{_prefix(data)}{worker}")


def places(data: Path) -> list[Place]:
    """The servers of every living worker on this machine."""
    found = []
    for folder in sorted(folder_root().glob(f"{_prefix(data)}*")):
        worker = folder.name.rpartition("-")[2]
        if worker.isdecimal() and Path(f"/proc/{worker}").exists():
            found.append(Place(folder))
    return found


def command(place: Place) -> list[str]:
    """What the worker starts."""
    return [sys.executable, "-m", __name__, str(place.folder)]


def _prefix(data: Path) -> str:
    return f"{SERVER_PREFIX}{hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]}-"
